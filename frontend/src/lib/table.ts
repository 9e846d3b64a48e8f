// What a column of a table is. Knows nothing of any particular table, and of no component.
import type { Reason } from './api/api';
import type { Messages } from './i18n/en';
import type { Key } from './i18n/index.svelte';
import type { Placeholders } from './i18n/types';

/** A text that stands on its own, without parameters. */
export type PlainKey = {
  [K in Key]: [Placeholders<Messages[K]>] extends [never] ? K : never;
}[Key];

/** What a column sorts by. `null` means absent, and absent sorts last in both directions. */
export type SortValue = number | string | null;

export type Direction = 'asc' | 'desc';

export interface Column<Row> {
  /** Stable name: it stands in the URL and in saved settings. */
  readonly id: string;
  readonly label: PlainKey;
  /** Longer explanation, shown as the header's tooltip and in the columns menu. */
  readonly hint?: PlainKey;
  /** Width in px at a root font size of 16 px. */
  readonly width: number;
  /** The same where only essential columns are shown. */
  readonly narrowWidth?: number;
  /** Takes what is left over; `width` is then the least. */
  readonly grow?: boolean;
  /** Right-aligned, tabular digits. */
  readonly numeric?: boolean;
  /** Shown where there is no room for more than a handful of columns. */
  readonly essential?: boolean;
  /** Not shown until chosen in the columns menu. */
  readonly optional?: boolean;
  /** Direction of the first click: largest first for quantities. */
  readonly first?: Direction;
  readonly sort: (row: Row) => SortValue;
  readonly text: (row: Row) => string;
  /** Why the cell has no value; the reason is shown with the dash. */
  readonly absent?: (row: Row) => Reason | null;
  /** Why there is nothing to show though nothing is missing, in words; null where there is something. */
  readonly nothing?: (row: Row) => string | null;
  /** Value in the exported file; the sort value where not given. */
  readonly csv?: (row: Row) => SortValue;
}

export interface Sort {
  readonly column: string;
  readonly direction: Direction;
}

/** The columns to show: the chosen ones in the order of definition, else all that are not optional. */
export function visibleColumns<Row>(
  columns: readonly Column<Row>[],
  chosen: readonly string[] | undefined,
  narrow: boolean,
): readonly Column<Row>[] {
  const wanted = columns.filter((column) =>
    chosen === undefined ? column.optional !== true : chosen.includes(column.id),
  );
  // Whatever an address or an old choice names: a table without columns is none.
  const picked = wanted.length > 0 ? wanted : columns.slice(0, 1);
  if (!narrow) return picked;
  const essential = picked.filter((column) => column.essential === true);
  return essential.length > 0 ? essential : picked.slice(0, 1);
}

/** Grid tracks for the columns, and how wide they are at least; in rem, so that they grow with the font. */
export function columnLayout<Row>(
  columns: readonly Column<Row>[],
  narrow: boolean,
): { readonly tracks: string; readonly least: string } {
  const rem = (px: number): string => `${String(px / 16)}rem`;
  const widths = columns.map((column) => (narrow ? (column.narrowWidth ?? column.width) : column.width));
  const tracks = columns.map((column, index) => {
    const width = rem(widths[index] ?? column.width);
    return column.grow === true ? `minmax(${width}, 1fr)` : width;
  });
  return { tracks: tracks.join(' '), least: rem(widths.reduce((sum, width) => sum + width, 0)) };
}

/** What the next click on a header does. */
export function nextSort<Row>(column: Column<Row>, sort: Sort): Sort {
  if (sort.column !== column.id) return { column: column.id, direction: column.first ?? 'asc' };
  return { column: column.id, direction: sort.direction === 'asc' ? 'desc' : 'asc' };
}
