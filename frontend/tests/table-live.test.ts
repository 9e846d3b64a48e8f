import { describe, expect, it } from 'vitest';
import { LiveOrder, type LiveInput } from '../src/lib/table-live';

interface Item {
  readonly key: string;
  readonly id: number;
  readonly parent: number;
  readonly value: number;
}

const item = (id: number, value: number, parent = 0): Item => ({ key: String(id), id, parent, value });
const family = {
  key: (row: Item) => row.key,
  id: (row: Item) => row.id,
  parent: (row: Item) => row.parent,
};
const input = (rows: Item[], changes: Partial<LiveInput<Item>> = {}): LiveInput<Item> => ({
  rows,
  ordering: { key: (row) => row.key, value: (row) => row.value, direction: 'desc', locale: 'en' },
  test: null,
  family: null,
  collapsed: new Set(),
  frozen: false,
  request: 'value desc',
  ...changes,
});
const keys = (rows: readonly Item[]) => rows.map(({ key }) => key).join(' ');

describe('LiveOrder', () => {
  it('sorts anew at every tick while nobody is at the table', () => {
    const live = new LiveOrder<Item>();
    expect(keys(live.next(input([item(1, 5), item(2, 9)])).rows)).toBe('2 1');
    expect(keys(live.next(input([item(1, 50), item(2, 9)])).rows)).toBe('1 2');
  });

  it('holds the order but not the values while frozen', () => {
    const live = new LiveOrder<Item>();
    live.next(input([item(1, 5), item(2, 9)]));
    const held = live.next(input([item(1, 50), item(2, 9)], { frozen: true }));
    expect(keys(held.rows)).toBe('2 1');
    expect(held.rows[1]?.value).toBe(50);
    expect(keys(live.next(input([item(1, 50), item(2, 9)])).rows)).toBe('1 2');
  });

  it('appends newborn rows and keeps the gone in place until released', () => {
    const live = new LiveOrder<Item>();
    live.next(input([item(1, 1), item(2, 2), item(3, 3)]));
    const held = live.next(input([item(1, 1), item(3, 3), item(4, 99)], { frozen: true }));
    expect(keys(held.rows)).toBe('3 2 1 4');
    expect([...held.gone]).toEqual(['2']);
    expect(held.matches).toBe(3);
    const later = live.next(input([item(1, 1), item(4, 99)], { frozen: true }));
    expect(keys(later.rows)).toBe('3 2 1 4');
    expect([...later.gone].sort()).toEqual(['2', '3']);
    const released = live.next(input([item(1, 1), item(4, 99)]));
    expect(keys(released.rows)).toBe('4 1');
    expect(released.gone.size).toBe(0);
  });

  it('does at once what the reader asks for, also while frozen', () => {
    const live = new LiveOrder<Item>();
    const rows = [item(1, 1), item(2, 2)];
    live.next(input(rows));
    const turned = { frozen: true, request: 'value asc' };
    const { ordering } = input(rows);
    const asked = live.next(input(rows, { ...turned, ordering: { ...ordering, direction: 'asc' } }));
    expect(keys(asked.rows)).toBe('1 2');
    const filtered = live.next(input(rows, { frozen: true, request: 'q', test: (row) => row.id === 2 }));
    expect(keys(filtered.rows)).toBe('2');
  });

  it('keeps rows that stop matching in place, and lets in those that begin to', () => {
    const live = new LiveOrder<Item>();
    const test = (row: Item) => row.value > 10;
    live.next(input([item(1, 20), item(2, 1)], { test }));
    const held = live.next(input([item(1, 2), item(2, 30), item(3, 1)], { test, frozen: true }));
    expect(keys(held.rows)).toBe('1 2');
    expect(held.gone.size).toBe(0);
  });

  it('orders siblings in a tree and counts matches without their ancestors', () => {
    const live = new LiveOrder<Item>();
    const rows = [item(1, 0), item(2, 5, 1), item(3, 9, 1), item(4, 1, 2)];
    const view = live.next(input(rows, { family }));
    expect(keys(view.rows)).toBe('1 3 2 4');
    expect(view.branches?.get('4')?.depth).toBe(2);
    const found = live.next(input(rows, { family, test: (row) => row.id === 4, request: 'q' }));
    expect(keys(found.rows)).toBe('1 2 4');
    expect(found.matches).toBe(1);
    expect(found.branches?.get('1')?.context).toBe(true);
  });

  it('does not open a closed branch because the order is frozen', () => {
    const live = new LiveOrder<Item>();
    const rows = [item(1, 0), item(2, 5, 1)];
    const closed = { family, collapsed: new Set(['1']), request: 'closed' };
    expect(keys(live.next(input(rows, closed)).rows)).toBe('1');
    const held = live.next(input([...rows, item(3, 1)], { ...closed, frozen: true }));
    expect(keys(held.rows)).toBe('1 3');
  });
});
