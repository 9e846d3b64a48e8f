import { describe, expect, it } from 'vitest';
import { ancestors, forest } from '../src/lib/table-tree';
import { random } from './process-rows';

interface Node {
  readonly pid: number;
  readonly parent: number;
}

const family = {
  key: (row: Node) => String(row.pid),
  id: (row: Node) => row.pid,
  parent: (row: Node) => row.parent,
};
const node = (pid: number, parent: number): Node => ({ pid, parent });
const drawn = (rows: Node[], keep: ((row: Node) => boolean) | null = null, collapsed: string[] = []) =>
  forest(rows, family, keep, new Set(collapsed)).map(
    ({ row, depth, context }) => `${'.'.repeat(depth)}${String(row.pid)}${context ? '?' : ''}`,
  );

describe('forest', () => {
  it('puts children below their parents, in the given order', () => {
    const rows = [node(3, 1), node(1, 0), node(2, 0), node(5, 3), node(4, 1)];
    expect(drawn(rows)).toEqual(['1', '.3', '..5', '.4', '2']);
  });

  it('takes orphans and children of 0 and of themselves for roots', () => {
    expect(drawn([node(7, 999), node(1, 0), node(8, 8)])).toEqual(['7', '1', '8']);
  });

  it('takes a process 0, where there is one, for no parent', () => {
    expect(drawn([node(0, 0), node(1, 0)])).toEqual(['0', '1']);
  });

  it('enters a loop at its first row and shows each row once', () => {
    expect(drawn([node(1, 0), node(5, 7), node(6, 5), node(7, 6), node(8, 6)])).toEqual([
      '1',
      '5',
      '.6',
      '..7',
      '..8',
    ]);
  });

  it('keeps ancestors of what is kept, marked', () => {
    const rows = [node(1, 0), node(2, 1), node(3, 2), node(4, 1)];
    expect(drawn(rows, (row) => row.pid === 3)).toEqual(['1?', '.2?', '..3']);
  });

  it('hides what is below a closed branch', () => {
    expect(drawn([node(1, 0), node(2, 1), node(3, 2), node(4, 0)], null, ['2'])).toEqual(['1', '.2', '4']);
  });

  it('has room for a chain deeper than the engine’s stack', () => {
    const rows = Array.from({ length: 50_000 }, (_, index) => node(index + 1, index));
    expect(forest(rows, family).at(-1)?.depth).toBe(49_999);
  });

  it('shows every row exactly once, whatever the parents are', () => {
    const next = random(9);
    for (let round = 0; round < 200; round += 1) {
      const rows = Array.from({ length: 60 }, (_, index) => node(index + 1, Math.floor(next() * 70)));
      const seen = forest(rows, family).map(({ row }) => row.pid);
      expect(seen.slice().sort((a, b) => a - b)).toEqual(rows.map(({ pid }) => pid));
    }
  });
});

describe('ancestors', () => {
  const rows = [node(1, 0), node(2, 1), node(3, 2), node(5, 6), node(6, 5)];
  const byId = new Map(rows.map((row) => [row.pid, row]));
  const above = (pid: number) =>
    ancestors(byId.get(pid) ?? node(pid, 99), byId, family).map((row) => row.pid);

  it('goes up to the root', () => {
    expect(above(3)).toEqual([2, 1]);
    expect(above(1)).toEqual([]);
    expect(above(42)).toEqual([]);
  });

  it('ends at a loop', () => {
    expect(above(5)).toEqual([6]);
  });
});
