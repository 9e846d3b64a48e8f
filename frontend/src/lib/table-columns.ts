// Parts of which columns are made.
import type { Reading } from './api/api';
import { absence, present } from './model/reading';
import type { Column } from './table';

/** Sort value, text and reason of a reading from one getter. */
export function reading<Row, T extends number | string>(
  get: (row: Row) => Reading<T>,
  write: (value: T) => string,
): Pick<Column<Row>, 'sort' | 'text' | 'absent'> {
  return {
    sort: (row) => present(get(row)),
    text: (row) => {
      const value = present(get(row));
      return value === null ? '' : write(value);
    },
    absent: (row) => absence(get(row)),
  };
}

export function quantity<Row>(
  get: (row: Row) => number,
  write: (value: number) => string,
): Pick<Column<Row>, 'sort' | 'text'> {
  return { sort: get, text: (row) => write(get(row)) };
}

export const LARGEST_FIRST = { numeric: true, first: 'desc' } as const;
