import { describe, expect, it } from 'vitest';
import { applyPatch, type Document } from '../../src/lib/live/patch';

type Row = { key: string } & Record<string, unknown>;

describe('applyPatch', () => {
  it('replaces keys whole', () => {
    const before = { host: 'a', cpu: { value: 1, problem: null } };
    expect(applyPatch(before, { replace: { cpu: { value: 2 } }, tables: {} })).toEqual({
      host: 'a',
      cpu: { value: 2 },
    });
  });

  it('merges rows field by field, also with an absent reading', () => {
    const before = { rows: [{ key: 'a', cpu: 5, name: 'x' }] };
    const patch = {
      replace: {},
      tables: { rows: { changed: [{ key: 'a', cpu: { absent: 'gone' } }], dropped: [] } },
    };
    expect(applyPatch(before, patch)).toEqual({ rows: [{ key: 'a', cpu: { absent: 'gone' }, name: 'x' }] });
  });

  it('removes before it merges, so a dropped key that changed is new', () => {
    const before = { rows: [{ key: 'a', cpu: 5, name: 'x' }] };
    const patch = { replace: {}, tables: { rows: { changed: [{ key: 'a', cpu: 1 }], dropped: ['a'] } } };
    expect(applyPatch(before, patch)).toEqual({ rows: [{ key: 'a', cpu: 1 }] });
  });

  it('keeps what did not change as it was, and changes nothing in place', () => {
    const before = {
      other: {},
      rows: [
        { key: 'a', n: 1 },
        { key: 'b', n: 1 },
      ],
    };
    const copy = structuredClone(before);
    const after = applyPatch(before, {
      replace: {},
      tables: { rows: { changed: [{ key: 'b', n: 2 }], dropped: [] } },
    }) as typeof before;
    expect(before).toEqual(copy);
    expect(after.other).toBe(before.other);
    expect(after.rows[0]).toBe(before.rows[0]);
    expect(after.rows[1]).not.toBe(before.rows[1]);
  });

  it('does not fit where the document has no such table', () => {
    expect(
      applyPatch({ rows: 1 }, { replace: {}, tables: { rows: { changed: [], dropped: [] } } }),
    ).toBeNull();
  });
});

/** A generator that always gives the same numbers: a failure can be looked at again. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** What a server does: the next version of a table, and the change that leads to it. */
function step(rows: readonly Row[], random: () => number) {
  const dropped: string[] = [];
  const changed: Row[] = [];
  const next: Row[] = [];
  for (const row of rows) {
    if (random() < 0.2) {
      dropped.push(row.key);
      continue;
    }
    const change: Row = { key: row.key };
    if (random() < 0.4) change.cpu = Math.floor(random() * 100);
    if (random() < 0.2) change.user = random() < 0.5 ? { absent: 'permission_denied' } : 'alice';
    if (Object.keys(change).length > 1) changed.push(change);
    next.push({ ...row, ...change });
  }
  for (let n = Math.floor(random() * 4); n > 0; n -= 1) {
    const row: Row = { key: `${Math.floor(random() * 1e9)}`, cpu: Math.floor(random() * 100), user: 'root' };
    changed.push(row);
    next.push(row);
  }
  return { next, table: { changed, dropped } };
}

describe('a stream of patches', () => {
  it.each(Array.from({ length: 40 }, (_, seed) => seed + 1))(
    'leads to the full document, seed %i',
    (seed) => {
      const random = seeded(seed);
      let rows: Row[] = [];
      let held: Document | null = { version: 0, rows: [] };
      for (let version = 1; version <= 60; version += 1) {
        const { next, table } = step(rows, random);
        rows = next;
        held = held && applyPatch(held, { replace: { version }, tables: { rows: table } });
        expect(held).toEqual({ version, rows });
      }
    },
  );
});
