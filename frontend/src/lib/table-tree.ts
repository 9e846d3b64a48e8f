// Rows as a forest by parent. Sound on what /proc can give: orphans, loops, a parent of 0, itself.

export interface Branch<Row> {
  readonly row: Row;
  readonly depth: number;
  readonly children: number;
  /** Kept only to show where a descendant belongs. */
  readonly context: boolean;
}

export interface Family<Row> {
  readonly key: (row: Row) => string;
  readonly id: (row: Row) => number;
  readonly parent: (row: Row) => number;
}

/**
 * Depth-first, siblings in the order in which they come. Rows that `keep` refuses stay if one of
 * their descendants is kept. A loop is entered at its first row.
 */
export function forest<Row>(
  rows: readonly Row[],
  family: Family<Row>,
  keep: ((row: Row) => boolean) | null = null,
  collapsed: ReadonlySet<string> = new Set(),
): Branch<Row>[] {
  const byId = new Map<number, Row>();
  for (const row of rows) byId.set(family.id(row), row);
  const wanted = keep === null ? null : withAncestors(rows, byId, family, keep);
  const children = new Map<Row, Row[]>();
  const roots: Row[] = [];
  for (const row of rows) {
    if (wanted?.has(row) === false) continue;
    const parent = parentOf(row, byId, family);
    if (parent === undefined) roots.push(row);
    else append(children, parent, row);
  }

  const out: Branch<Row>[] = [];
  const done = new Set<Row>();
  const walk = (root: Row): void => {
    // An own stack: a fork chain may be deeper than the engine's.
    const stack: { row: Row; depth: number; hidden: boolean }[] = [{ row: root, depth: 0, hidden: false }];
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      const { row, depth, hidden } = top;
      if (done.has(row)) continue;
      done.add(row);
      const own = children.get(row) ?? [];
      if (!hidden) out.push({ row, depth, children: own.length, context: keep?.(row) === false });
      const hide = hidden || collapsed.has(family.key(row));
      for (let index = own.length - 1; index >= 0; index -= 1) {
        const child = own[index];
        if (child !== undefined) stack.push({ row: child, depth: depth + 1, hidden: hide });
      }
    }
  };
  roots.forEach(walk);
  // What no root reaches is a loop.
  for (const row of rows) if (wanted?.has(row) !== false && !done.has(row)) walk(row);
  return out;
}

/** The chain above a row, nearest first; ends at a loop. */
export function ancestors<Row>(row: Row, byId: ReadonlyMap<number, Row>, family: Family<Row>): Row[] {
  const out: Row[] = [];
  const seen = new Set<Row>([row]);
  let parent = parentOf(row, byId, family);
  while (parent !== undefined && !seen.has(parent)) {
    out.push(parent);
    seen.add(parent);
    parent = parentOf(parent, byId, family);
  }
  return out;
}

function parentOf<Row>(row: Row, byId: ReadonlyMap<number, Row>, family: Family<Row>): Row | undefined {
  const parent = family.parent(row);
  // 0 is the kernel: it is in no table.
  return parent === 0 || parent === family.id(row) ? undefined : byId.get(parent);
}

function withAncestors<Row>(
  rows: readonly Row[],
  byId: ReadonlyMap<number, Row>,
  family: Family<Row>,
  keep: (row: Row) => boolean,
): Set<Row> {
  const wanted = new Set<Row>();
  for (const row of rows) {
    if (!keep(row)) continue;
    let at: Row | undefined = row;
    while (at !== undefined && !wanted.has(at)) {
      wanted.add(at);
      at = parentOf(at, byId, family);
    }
  }
  return wanted;
}

function append<Row>(map: Map<Row, Row[]>, key: Row, value: Row): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
