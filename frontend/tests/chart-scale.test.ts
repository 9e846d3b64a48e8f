import { describe, expect, it } from 'vitest';
import { cellAt, cellGrid, coreSummary, moveCell } from '../src/charts/cores';
import { rampStep } from '../src/lib/model/ramp';
import {
  axisText,
  highestOf,
  increments,
  moveCursor,
  timeText,
  upperEnd,
  valueText,
} from '../src/charts/scale';
import { random } from './process-rows';

const GIB = 1024 ** 3;

describe('upperEnd', () => {
  it('keeps percentages at 100, unless they are above', () => {
    expect(upperEnd('percent', 3, undefined)).toBe(100);
    expect(upperEnd('percent', null, undefined)).toBe(100);
    expect(upperEnd('percent', 1600, undefined)).toBeGreaterThanOrEqual(1600);
  });

  it('takes the given end', () => {
    expect(upperEnd('bytes', 1, 48 * GIB)).toBe(48 * GIB);
  });

  it('has an axis also where there is nothing', () => {
    for (const unit of [
      'bytes',
      'bytes_per_second',
      'bits_per_second',
      'number',
      'celsius',
      'watts',
    ] as const) {
      expect(upperEnd(unit, null, undefined)).toBeGreaterThan(0);
      expect(upperEnd(unit, 0, undefined)).toBeGreaterThan(0);
    }
  });

  it('is at or above the highest reading and wastes less than half of the height', () => {
    const next = random(2);
    for (let round = 0; round < 1000; round += 1) {
      const highest = 10 ** (next() * 12);
      for (const unit of ['bytes', 'bytes_per_second', 'watts'] as const) {
        const end = upperEnd(unit, highest, undefined);
        expect(end).toBeGreaterThanOrEqual(highest);
        expect(end).toBeLessThanOrEqual(Math.max(8, highest * 2));
      }
    }
  });

  it('ends memory at round binary amounts', () => {
    expect(upperEnd('bytes', 30.2 * GIB, undefined)).toBe(32 * GIB);
  });
});

describe('texts', () => {
  it('writes values with their units', () => {
    expect(valueText('percent', 37.6)).toBe('38\u00a0%');
    expect(valueText('bytes', 21.1 * GIB)).toBe('21.1\u00a0GiB');
    expect(valueText('bytes_per_second', 1_200_000)).toBe('1.2\u00a0MB/s');
    expect(valueText('celsius', 47)).toBe('47\u00a0°C');
    expect(valueText('watts', 297.4)).toBe('297\u00a0W');
  });

  it('writes ticks as short as can be', () => {
    expect(axisText('bytes', 8 * GIB, 8 * GIB)).toBe('8\u00a0GiB');
    expect(axisText('bytes', 1.5 * GIB, GIB / 2)).toBe('1.5\u00a0GiB');
    expect(axisText('bytes', 10 * GIB, GIB)).toBe('10\u00a0GiB');
    expect(axisText('percent', 50, 50)).toBe('50\u00a0%');
    expect(axisText('watts', 0, 100)).toBe('0');
  });

  it('uses the 24 h clock', () => {
    const at = new Date(2026, 10, 20, 0, 5, 9).getTime();
    expect(timeText(at, 60_000)).toBe('00:05');
    expect(timeText(at, 1000)).toBe('00:05:09');
    expect(timeText(at, 86_400_000)).toBe('Nov 20');
  });

  it('has rising increments', () => {
    for (const unit of ['bytes', 'number', 'watts'] as const) {
      const steps = increments(unit);
      expect(steps.every((step, index) => index === 0 || step > (steps[index - 1] ?? 0))).toBe(true);
    }
  });
});

describe('highestOf', () => {
  it('passes over gaps', () => {
    expect(
      highestOf([
        [null, 3],
        [null, -1, 7],
      ]),
    ).toBe(7);
    expect(highestOf([[null], []])).toBeNull();
  });
});

describe('moveCursor', () => {
  it('starts at the newest and stays inside', () => {
    expect(moveCursor('ArrowLeft', null, 10)).toBe(9);
    expect(moveCursor('ArrowLeft', 0, 10)).toBe(0);
    expect(moveCursor('End', 3, 10)).toBe(9);
    expect(moveCursor('PageDown', 9, 10)).toBe(0);
    expect(moveCursor('a', 3, 10)).toBeNull();
    expect(moveCursor('ArrowLeft', null, 0)).toBeNull();
  });
});

describe('rampStep', () => {
  it('has the steps of the design', () => {
    expect([0, 0.4, 1, 24.9, 25, 49.9, 50, 74.9, 75, 100].map(rampStep)).toEqual([
      0, 0, 1, 1, 2, 2, 3, 3, 4, 4,
    ]);
  });
});

describe('cores', () => {
  it('counts without taking absent for idle', () => {
    const cores = [0, 4.9, 5, 75, 99].map((busy_percent, id) => ({ id, busy_percent }));
    const all = [...cores, { id: 9, busy_percent: { absent: 'measuring' as const } }];
    expect(coreSummary(all)).toEqual({ count: 6, busy: 2, idle: 2, busiest: { id: 4, percent: 99 } });
    expect(coreSummary([]).busiest).toBeNull();
  });

  it('finds the cell that it drew, for up to 1,024 processors at any width', () => {
    const next = random(4);
    for (let round = 0; round < 500; round += 1) {
      const count = 33 + Math.floor(next() * 992);
      const grid = cellGrid(count, 100 + next() * 1500);
      const index = Math.floor(next() * count);
      const x = (index % grid.columns) * grid.pitch + 1;
      const y = Math.floor(index / grid.columns) * grid.pitch + 1;
      expect(cellAt(grid, count, x, y)).toBe(index);
      expect(grid.columns * grid.rows).toBeGreaterThanOrEqual(count);
    }
  });

  it('finds none beside the cells', () => {
    const grid = cellGrid(40, 300);
    expect(cellAt(grid, 40, -1, 0)).toBeNull();
    expect(cellAt(grid, 40, grid.columns * grid.pitch + 1, 0)).toBeNull();
    expect(cellAt(grid, 40, 0, 1000)).toBeNull();
    expect(cellGrid(40, 0)).toEqual({ columns: 8, rows: 5, pitch: 4 });
  });

  it('fills the width and does not leave it', () => {
    for (const [count, width] of [
      [64, 406],
      [128, 406],
      [128, 330],
      [384, 700],
      [1024, 406],
      [1024, 1300],
    ] as const) {
      const { columns, pitch } = cellGrid(count, width);
      expect(columns % 8).toBe(0);
      expect(columns * pitch).toBeLessThanOrEqual(width);
      expect(columns * pitch).toBeGreaterThan(width * 0.8);
    }
  });

  it('moves by cell and by row', () => {
    expect(moveCell('ArrowRight', null, 64, 8)).toBe(0);
    expect(moveCell('ArrowDown', 3, 64, 8)).toBe(11);
    expect(moveCell('ArrowUp', 3, 64, 8)).toBe(0);
    expect(moveCell('Tab', 3, 64, 8)).toBeNull();
  });
});
