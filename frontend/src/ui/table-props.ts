// What a table needs to be told.
import type { Snippet } from 'svelte';
import type { Column, Sort } from '../lib/table';
import type { Branch, Family } from '../lib/table-tree';
import type { Density } from '../lib/table-window';

export interface TableProps<Row> {
  rows: readonly Row[];
  columns: readonly Column<Row>[];
  key: (row: Row) => string;
  /** Accessible name, and the stem of the exported file's name. */
  label: string;
  sort: Sort;
  q?: string;
  /** The test that a filter text stands for; null for "everything". */
  compile: (q: string) => ((row: Row) => boolean) | null;
  placeholder?: string;
  hint?: string;
  /** Ids of the columns to show; undefined means the default. */
  chosen?: readonly string[] | undefined;
  onchoose?: (chosen: readonly string[] | undefined) => void;
  onopen?: (row: Row) => void;
  /** Gives the tree its shape; the table is flat without it. */
  family?: Family<Row> | null;
  /** Cells drawn by the caller, and the columns that they stand in. */
  cell?: Snippet<[row: Row, column: Column<Row>, branch: Branch<Row> | null]>;
  drawn?: readonly string[];
  /** Rows in all, where the caller holds some back. */
  total?: number;
  loading?: boolean;
  density?: Density;
  /** As high as its rows, instead of as high as the window. */
  fit?: boolean;
  /** Whether what a row shows is old: greyed. */
  old?: (row: Row) => boolean;
  tools?: Snippet;
  /** What stands in an empty table that is neither loading nor filtered. */
  empty?: Snippet;
}
