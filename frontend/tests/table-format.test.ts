import { afterEach, describe, expect, it } from 'vitest';
import { setLanguage } from '../src/lib/i18n/index.svelte';
import { cpuTime, share, shortDateTime, visible } from '../src/lib/table-format';
import { cpuFactor, signed } from '../src/panels/process/columns';

afterEach(() => setLanguage('en'));

describe('cpuTime', () => {
  it.each<[number, string]>([
    [0, '0:00'],
    [12.9, '0:12'],
    [754, '12:34'],
    [3599, '59:59'],
    [3600, '1:00:00'],
    [86_399, '23:59:59'],
    [86_400, '1d 00:00'],
    [115_088, '1d 07:58'],
    [-5, '0:00'],
  ])('writes %d s as %s', (seconds, text) => {
    expect(cpuTime(seconds)).toBe(text);
  });
});

describe('share', () => {
  it('keeps one decimal', () => {
    expect([0, 0.04, 0.06, 350.2, 1599.94].map(share)).toEqual(['0.0', '0.0', '0.1', '350.2', '1,599.9']);
  });
});

describe('shortDateTime', () => {
  const now = new Date(2026, 10, 20, 15).getTime();

  it('writes the time in this year, the year in others', async () => {
    expect(shortDateTime(new Date(2026, 10, 3, 4, 5).getTime(), now)).toBe('Nov 3, 04:05');
    expect(shortDateTime(new Date(2024, 1, 9).getTime(), now)).toBe('Feb 9, 2024');
    await setLanguage('zh-CN');
    expect(shortDateTime(new Date(2026, 10, 3, 14, 5).getTime(), now)).toBe('11月3日 14:05');
  });
});

describe('visible', () => {
  it('shows what hides or turns text', () => {
    expect(visible('a\u202egnp.exe')).toBe('a�gnp.exe');
    expect(visible('a\nb\tc\u001b[31m\u007f\u0085')).toBe('a␊b␉c␛[31m␡�');
  });

  it('leaves ordinary text of any script alone', () => {
    for (const text of ['python train.py --lr 1e-3', '训练 模型', 'مرحبا', '🦀 <b>&amp;</b>']) {
      expect(visible(text)).toBe(text);
    }
  });
});

describe('process numbers', () => {
  it('shares the host’s processors only where their number is known', () => {
    expect(cpuFactor('host', 128)).toBe(1 / 128);
    expect(cpuFactor('host', null)).toBe(1);
    expect(cpuFactor('host', 0)).toBe(1);
    expect(cpuFactor('core', 128)).toBe(1);
  });

  it('writes a minus sign', () => {
    expect([-20, 0, 19].map(signed)).toEqual(['−20', '0', '19']);
  });
});
