import { beforeEach, describe, expect, it } from 'vitest';
import type { Section } from '../src/lib/api/api';
import { setLanguage } from '../src/lib/i18n/index.svelte';
import { backoff } from '../src/lib/live/backoff';
import { ServerClock } from '../src/lib/live/clock';
import { recentMean, windowFor } from '../src/lib/live/history';
import { absence, part, present } from '../src/lib/model/reading';
import { freshness } from '../src/lib/model/section';
import { DEFAULT_THRESHOLDS, levelOf, PRESETS, validLimits } from '../src/lib/model/thresholds.svelte';
import { age, clockTime, uptime } from '../src/lib/model/time.svelte';
import { bytes, bytesOf, bytesPerSecond, finePercent, hertz, percent, runTime } from '../src/lib/model/units';

beforeEach(() => setLanguage('en'));
const plain = (text: string) => text.replaceAll('\u00a0', ' ');

describe('readings', () => {
  it('0, false and empty text are values; only a reason is absence', () => {
    expect([0, false, ''].map((value) => present(value))).toEqual([0, false, '']);
    expect(present({ absent: 'gone' })).toBeNull();
    expect(absence({ absent: 'gone' })).toBe('gone');
  });

  it('a part of what is absent is absent for the same reason', () => {
    const whole = { absent: 'hidden' as const };
    expect(part<{ n: number }, number>(whole, (value) => value.n)).toEqual({ absent: 'hidden' });
    expect(part<{ n: number }, number>({ n: 0 }, (value) => value.n)).toBe(0);
  });
});

describe('freshness', () => {
  const section = (changes: Partial<Section<number>>): Section<number> => ({
    taken_at_ms: 100_000,
    interval_ms: 1000,
    problem: null,
    value: 5,
    ...changes,
  });
  it.each([
    ['just read', {}, 100_000, { kind: 'fresh' }],
    ['exactly three intervals', {}, 103_000, { kind: 'fresh' }],
    ['older', {}, 103_001, { kind: 'stale', ageMs: 3001, reason: null }],
    ['from a clock ahead of ours', {}, 90_000, { kind: 'fresh' }],
    ['of a long interval', { interval_ms: 60_000 }, 200_000, { kind: 'fresh' }],
    [
      'stale with a reason',
      { problem: { reason: 'read_failed' as const, since_ms: 1 } },
      110_000,
      { kind: 'stale', ageMs: 10_000, reason: 'read_failed' },
    ],
    [
      'failed just now',
      { problem: { reason: 'malformed' as const, since_ms: 1 } },
      100_500,
      { kind: 'troubled', reason: 'malformed' },
    ],
    [
      'stuck',
      { problem: { reason: 'not_responding' as const, since_ms: 40_000 } },
      100_000,
      { kind: 'stuck', sinceMs: 60_000, ageMs: 0 },
    ],
    [
      'never read',
      { taken_at_ms: { absent: 'not_collected' as const }, value: { absent: 'not_collected' as const } },
      100_000,
      { kind: 'empty', reason: 'not_collected' },
    ],
    [
      'never read, and the source says why',
      {
        taken_at_ms: { absent: 'not_collected' as const },
        value: { absent: 'not_collected' as const },
        problem: { reason: 'permission_denied' as const, since_ms: 1 },
      },
      100_000,
      { kind: 'empty', reason: 'permission_denied' },
    ],
  ])('%s', (_, changes, now, expected) => {
    expect(freshness(section(changes), now)).toEqual(expected);
  });
});

