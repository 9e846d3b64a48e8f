import { describe, expect, it } from 'vitest';
import { nextSort, visibleColumns, type Column, type SortValue } from '../src/lib/table';
import { arrange, largest, sortRows } from '../src/lib/table-sort';
import { random } from './process-rows';

interface Item {
  readonly key: string;
  readonly value: SortValue;
}

const item = (key: string, value: SortValue): Item => ({ key, value });
const order = (rows: readonly Item[], direction: 'asc' | 'desc', previous: readonly string[] = []) =>
  sortRows(rows, { key: (row) => row.key, value: (row) => row.value, direction, locale: 'en' }, previous).map(
    ({ key }) => key,
  );

describe('sortRows', () => {
  const numbers = [item('a', 2), item('b', null), item('c', -1), item('d', 10), item('e', 0)];

  it('sorts numbers in both directions, absent last in both', () => {
    expect(order(numbers, 'asc')).toEqual(['c', 'e', 'a', 'd', 'b']);
    expect(order(numbers, 'desc')).toEqual(['d', 'a', 'e', 'c', 'b']);
  });

  it('does not take absent for 0', () => {
    expect(order([item('gone', null), item('zero', 0), item('minus', -5)], 'asc')).toEqual([
      'minus',
      'zero',
      'gone',
    ]);
  });

  it('sorts text with numbers in it as people do', () => {
    const texts = ['gpu-10', 'gpu-2', 'gpu-1'].map((text) => item(text, text));
    expect(order(texts, 'asc')).toEqual(['gpu-1', 'gpu-2', 'gpu-10']);
  });

  it('breaks ties by key, the same way in both directions and from any start', () => {
    const ties = ['10-1', '2-1', '9-1', '2-2'].map((key) => item(key, 5));
    const expected = ['2-1', '2-2', '9-1', '10-1'];
    expect(order(ties, 'asc')).toEqual(expected);
    expect(order(ties, 'desc')).toEqual(expected);
    expect(order(ties, 'desc', ['9-1', '2-2', '10-1', '2-1'])).toEqual(expected);
  });

  it('does not depend on the order it starts from', () => {
    const next = random(3);
    const rows = Array.from({ length: 300 }, (_, index) =>
      item(`${String(index)}-0`, next() < 0.2 ? null : Math.floor(next() * 20)),
    );
    const fresh = order(rows, 'desc');
    const shuffled = rows.map(({ key }) => key).sort(() => next() - 0.5);
    expect(order(rows, 'desc', shuffled)).toEqual(fresh);
    expect(order(rows.slice().reverse(), 'desc', fresh.slice(0, 100))).toEqual(fresh);
  });

  it('leaves its input alone', () => {
    const input = [item('b', 2), item('a', 1)];
    order(input, 'asc');
    expect(input.map(({ key }) => key)).toEqual(['b', 'a']);
  });
});

describe('arrange', () => {
  it('keeps the known order, drops the gone, appends the new', () => {
    const rows = [item('new', 0), item('a', 0), item('b', 0)];
    expect(arrange(rows, ({ key }) => key, ['b', 'gone', 'a']).map(({ key }) => key)).toEqual([
      'b',
      'a',
      'new',
    ]);
  });
});

describe('largest', () => {
  it('gives what a whole sort would give', () => {
    const next = random(11);
    const rows = Array.from({ length: 200 }, (_, index) => ({
      key: `${String(index)}-0`,
      value: next() < 0.1 ? null : Math.floor(next() * 30),
    }));
    const ordering = {
      key: (row: (typeof rows)[number]) => row.key,
      value: (row: (typeof rows)[number]) => row.value,
      locale: 'en',
    };
    for (const limit of [1, 5, 40, 500]) {
      const whole = sortRows(rows, { ...ordering, direction: 'desc' }).slice(0, limit);
      expect(largest(rows, ordering, limit)).toEqual(whole);
    }
  });
});

describe('columns', () => {
  const column = (id: string, more: Partial<Column<Item>> = {}): Column<Item> => ({
    id,
    label: 'process.pid',
    width: 50,
    sort: (row) => row.value,
    text: (row) => row.key,
    ...more,
  });
  const columns = [
    column('a', { essential: true, first: 'desc' }),
    column('b', { optional: true, essential: true }),
    column('c'),
  ];
  const ids = (list: readonly Column<Item>[]) => list.map(({ id }) => id);

  it('shows what is not optional unless told otherwise', () => {
    expect(ids(visibleColumns(columns, undefined, false))).toEqual(['a', 'c']);
    expect(ids(visibleColumns(columns, ['c', 'b'], false))).toEqual(['b', 'c']);
  });

  it('shows only the essential ones where it is narrow', () => {
    expect(ids(visibleColumns(columns, undefined, true))).toEqual(['a']);
    expect(ids(visibleColumns(columns, ['c'], true))).toEqual(['c']);
  });

  it('is never empty, whatever was stored', () => {
    expect(ids(visibleColumns(columns, ['no such column'], false))).toEqual(['a']);
    expect(ids(visibleColumns(columns, [], true))).toEqual(['a']);
  });

  it('starts with the column’s own direction and then reverses', () => {
    const first = nextSort(column('a', { first: 'desc' }), { column: 'c', direction: 'asc' });
    expect(first).toEqual({ column: 'a', direction: 'desc' });
    expect(nextSort(column('a'), first)).toEqual({ column: 'a', direction: 'asc' });
    expect(nextSort(column('c'), first)).toEqual({ column: 'c', direction: 'asc' });
  });
});
