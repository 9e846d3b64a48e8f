// Who is on which card, made of the lines of the overview: a line for each user on each card, and what it
// comes to for each user. Must not know who looks.
import type { CardUser, HostRow } from '../api/api';
import { collator } from '../table-sort';
import { cardsOfRow, type FleetCard } from './fleet';
import { absence, present } from './reading';

/** One user on one card. */
export interface Holding {
  readonly key: string;
  /** What names the user in an address: see `personId`. */
  readonly person: string;
  readonly user: CardUser;
  readonly card: FleetCard;
}

/** A user and all that is held. */
export interface Person {
  readonly id: string;
  /** One that stands for all: who they are is the same in each. */
  readonly user: CardUser;
  /** In the order of hosts, then cards. */
  readonly holdings: readonly Holding[];
  readonly cards: number;
  /** Cards that are held and compute nothing. */
  readonly held: number;
  readonly hosts: number;
  /** Bytes, of those that are known; null where none is. */
  readonly memory: number | null;
  /** Whether some of the memory is not known. */
  readonly partly: boolean;
  readonly processes: number;
  /** Start of the oldest process; null where it is not known. */
  readonly since: number | null;
}

/**
 * The name; a number without one is a user of its host: `#1004@gpu-1`; who is not even a number is unknown
 * on that host. A name that begins with `#` has a second one before it, so that none can pose as another, and
 * so have `.` and `..`, which no address can have in it.
 */
export function personId({ user, user_id }: CardUser, { key }: HostRow): string {
  const name = present(user);
  if (name !== null) return /^(#|\.\.?$)/.test(name) ? `#${name}` : name;
  const id = present(user_id);
  return `#${id === null ? '?' : String(id)}@${key}`;
}

const holdingsOf = new WeakMap<readonly FleetCard[], readonly Holding[]>();

function holdingsOfRow(row: HostRow): readonly Holding[] {
  const cards = cardsOfRow(row);
  let own = holdingsOf.get(cards);
  if (own === undefined) {
    own = cards.flatMap((card) =>
      (present(card.users) ?? []).map((user, place) => {
        const person = personId(user, row);
        // Two numbers may have the same name: that of a container and that of its host.
        return { key: `${card.key}/${String(place)}/${person}`, person, user, card };
      }),
    );
    holdingsOf.set(cards, own);
  }
  return own;
}

export const holdings = (rows: readonly HostRow[]): readonly Holding[] => rows.flatMap(holdingsOfRow);

/** Whether the card of a holding is held and computes nothing, as far as is known now. */
export const isHeldIdle = ({ card }: Holding): boolean => card.state === 'held';

/** Whether the viewer may not see who is on the cards: then it is so of every host that has some. */
export function peopleHidden(rows: readonly HostRow[]): boolean {
  const withCards = rows.filter((row) => (present(row.cards) ?? []).length > 0);
  return withCards.length > 0 && withCards.every((row) => absence(row.users) === 'hidden');
}

/** Users, most cards first, then most memory; what each holds in the order in which it comes. */
export function peopleOf(all: readonly Holding[]): readonly Person[] {
  const byPerson = new Map<string, Holding[]>();
  for (const holding of all) {
    const own = byPerson.get(holding.person);
    if (own) own.push(holding);
    else byPerson.set(holding.person, [holding]);
  }
  return [...byPerson]
    .map(([id, own]) => personOf(id, own))
    .sort(
      (a, b) =>
        b.cards - a.cards || (b.memory ?? -1) - (a.memory ?? -1) || collator('en').compare(a.id, b.id),
    );
}

function personOf(id: string, own: readonly Holding[]): Person {
  const memories = own.map(({ user }) => present(user.memory_bytes)).filter((bytes) => bytes !== null);
  const starts = own.map(({ user }) => present(user.since_ms)).filter((at) => at !== null);
  return {
    id,
    user: (own[0] as Holding).user,
    holdings: own,
    cards: distinct(own),
    held: distinct(own.filter(isHeldIdle)),
    hosts: distinctHosts(own),
    memory: memories.length === 0 ? null : memories.reduce((sum, bytes) => sum + bytes, 0),
    partly: memories.length < own.length,
    processes: own.reduce((sum, { user }) => sum + user.processes, 0),
    since: starts.length === 0 ? null : Math.min(...starts),
  };
}

/** By the card itself, which is the same object in each line of it: names would have to be compared. */
const distinct = (own: readonly Holding[]): number => new Set(own.map(({ card }) => card)).size;
const distinctHosts = (own: readonly Holding[]): number => new Set(own.map(({ card }) => card.row)).size;

export interface Totals {
  readonly people: number;
  /** Cards that somebody is on, each counted once. */
  readonly cards: number;
  readonly held: number;
  readonly hosts: number;
  readonly memory: number | null;
}

export function totals(all: readonly Holding[]): Totals {
  const memories = all.map(({ user }) => present(user.memory_bytes)).filter((bytes) => bytes !== null);
  return {
    people: new Set(all.map(({ person }) => person)).size,
    cards: distinct(all),
    held: distinct(all.filter(isHeldIdle)),
    hosts: distinctHosts(all),
    memory: memories.length === 0 ? null : memories.reduce((sum, bytes) => sum + bytes, 0),
  };
}
