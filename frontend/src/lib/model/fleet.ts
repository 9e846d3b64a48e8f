// The cards of all hosts, one by one, made of the lines of the overview. Must not know who shows them.
import type { CardUser, GpuState, HostRow, Reading, Severity } from '../api/api';
import { collator } from '../table-sort';
import type { GpuCellData } from './gpu-state';
import { absence, present } from './reading';

/** One card of one host. */
export interface FleetCard {
  readonly key: string;
  readonly row: HostRow;
  /** Its number, as in `nvidia-smi`. */
  readonly index: number;
  readonly model: Reading<string>;
  /** How it is now; unknown where its host gives no news. */
  readonly state: GpuState;
  readonly since: Reading<number>;
  readonly idle: Reading<number>;
  readonly severity: Severity | null;
  readonly xid: number | null;
  readonly slices: readonly GpuState[];
  /** 0–100. */
  readonly use: Reading<number>;
  /** Bytes. */
  readonly used: Reading<number>;
  readonly total: Reading<number>;
  /** Degrees Celsius. */
  readonly heat: Reading<number>;
  /** Watts. */
  readonly power: Reading<number>;
  /** Who is on it; absent for guests. */
  readonly users: Reading<readonly CardUser[]>;
}

const NOT_READ: { readonly absent: 'not_collected' } = { absent: 'not_collected' };

/** Whether what is shown of a host is how it is now, and cards of it can be had. */
export const isUp = ({ status }: HostRow): boolean => status.state === 'up' && status.maintenance === null;

/** The name to show. */
export const hostName = ({ key, status }: HostRow): string => (status.name.trim() === '' ? key : status.name);

const cardsOf = new WeakMap<HostRow, readonly FleetCard[]>();
/** The newest line by its list of states: a line that changed elsewhere has the same list. */
const newest = new WeakMap<HostRow['card_status'], HostRow>();

/** What cards are made of. */
const PARTS = [
  'status',
  'hostname',
  'address',
  'cards',
  'card_percent',
  'card_memory_bytes',
  'card_celsius',
  'card_watts',
  'users',
] as const;

/** The same list as long as nothing of it changed: most lines do not between two frames. */
export function cardsOfRow(row: HostRow): readonly FleetCard[] {
  let cards = cardsOf.get(row);
  if (cards === undefined) {
    const before = newest.get(row.card_status);
    const same = before !== undefined && PARTS.every((part) => before[part] === row[part]);
    cards = (same ? cardsOf.get(before) : undefined) ?? makeCards(row);
    cardsOf.set(row, cards);
    newest.set(row.card_status, row);
  }
  return cards;
}

export const fleet = (rows: readonly HostRow[]): readonly FleetCard[] => rows.flatMap(cardsOfRow);

const NOBODY: readonly CardUser[] = [];
const WHOLE: readonly GpuState[] = [];

function makeCards(row: HostRow): readonly FleetCard[] {
  const current = isUp(row);
  const users = present(row.users);
  const hidden = absence(row.users);
  return (present(row.cards) ?? []).map((facts, place): FleetCard => {
    const status = row.card_status[place];
    const { index, slices } = facts;
    return {
      key: `${row.key}/${String(index)}`,
      row,
      index,
      model: facts.model,
      state: current ? (status?.state ?? 'unknown') : 'unknown',
      since: status?.since_ms ?? NOT_READ,
      idle: status?.idle_since_ms ?? NOT_READ,
      severity: status?.severity ?? null,
      xid: status?.xid ?? null,
      slices:
        slices.length === 0
          ? WHOLE
          : slices.map((_, slice) => (current ? (status?.slices[slice] ?? 'unknown') : 'unknown')),
      use: row.card_percent[place] ?? NOT_READ,
      used: row.card_memory_bytes[place] ?? NOT_READ,
      total: facts.memory_total_bytes,
      heat: row.card_celsius[place] ?? NOT_READ,
      power: row.card_watts[place] ?? NOT_READ,
      users:
        users === null
          ? { absent: hidden ?? 'gone' }
          : users.length === 0
            ? NOBODY
            : users.filter(({ gpu }) => gpu === index),
    };
  });
}

/** Memory that nothing holds; null where that is not known. */
export function freeMemory({ used, total }: FleetCard): number | null {
  const [all, held] = [present(total), present(used)];
  return all === null || held === null ? null : Math.max(0, all - held);
}

/** What a cell draws of a card. */
export function cellOfCard(card: FleetCard): GpuCellData {
  const numbers = card.state !== 'unknown' && card.state !== 'fault';
  const [used, total] = [present(card.used), present(card.total)];
  return {
    key: card.key,
    index: card.index,
    state: card.state,
    use: numbers ? present(card.use) : null,
    memory: numbers && used !== null && total !== null && total > 0 ? (100 * used) / total : null,
    slices: numbers ? card.slices : [],
  };
}

export interface ModelCount {
  readonly model: string;
  readonly free: number;
  readonly total: number;
}

/** Models there are, most cards first; cards of no known model are in none. */
export function models(cards: readonly FleetCard[]): readonly ModelCount[] {
  const counts = new Map<string, { free: number; total: number }>();
  for (const card of cards) {
    const model = present(card.model);
    if (model === null) continue;
    const own = counts.get(model) ?? { free: 0, total: 0 };
    counts.set(model, own);
    own.total += 1;
    if (isFree(card)) own.free += 1;
  }
  return [...counts]
    .map(([model, own]) => ({ model, ...own }))
    .sort((a, b) => b.total - a.total || collator('en').compare(a.model, b.model));
}

/** Whether somebody can have the whole card now. */
export const isFree = ({ state, slices }: FleetCard): boolean => state === 'free' && slices.length === 0;
