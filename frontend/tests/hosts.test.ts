import { describe, expect, it } from 'vitest';
import type { HostRow } from '../src/lib/api/api';
import { applyPatch } from '../src/lib/live/patch';
import { cardTop, cardWindow } from '../src/lib/model/host-layout';
import { hostTest } from '../src/lib/model/host-filter';
import { sortValue } from '../src/lib/model/host-sorts';
import { cardsOf, cellsOf, grouped, siteCounts, usersOf } from '../src/lib/model/hosts';
import { sortRows } from '../src/lib/table-sort';
import { hostRow, nextPatch, overview } from './support/cluster';

const NOW = 1_700_000_000_000;
const wanted = { hosts: 40, gpus: 8, groups: ['lab', 'cluster-2'], now: NOW };
const site = overview(wanted);
const byKey = (key: string): HostRow => {
  const row = site.hosts.find((each) => each.key === key);
  if (!row) throw new Error(`no ${key}`);
  return row;
};
const up = { hosts: 1, gpus: 4, calm: true, now: NOW } as const;
const withStates = (...states: ('free' | 'busy' | 'held' | 'fault' | 'unknown')[]): HostRow => {
  const row = hostRow(0, { ...up, gpus: states.length });
  return {
    ...row,
    card_status: row.card_status.map((card, at) => ({ ...card, state: states[at] ?? 'unknown' })),
  };
};

describe('the cards of a host', () => {
  it('are counted by state and model', () => {
    const row = withStates('free', 'busy', 'busy', 'fault');
    expect(cardsOf(row)).toEqual({
      total: 4,
      states: { free: 1, busy: 2, held: 0, fault: 1, unknown: 0 },
      models: [{ model: 'H100 80GB HBM3', total: 4, free: 1 }],
    });
  });

  it.each(['stale', 'down', 'waiting', 'maintenance'] as const)('are unknown where it is %s', (state) => {
    const row = withStates('free', 'busy');
    const other = { ...row, status: { ...row.status, state } };
    expect(cardsOf(other).states).toEqual({ free: 0, busy: 0, held: 0, fault: 0, unknown: 2 });
    expect(cellsOf(other).map((cell) => [cell.state, cell.use, cell.memory])).toEqual([
      ['unknown', null, null],
      ['unknown', null, null],
    ]);
  });

  it('are unknown where their state did not come with them', () => {
    const row = withStates('free', 'busy');
    const short = {
      ...row,
      card_status: row.card_status.slice(0, 1),
      card_percent: [],
      card_memory_bytes: [],
    };
    expect(cellsOf(short).map(({ state, use, memory }) => [state, use, memory])).toEqual([
      ['free', null, null],
      ['unknown', null, null],
    ]);
  });

  it('have no numbers where these could not be read', () => {
    const row = { ...withStates('busy'), card_percent: [{ absent: 'read_failed' } as const] };
    expect(cellsOf(row)[0]?.use).toBeNull();
  });

  it('are counted anew only when something of them changed', () => {
    const row = withStates('free', 'busy');
    const later = { ...row, cpu_percent: 3 };
    expect(cardsOf(later)).toBe(cardsOf(row));
    expect(cellsOf(later)).toBe(cellsOf(row));
    const used = { ...row, card_percent: [1, 2] };
    expect(cardsOf(used)).toBe(cardsOf(row));
    expect(cellsOf(used)).not.toBe(cellsOf(row));
    const down = { ...row, status: { ...row.status, state: 'down' as const } };
    expect(cardsOf(down)).not.toBe(cardsOf(row));
  });

  it('name their users, those on most cards first', () => {
    const row = withStates('busy', 'busy', 'busy');
    const [first] = row.users as unknown as object[];
    const on = (gpu: number, user: unknown) => ({ ...first, gpu, user }) as never;
    const users = [on(0, 'a'), on(1, 'b'), on(2, 'b'), on(2, 'b'), on(1, { absent: 'not_supported' })];
    expect(usersOf({ ...row, users })).toEqual([
      { name: 'b', cards: 2 },
      { name: 'a', cards: 1 },
      { name: null, cards: 1 },
    ]);
    expect(usersOf({ ...row, users: { absent: 'hidden' } })).toEqual([]);
  });
});

