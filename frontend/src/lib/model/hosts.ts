// What the lines of hosts come to: cards by state and model, and what a cell draws of each. Pure. What
// was made of a part of a line is kept as long as the part is the same object, which it is while the
// server says nothing new of it: of a thousand hosts most say nothing new at a time.
import type { CardStatus, GpuState, HostRow, HostState } from '../api/api';
import { visible } from '../table-format';
import { GPU_STATES, type GpuCellData } from './gpu-state';
import { present } from './reading';

/** By what is looked for first. */
export const HOST_STATES: readonly HostState[] = ['up', 'stale', 'down', 'waiting', 'maintenance'];

export type StateCounts = Readonly<Record<GpuState, number>>;

export interface ModelCount {
  /** `H100 80GB HBM3`: everybody knows who makes them. Null where it could not be read. */
  readonly model: string | null;
  readonly total: number;
  readonly free: number;
}

/** The cards of one host. */
export interface HostCards {
  readonly total: number;
  readonly states: StateCounts;
  /** By number of cards. */
  readonly models: readonly ModelCount[];
}

/** All cards and hosts of a site. */
export interface SiteCounts extends HostCards {
  readonly hosts: Readonly<Record<HostState, number>>;
}

const noStates = (): Record<GpuState, number> => ({ free: 0, busy: 0, held: 0, fault: 0, unknown: 0 });

export const shortModel = (name: string): string => visible(name.replace(/^NVIDIA /, ''));

/** Whether what the line says is so now. Of a host in maintenance nothing is offered or blamed. */
export const isCurrent = ({ status }: HostRow): boolean => status.state === 'up';

/** How a card counts: nobody knows how it is while there are no news of its host. */
const stateOf = (row: HostRow, card: CardStatus | undefined): GpuState =>
  card && isCurrent(row) ? card.state : 'unknown';

/** Keeps what is made of a line until one of its parts is another object. */
function kept<T>(parts: (row: HostRow) => readonly [object, ...unknown[]], make: (row: HostRow) => T) {
  const made = new WeakMap<object, { readonly of: readonly unknown[]; readonly value: T }>();
  return (row: HostRow): T => {
    const of = parts(row);
    const last = made.get(of[0]);
    if (last?.of.every((part, at) => part === of[at])) return last.value;
    const value = make(row);
    made.set(of[0], { of, value });
    return value;
  };
}

/** Cards in numbers. A host without any has none of each. */
export const cardsOf: (row: HostRow) => HostCards = kept(
  (row) => [row.card_status, row.cards, row.status.state],
  (row) => {
    const facts = present(row.cards) ?? [];
    const states = noStates();
    const models = new Map<string | null, { model: string | null; total: number; free: number }>();
    facts.forEach(({ model: reading }, at) => {
      const state = stateOf(row, row.card_status[at]);
      const name = present(reading);
      const model = name === null ? null : shortModel(name);
      const known = models.get(model) ?? { model, total: 0, free: 0 };
      models.set(model, known);
      known.total += 1;
      if (state === 'free') known.free += 1;
      states[state] += 1;
    });
    return { total: facts.length, states, models: byTotal([...models.values()]) };
  },
);

const byTotal = (models: ModelCount[]): ModelCount[] =>
  models.sort((a, b) => b.total - a.total || (a.model ?? '').localeCompare(b.model ?? ''));

/** What cells draw. The numbers of a card that nobody knows the state of are not shown as if they were so. */
export const cellsOf: (row: HostRow) => readonly GpuCellData[] = kept(
  (row) => [row.card_status, row.cards, row.card_percent, row.card_memory_bytes, row.status.state],
  (row) =>
    (present(row.cards) ?? []).map(({ index, memory_total_bytes }, at) => {
      const card = row.card_status[at];
      const state = stateOf(row, card);
      const numbers = state !== 'unknown' && state !== 'fault';
      const total = present(memory_total_bytes);
      const used = at < row.card_memory_bytes.length ? present(row.card_memory_bytes[at] ?? null) : null;
      return {
        key: String(index),
        index,
        state,
        use: numbers && at < row.card_percent.length ? present(row.card_percent[at] ?? null) : null,
        memory: numbers && used !== null && total ? Math.min(100, (used / total) * 100) : null,
        slices: numbers ? (card?.slices ?? []) : [],
      };
    }),
);

export interface HostUser {
  /** Null where the number has no name. */
  readonly name: string | null;
  readonly cards: number;
}

/** Who is on the cards of a host, most cards first. Empty also where the viewer may not know. */
export const usersOf: (row: HostRow) => readonly HostUser[] = kept(
  (row) => [row.users as object],
  (row) => {
    const cards = new Map<string | null, Set<number>>();
    for (const { user, gpu } of present(row.users) ?? []) {
      const name = present(user);
      const known = cards.get(name) ?? new Set();
      cards.set(name, known.add(gpu));
    }
    return [...cards].map(([name, on]) => ({ name, cards: on.size })).sort((a, b) => b.cards - a.cards);
  },
);

/** The whole site in numbers. */
export function siteCounts(rows: readonly HostRow[]): SiteCounts {
  const states = noStates();
  const hosts: Record<HostState, number> = { up: 0, stale: 0, down: 0, waiting: 0, maintenance: 0 };
  const models = new Map<string | null, { model: string | null; total: number; free: number }>();
  let total = 0;
  for (const row of rows) {
    const own = cardsOf(row);
    hosts[row.status.state] += 1;
    total += own.total;
    for (const state of GPU_STATES) states[state] += own.states[state];
    for (const { model, total: more, free } of own.models) {
      const known = models.get(model) ?? { model, total: 0, free: 0 };
      models.set(model, known);
      known.total += more;
      known.free += free;
    }
  }
  return { total, states, hosts, models: byTotal([...models.values()]) };
}

export interface HostGroup {
  /** Empty for hosts that stand in none. */
  readonly name: string;
  readonly rows: readonly HostRow[];
}

/** Rows by their groups, in the order of the groups; those in none, or in one that is not listed, come last. */
export function grouped(rows: readonly HostRow[], groups: readonly string[]): HostGroup[] {
  const found = new Map<string, HostRow[]>(groups.map((name) => [name, []]));
  for (const row of rows) {
    const own = found.get(row.status.group);
    if (own) own.push(row);
    else found.set(row.status.group, [row]);
  }
  return [...found].filter(([, own]) => own.length > 0).map(([name, own]) => ({ name, rows: own }));
}
