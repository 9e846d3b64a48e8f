// The order of a table that changes under its reader's eyes. Pure state; no component, no clock.
//
// While the reader points at the table, or moves in it by keyboard, no row may slip away under
// them: the order is frozen. Values keep changing in place, new rows come at the end, and rows
// that are gone stay, marked, until the reader looks away. (Taking them out would move all rows
// below.) What the reader asks for — another sort, another filter — is done at once.
import { sortRows, type Ordering } from './table-sort';
import { forest, type Branch, type Family } from './table-tree';

export interface LiveInput<Row> {
  readonly rows: readonly Row[];
  readonly ordering: Ordering<Row>;
  readonly test: ((row: Row) => boolean) | null;
  readonly family: Family<Row> | null;
  readonly collapsed: ReadonlySet<string>;
  readonly frozen: boolean;
  /** Names what the reader asked for: when it changes, a frozen order is made anew. */
  readonly request: string;
}

export interface LiveView<Row> {
  readonly rows: readonly Row[];
  /** Keys of rows that are shown but no longer there. */
  readonly gone: ReadonlySet<string>;
  /** Place in the tree by key; null where the table is flat. */
  readonly branches: ReadonlyMap<string, Branch<Row>> | null;
  /** Rows that passed the filter. */
  readonly matches: number;
}

const NONE: ReadonlySet<string> = new Set();

export class LiveOrder<Row> {
  #keys: string[] = [];
  #shown = new Map<string, Row>();
  /** Order of all rows, also those that are filtered out: the next sort starts from it. */
  #sorted: string[] = [];
  #branches: Map<string, Branch<Row>> | null = null;
  #request: string | null = null;

  next(input: LiveInput<Row>): LiveView<Row> {
    const held = input.frozen && this.#request === input.request && this.#keys.length > 0;
    this.#request = input.request;
    return held ? this.#hold(input) : this.#order(input);
  }

  #order({ rows, ordering, test, family, collapsed }: LiveInput<Row>): LiveView<Row> {
    const { key } = ordering;
    if (family === null) {
      const wanted = test === null ? rows : rows.filter(test);
      const sorted = sortRows(wanted, ordering, this.#sorted);
      this.#branches = null;
      this.#remember(sorted, key);
      this.#sorted = this.#keys;
      return { rows: sorted, gone: NONE, branches: null, matches: sorted.length };
    }
    const sorted = sortRows(rows, ordering, this.#sorted);
    this.#sorted = sorted.map(key);
    const branches = forest(sorted, family, test, collapsed);
    this.#branches = new Map(branches.map((branch) => [key(branch.row), branch]));
    const shown = branches.map((branch) => branch.row);
    this.#remember(shown, key);
    const matches = test === null ? rows.length : rows.filter(test).length;
    return { rows: shown, gone: NONE, branches: this.#branches, matches };
  }

  #hold({ rows, ordering: { key }, test, family }: LiveInput<Row>): LiveView<Row> {
    const now = new Map(rows.map((row) => [key(row), row]));
    const gone = new Set<string>();
    const shown: Row[] = [];
    for (const name of this.#keys) {
      const row = now.get(name) ?? this.#shown.get(name);
      if (row === undefined) continue;
      if (!now.delete(name)) gone.add(name);
      shown.push(row);
    }
    // In a tree, a row that was there before is not shown because its branch is closed: it stays so.
    const before = family === null ? NONE : new Set(this.#sorted);
    for (const [name, row] of now) {
      if (!before.has(name) && (test === null || test(row))) shown.push(row);
    }
    this.#remember(shown, key);
    return { rows: shown, gone, branches: this.#branches, matches: shown.length - gone.size };
  }

  #remember(shown: readonly Row[], key: (row: Row) => string): void {
    this.#keys = shown.map(key);
    this.#shown = new Map(shown.map((row) => [key(row), row]));
  }
}
