// Order of rows: by value, absent last, ties by key. Pure; knows nothing of columns or components.
import type { Direction, SortValue } from './table';

const collators = new Map<string, Intl.Collator>();

/** Creating a collator costs a hundred times a comparison: one per language is kept. */
export function collator(locale: string): Intl.Collator {
  let found = collators.get(locale);
  if (found === undefined) {
    found = new Intl.Collator(locale, { numeric: true });
    collators.set(locale, found);
  }
  return found;
}

export interface Ordering<Row> {
  readonly key: (row: Row) => string;
  readonly value: (row: Row) => SortValue;
  readonly direction: Direction;
  readonly locale: string;
}

/**
 * Rows in the order of `previous` keys, those that are not in it at the end.
 * A sort that starts from the last order has little to do: the engine's sort is linear on runs.
 */
export function arrange<Row>(
  rows: readonly Row[],
  key: (row: Row) => string,
  previous: readonly string[],
): Row[] {
  if (previous.length === 0) return rows.slice();
  const left = new Map<string, Row>();
  for (const row of rows) left.set(key(row), row);
  const out: Row[] = [];
  for (const name of previous) {
    const row = left.get(name);
    if (row === undefined) continue;
    out.push(row);
    left.delete(name);
  }
  for (const row of left.values()) out.push(row);
  return out;
}

/** A new array in order. Equal values keep the order of their keys, so nothing flickers. */
export function sortRows<Row>(
  rows: readonly Row[],
  ordering: Ordering<Row>,
  previous: readonly string[] = [],
): Row[] {
  const { key, value, direction, locale } = ordering;
  const start = arrange(rows, key, previous);
  const values = start.map(value);
  const keys = start.map(key);
  const compareText = collator(locale).compare;
  const sign = direction === 'asc' ? 1 : -1;
  const order = start.map((_, index) => index);
  order.sort((left, right) => {
    const a = values[left] ?? null;
    const b = values[right] ?? null;
    if (a !== b) {
      if (a === null) return 1;
      if (b === null) return -1;
      const difference =
        typeof a === 'number' && typeof b === 'number' ? a - b : compareText(String(a), String(b));
      if (difference !== 0) return difference * sign;
    }
    return compareKeys(keys[left] ?? '', keys[right] ?? '');
  });
  const out: Row[] = [];
  for (const index of order) {
    const row = start[index];
    if (row !== undefined) out.push(row);
  }
  return out;
}

/** The first `limit` rows by a number, largest first, without sorting the rest. Absent counts as least. */
export function largest<Row>(
  rows: readonly Row[],
  ordering: Omit<Ordering<Row>, 'direction' | 'value'> & { readonly value: (row: Row) => number | null },
  limit: number,
): Row[] {
  const best: number[] = [];
  for (const row of rows) {
    const value = ordering.value(row) ?? -Infinity;
    if (best.length >= limit && value <= (best[limit - 1] ?? -Infinity)) continue;
    const at = best.findIndex((other) => value > other);
    best.splice(at < 0 ? best.length : at, 0, value);
    best.length = Math.min(best.length, limit);
  }
  const least = best.at(-1) ?? -Infinity;
  const candidates = rows.filter((row) => (ordering.value(row) ?? -Infinity) >= least);
  return sortRows(candidates, { ...ordering, direction: 'desc' }).slice(0, limit);
}

/** Shorter first, then by code unit: `2-…` before `10-…` without the cost of a collator. */
function compareKeys(a: string, b: string): number {
  if (a === b) return 0;
  return a.length - b.length || (a < b ? -1 : 1);
}
