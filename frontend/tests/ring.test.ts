import { describe, expect, it } from 'vitest';
import { Ring } from '../src/lib/model/ring';
import { random } from './process-rows';

const make = (changes: Partial<ConstructorParameters<typeof Ring>[1]> = {}) =>
  new Ring(2, { spanMs: 600_000, capacity: 400, gapMs: 6000, ...changes });

describe('Ring', () => {
  it('is empty at first', () => {
    expect(make().columns()).toEqual({ times: [], values: [[], []] });
    expect(make().newest).toBeNull();
  });

  it('keeps absent readings absent, and 0 a 0', () => {
    const ring = make();
    ring.push(1000, [0, null]);
    ring.push(3000, [null, NaN]);
    ring.push(5000, [2]);
    expect(ring.columns().values).toEqual([
      [0, null, 2],
      [null, null, null],
    ]);
  });

  it('takes the same time again as the same point', () => {
    const ring = make();
    expect(ring.push(1000, [1, 2])).toBe(true);
    expect(ring.push(1000, [1, 2])).toBe(false);
    expect(ring.push(1000, [7, null])).toBe(true);
    expect(ring.columns()).toEqual({ times: [1000], values: [[7], [null]] });
  });

  it('leaves a gap where nothing was read for long', () => {
    const ring = make();
    ring.push(1000, [1, 1]);
    ring.push(7000, [2, 2]);
    ring.push(13_001, [3, 3]);
    expect(ring.columns()).toEqual({
      times: [1000, 7000, 7001, 13_001],
      values: [
        [1, 2, null, 3],
        [1, 2, null, 3],
      ],
    });
  });

  it('forgets what a clock that was set back has overtaken', () => {
    const ring = make();
    for (const time of [1000, 3000, 5000, 7000]) ring.push(time, [time, 0]);
    ring.push(4000, [4, 0]);
    expect(ring.columns().times).toEqual([1000, 3000, 4000]);
    ring.push(500, [5, 0]);
    expect(ring.columns().times).toEqual([500]);
  });

  it('forgets what lies before its span, also after a clock step forward', () => {
    const ring = make({ spanMs: 10_000 });
    for (let time = 0; time <= 30_000; time += 2000) ring.push(time, [time, 0]);
    expect(ring.columns().times[0]).toBe(20_000);
    ring.push(9_000_000, [1, 1]);
    expect(ring.columns()).toEqual({ times: [9_000_000], values: [[1], [1]] });
  });

  it('refuses a time that is none', () => {
    const ring = make();
    expect(ring.push(NaN, [1, 1])).toBe(false);
    expect(ring.length).toBe(0);
  });

  it('stays in order, within its capacity and span, whatever comes', () => {
    const next = random(21);
    const ring = make({ spanMs: 60_000, capacity: 50 });
    let time = 1_000_000;
    for (let round = 0; round < 5000; round += 1) {
      time += Math.round(next() < 0.05 ? (next() - 0.5) * 100_000 : next() * 3000);
      ring.push(time, [next() < 0.2 ? null : round, 1]);
      const { times, values } = ring.columns();
      expect(times.length).toBeLessThanOrEqual(50);
      expect(times.at(-1)).toBe(time);
      expect(time - (times[0] ?? time)).toBeLessThanOrEqual(60_000);
      expect(times.every((at, index) => index === 0 || at > (times[index - 1] ?? 0))).toBe(true);
      expect(values.map(({ length }) => length)).toEqual([times.length, times.length]);
    }
  });
});