describe('the site', () => {
  it('adds up', () => {
    const counts = siteCounts(site.hosts);
    // One host was not heard of yet: how many cards it has, nobody knows.
    expect(counts.total).toBe(39 * 8);
    expect(counts.hosts).toEqual({ up: 36, stale: 1, down: 1, waiting: 1, maintenance: 1 });
    const { free, busy, held, fault, unknown } = counts.states;
    expect(free + busy + held + fault + unknown).toBe(counts.total);
    expect(unknown).toBe(3 * 8);
    expect(counts.models.reduce((sum, { total }) => sum + total, 0)).toBe(counts.total);
    expect(counts.models.reduce((sum, model) => sum + model.free, 0)).toBe(free);
    expect(free).toBeGreaterThan(0);
  });

  it('is told by groups in their order, what stands in none last', () => {
    const odd = { ...site.hosts[0], status: { ...site.hosts[0]?.status, group: '' } } as HostRow;
    const groups = grouped([odd, ...site.hosts], ['cluster-2', 'empty', 'lab']);
    expect(groups.map(({ name, rows }) => [name, rows.length])).toEqual([
      ['cluster-2', 20],
      ['lab', 20],
      ['', 1],
    ]);
  });

  it('keeps what was made of hosts that say nothing new', () => {
    const next = applyPatch(site as never, {
      replace: {},
      tables: { hosts: { changed: [{ key: 'gpu-001', cpu_percent: 1 }], dropped: [] } },
    }) as unknown as typeof site;
    expect(next.hosts[1]).toBe(site.hosts[1]);
    expect(next.hosts[0]).not.toBe(site.hosts[0]);
    expect(cellsOf(next.hosts[0] as HostRow)).toBe(cellsOf(site.hosts[0] as HostRow));
  });
});

describe('the filter', () => {
  const found = (q: string, group = '', free = false): string[] => {
    const test = hostTest({ q, group, free });
    return site.hosts.filter((row) => test?.(row) ?? true).map(({ key }) => key);
  };

  it('asks nothing where nothing is asked', () =>
    expect(hostTest({ q: ' ', group: '', free: false })).toBeNull());

  it('finds words in names, models, users and containers', () => {
    expect(found('gpu-007')).toEqual(['gpu-007']);
    expect(found('h100').length).toBe(12);
    const alice = found('alice');
    expect(alice.length).toBeGreaterThan(0);
    expect(alice).toEqual(
      site.hosts.filter((row) => usersOf(row).some(({ name }) => name === 'alice')).map(({ key }) => key),
    );
    expect(found('train').length).toBeGreaterThan(0);
  });

  it('knows fields', () => {
    expect(found('host:gpu-01')).toEqual([
      'gpu-010',
      'gpu-011',
      'gpu-012',
      'gpu-013',
      'gpu-014',
      'gpu-015',
      'gpu-016',
      'gpu-017',
      'gpu-018',
      'gpu-019',
    ]);
    expect(found('model:a100').every((key) => cardsOf(byKey(key)).models[0]?.model?.startsWith('A100'))).toBe(
      true,
    );
    expect(found('model:"h100 80gb hbm3"')).toEqual(found('model:h100'));
    expect(found('user:ALICE')).toEqual(found('alice'));
    expect(found('state:down')).toEqual(['gpu-010']);
    expect(found('state:fault')).toEqual(
      site.hosts.filter((row) => cardsOf(row).states.fault > 0).map(({ key }) => key),
    );
    expect(found('group:lab').length).toBe(20);
    expect(found('free:>5')).toEqual(
      site.hosts.filter((row) => cardsOf(row).states.free > 5).map(({ key }) => key),
    );
    expect(
      found('temp:>79').every((key) => (byKey(key).card_celsius as number[]).some((at) => at > 79)),
    ).toBe(true);
    expect(found('container:train').length).toBeGreaterThan(0);
  });

  it('compares no value that is not so now', () => {
    expect(found('cpu:>=0')).not.toContain('gpu-010');
    expect(found('cpu:>=0').length).toBe(36);
    expect(found('free:0')).not.toContain('gpu-010');
  });

  it('narrows to a group and to free cards', () => {
    expect(found('', 'lab').length).toBe(20);
    expect(found('', '', true)).toEqual(
      site.hosts.filter((row) => cardsOf(row).states.free > 0).map(({ key }) => key),
    );
    expect(found('', 'nowhere')).toEqual([]);
  });
});

