import { describe, expect, it } from 'vitest';
import { moveIndex, RENDER_ALL, rowHeightFor, rowWindow, scrollFor } from '../src/lib/table-window';
import { random } from './process-rows';

describe('rowWindow', () => {
  it('draws all of a short list', () => {
    expect(rowWindow(RENDER_ALL, 28, 5000, 100)).toEqual({ start: 0, end: RENDER_ALL });
    expect(rowWindow(0, 28, 0, 100)).toEqual({ start: 0, end: 0 });
  });

  it('covers every row in view and little more, wherever it is scrolled to', () => {
    const next = random(5);
    for (let round = 0; round < 2000; round += 1) {
      const count = RENDER_ALL + 1 + Math.floor(next() * 5000);
      const height = 20 + Math.floor(next() * 40);
      const view = 50 + Math.floor(next() * 1500);
      const furthest = Math.max(0, count * height - view);
      const scroll = next() * furthest;
      const { start, end } = rowWindow(count, height, scroll, view);
      expect(start).toBeGreaterThanOrEqual(0);
      expect(end).toBeLessThanOrEqual(count);
      expect(start * height).toBeLessThanOrEqual(scroll);
      expect(end * height).toBeGreaterThanOrEqual(Math.min(count * height, scroll + view));
      expect(end - start).toBeLessThanOrEqual(Math.ceil(view / height) + 12);
    }
  });

  it('stays inside the list when it has shrunk below the place scrolled to', () => {
    const { start, end } = rowWindow(100, 28, 1e6, 280);
    expect(end).toBe(100);
    expect(start).toBeLessThan(100);
    expect(rowWindow(100, 28, -50, 280).start).toBe(0);
  });
});

describe('scrollFor', () => {
  it('scrolls no further than needed, and not below the header', () => {
    expect(scrollFor(5, 28, 0, 300, 28)).toBeNull();
    expect(scrollFor(0, 28, 100, 300, 28)).toBe(0);
    expect(scrollFor(20, 28, 0, 300, 28)).toBe(21 * 28 - 272);
  });

  it('brings any row wholly into view', () => {
    const next = random(8);
    for (let round = 0; round < 1000; round += 1) {
      const index = Math.floor(next() * 500);
      const scroll = Math.floor(next() * 10_000);
      const top = scrollFor(index, 28, scroll, 400, 28) ?? scroll;
      expect(index * 28).toBeGreaterThanOrEqual(top);
      expect((index + 1) * 28).toBeLessThanOrEqual(top + 400 - 28);
    }
  });
});

describe('moveIndex', () => {
  it.each<[string, number, number | null]>([
    ['ArrowDown', -1, 0],
    ['ArrowUp', -1, 0],
    ['j', 3, 4],
    ['k', 3, 2],
    ['k', 0, 0],
    ['ArrowDown', 9, 9],
    ['PageDown', 0, 4],
    ['PageUp', 9, 5],
    ['Home', 7, 0],
    ['End', 0, 9],
    ['x', 3, null],
  ])('%s from %i goes to %s', (key, from, to) => {
    expect(moveIndex(key, from, 10, 4)).toBe(to);
  });

  it('goes nowhere in an empty list', () => {
    expect(moveIndex('ArrowDown', -1, 0, 4)).toBeNull();
  });
});

describe('rowHeightFor', () => {
  it('is as tall as the design says, and grows with the font', () => {
    expect(rowHeightFor('regular', false, 16)).toBe(28);
    expect(rowHeightFor('compact', false, 16)).toBe(24);
    expect(rowHeightFor('compact', true, 16)).toBe(44);
    expect(rowHeightFor('regular', false, 32)).toBe(56);
    expect(rowHeightFor('regular', false, 10)).toBe(28);
  });
});