describe('units', () => {
  it.each([
    [bytes(0), '0 B'],
    [bytes(1023), '1,023 B'],
    [bytes(1024), '1.0 KiB'],
    [bytes(1024 ** 3 * 21.14), '21.1 GiB'],
    [bytes(1024 ** 3 * 412), '412 GiB'],
    [bytes(1024 ** 3 - 1), '1.0 GiB'],
    [bytesOf(1024 ** 3 * 412, 1024 ** 3 * 1008), '412 / 1,008 GiB'],
    [bytesOf(1024 ** 2 * 400, 1024 ** 3 * 8), '400 MiB / 8.0 GiB'],
    [bytesPerSecond(1_200_000), '1.2 MB/s'],
    [bytesPerSecond(0), '0 B/s'],
    [percent(37.5), '38 %'],
    [finePercent(0.44), '0.4 %'],
    [finePercent(37.4), '37 %'],
    [hertz(2.45e9), '2.45 GHz'],
    [hertz(8e8), '800 MHz'],
    [runTime(0.0008), '0.8 ms'],
    [runTime(1.44), '1.4 s'],
  ])('%s is %s', (written, expected) => {
    expect(plain(written)).toBe(expected);
  });

  it('ages and durations', () => {
    expect([0, 59_999, 60_000, 7_200_000, 172_800_000, -5].map((ms) => plain(age(ms)))).toEqual([
      '0 s',
      '59 s',
      '1 min',
      '2 h',
      '2 d',
      '0 s',
    ]);
    expect(plain(uptime(((41 * 24 + 3) * 3600 + 12 * 60 + 9) * 1000))).toBe('41 d 03:12:09');
    expect(uptime(5000)).toBe('00:00:05');
    expect(clockTime(new Date(2026, 1, 3, 0, 5, 9).getTime())).toBe('00:05:09');
  });
});

describe('ServerClock', () => {
  it('takes the quickest frame, follows drift slowly and jumps at once', () => {
    let local = 0;
    const clock = new ServerClock(() => local);
    clock.observe(1000);
    local = 100;
    clock.observe(1060); // 40 ms late on the way
    expect(clock.now()).toBe(1098);
    local = 200;
    clock.observe(1230);
    expect(clock.now()).toBe(1230);
    local = 300;
    clock.observe(500_000);
    expect(clock.now()).toBe(500_000);
    local = 400;
    clock.observe(1000); // the server's clock was set back
    expect(clock.now()).toBe(1000);
  });
});

describe('backoff', () => {
  it('doubles to the longest, and is up to a quarter shorter', () => {
    const waits = [
      [0, 4000],
      [3, 4000],
      [99, 4000],
      [99, 15_000],
    ].flatMap(([attempt = 0, longest = 0]) => [backoff(attempt, longest, 0), backoff(attempt, longest, 1)]);
    expect(waits).toEqual([375, 500, 3000, 4000, 3000, 4000, 11_250, 15_000]);
  });
});

describe('levels', () => {
  it('begin at their limits', () => {
    const limits = { warn: 85, crit: 95 };
    expect([null, 0, 84.9, 85, 94.9, 95, 100].map((value) => levelOf(value, limits))).toEqual([
      'normal',
      'normal',
      'normal',
      'high',
      'high',
      'critical',
      'critical',
    ]);
    expect([validLimits(30, 70), validLimits(70, 70), validLimits(0, 5), validLimits(90, 101)]).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  it('of filesystems are no part of the presets', () => {
    expect(DEFAULT_THRESHOLDS).toMatchObject({
      disk: { warn: 85, crit: 95 },
      inodes: { warn: 85, crit: 95 },
    });
    expect(PRESETS.flatMap(({ thresholds }) => Object.keys(thresholds))).not.toContain('disk');
    expect({ ...DEFAULT_THRESHOLDS, ...PRESETS[0]?.thresholds }).toEqual(DEFAULT_THRESHOLDS);
  });

  it('judge a mean of what is known, but not of a single moment', () => {
    const columns = { times: [0, 5000, 10_000], values: [[90, null, 100]] };
    expect(recentMean(columns, 0, 300_000)).toBe(95);
    expect(recentMean(columns, 0, 4000)).toBeNull();
    expect(recentMean({ times: [], values: [] }, 0, 1)).toBeNull();
    expect(windowFor({ times: [0, 200_000], values: [] })).toBe(300_000);
  });
});