describe('the order', () => {
  const sorted = (
    rows: readonly HostRow[],
    sort: Parameters<typeof sortValue>[0],
    direction: 'asc' | 'desc',
  ) =>
    sortRows(rows, { key: ({ key }) => key, value: sortValue(sort), direction, locale: 'en' }).map(
      ({ key }) => key,
    );

  it('is by free cards, those that nobody knows of last', () => {
    const keys = sorted(site.hosts, 'free', 'desc');
    const free = keys.slice(0, 36).map((key) => cardsOf(byKey(key)).states.free);
    expect(free).toEqual([...free].sort((a, b) => b - a));
    expect(keys.slice(36)).toEqual(['gpu-006', 'gpu-010', 'gpu-018', 'gpu-024']);
  });

  it('is natural by name', () => {
    const named = (name: string) => {
      const row = hostRow(0, up);
      return { ...row, key: name, status: { ...row.status, name } };
    };
    expect(sorted([named('gpu-10'), named('gpu-9'), named('gpu-1')], 'name', 'asc')).toEqual([
      'gpu-1',
      'gpu-9',
      'gpu-10',
    ]);
  });

  it('is by trouble', () => {
    const keys = sorted(site.hosts, 'state', 'asc');
    expect(keys.slice(0, 2)).toEqual(['gpu-010', 'gpu-006']);
    expect(cardsOf(byKey(keys[2] ?? '')).states.fault).toBe(1);
  });
});

describe('cards of many hosts', () => {
  const sizes = { card: 140, gap: 10, heading: 40, perRow: 4 };
  const many = overview({ hosts: 1000, groups: ['a', 'b'], now: NOW });
  const groups = grouped(many.hosts, many.groups);

  it('are all drawn where there are few', () => {
    const few = grouped(site.hosts, site.groups);
    const drawn = cardWindow(few, true, sizes, 10_000, 10_900);
    expect(drawn.blocks.map(({ rows, headed }) => [rows.length, headed])).toEqual([
      [20, true],
      [20, true],
    ]);
    expect(drawn.top).toBe(0);
    expect(drawn.height).toBe(2 * (40 + 5 * 150) - 10);
  });

  it('are drawn where they are seen, at the place they have in the whole', () => {
    for (const from of [0, 500, 17_000, 18_700, 18_800, 37_000]) {
      const drawn = cardWindow(groups, true, sizes, from, from + 900);
      const count = drawn.blocks.reduce((sum, { rows }) => sum + rows.length, 0);
      expect(count).toBeGreaterThan(0);
      expect(count).toBeLessThanOrEqual(60);
      const first = drawn.blocks[0];
      if (!first) throw new Error('nothing is drawn');
      const top = cardTop(groups, true, sizes, first.from) - (first.headed ? 40 : 0);
      expect(drawn.top).toBe(top);
      expect(drawn.top).toBeLessThanOrEqual(Math.max(0, from));
      const all = groups.flatMap(({ rows }) => rows);
      expect(first.rows[0]).toBe(all[first.from]);
    }
  });
});

describe('made-up changes', () => {
  it('fit the document that they change', () => {
    const next = applyPatch(site as never, nextPatch(wanted, 1)) as unknown as typeof site;
    expect(next.hosts.length).toBe(40);
    expect(siteCounts(next.hosts)).toEqual(siteCounts(site.hosts));
    expect(next.hosts[0]?.cpu_percent).not.toBe(site.hosts[0]?.cpu_percent);
  });
});
