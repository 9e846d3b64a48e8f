// The two rules by which a patch makes the next document out of the last one (docs/protocol.md).
// Pure: documents and unchanged rows are kept as they are, so that equal means unchanged.
import type { Patch, TablePatch } from '../api/api';

export type Document = Readonly<Record<string, unknown>>;
type Row = Readonly<Record<string, unknown>> & { readonly key: string };

/** The next document, or null if the patch does not fit it: then only a full one helps. */
export function applyPatch<D extends Document>(document: D, patch: Patch): D | null {
  const next: Record<string, unknown> = { ...document, ...patch.replace };
  for (const [name, change] of Object.entries(patch.tables)) {
    const rows = next[name];
    if (!Array.isArray(rows)) return null;
    next[name] = patchTable(rows as readonly Row[], change);
  }
  return next as D;
}

function patchTable(rows: readonly Row[], { changed, dropped }: TablePatch): readonly Row[] {
  const gone = new Set(dropped);
  const changes = new Map<string, Row[]>();
  for (const change of changed) {
    const known = changes.get(change.key);
    if (known) known.push(change);
    else changes.set(change.key, [change]);
  }
  const next: Row[] = [];
  for (const row of rows) {
    if (gone.has(row.key)) continue;
    const own = changes.get(row.key);
    changes.delete(row.key);
    next.push(own ? own.reduce((merged, change) => ({ ...merged, ...change }), row) : row);
  }
  for (const [first, ...rest] of changes.values()) {
    if (first) next.push(rest.reduce((merged, change) => ({ ...merged, ...change }), first));
  }
  return next;
}
