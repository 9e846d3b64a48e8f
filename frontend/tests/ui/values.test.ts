import { render, screen } from '@testing-library/svelte';
import { beforeEach, describe, expect, it } from 'vitest';
import { setLanguage } from '../../src/lib/i18n/index.svelte';
import { percent } from '../../src/lib/model/units';
import LevelMark from '../../src/ui/LevelMark.svelte';
import Legend from '../../src/ui/Legend.svelte';
import PressureFact from '../../src/ui/PressureFact.svelte';
import StackMeter from '../../src/ui/StackMeter.svelte';
import Value from '../../src/ui/Value.svelte';

beforeEach(() => setLanguage('en'));

describe('Value', () => {
  it('writes a reading, also 0', () => {
    const { container } = render(Value, { reading: 0, format: percent as (value: unknown) => string });
    expect(container).toHaveTextContent('0 %');
  });

  it('draws a dash with its reason for eye and ear, and no number', () => {
    const { container } = render(Value, { reading: { absent: 'permission_denied' }, format: () => '0' });
    expect(container.textContent).toBe('–no permission to read it');
    expect(screen.getByTitle('no permission to read it')).toBeInTheDocument();
    expect(screen.getByText('–')).toHaveAttribute('aria-hidden', 'true');
  });
});

describe('PressureFact', () => {
  it('names the windows only where there are values', () => {
    const reading = {
      average_10s_percent: 1,
      average_60s_percent: 2,
      average_300s_percent: 3,
      total_seconds: 4,
    };
    const { container, rerender } = render(PressureFact, { name: 'Pressure', title: '', reading });
    expect(container).toHaveTextContent('1.0 % · 2.0 % · 3.0 % 10 s · 60 s · 5 min');
    void rerender({ name: 'Pressure', title: '', reading: { absent: 'not_supported' } });
    return Promise.resolve().then(() => expect(container).not.toHaveTextContent('60 s'));
  });
});

describe('StackMeter', () => {
  const parts = [
    { label: 'used', percent: 60, fill: 'used' as const },
    { label: 'cache', percent: 70, fill: 'cache' as const },
  ];

  it('says its parts in words and never draws more than the whole', () => {
    const { container } = render(StackMeter, {
      label: 'Memory',
      parts,
      limits: { warn: 85, crit: 95 },
      limitsLabel: 'high from 85 %',
    });
    expect(screen.getByRole('img').getAttribute('aria-label')).toMatch(
      /^Memory, used 60.%, cache 70.%, high from 85 %$/,
    );
    expect([...container.querySelectorAll('rect')].map((each) => each.getAttribute('width'))).toEqual([
      '60',
      '40',
    ]);
    expect(container.querySelector('path')).toHaveAttribute('d', 'M85 0V10M95 0V10');
  });

  it('colours only its first part by level', () => {
    const { container } = render(StackMeter, { label: 'Memory', parts, level: 'critical' });
    const [first, second] = container.querySelectorAll('rect');
    expect(first).toHaveClass('critical');
    expect(second).not.toHaveClass('critical');
  });
});

describe('LevelMark', () => {
  it('has a shape and a word, coloured only on demand', () => {
    const { container } = render(LevelMark, { level: 'critical', colour: false });
    expect(container).toHaveTextContent('critical');
    expect(container.querySelector('svg')).not.toBeNull();
    expect(container.querySelector('.colour')).toBeNull();
  });

  it('keeps its place while all is normal', () => {
    const { container } = render(LevelMark, { level: 'normal', colour: true });
    expect(container.querySelector('.level')).not.toBeNull();
    expect(container.textContent.trim()).toBe('');
  });
});

describe('Legend', () => {
  it('puts each number beside its name', () => {
    render(Legend, { items: [{ label: 'free', value: '10 GiB', fill: 'free' }] });
    expect(screen.getByRole('listitem')).toHaveTextContent('free 10 GiB');
  });
});
