// Where cards are free: the same answers as the server's finder (docs/protocol.md, `gpus/free`), over the
// same lines. A card is offered where its host is up, the card is free and whole, and as much memory is free
// on it as was asked for. What is not known is not enough.
import type { HostRow, Reading } from '../api/api';
import { collator } from '../table-sort';
import { cardsOfRow, freeMemory, hostName, isFree, isUp, type FleetCard } from './fleet';
import { present } from './reading';

/** Which cards somebody looks for. */
export interface Wish {
  /** How many, at least 1. */
  readonly gpus: number;
  /** Free on each, in bytes; 0: any. */
  readonly memory: number;
  /** A part of the model's name, letters of any case; empty: any. */
  readonly model: string;
  /** All on one host, or on several together. */
  readonly sameHost: boolean;
}

export interface Offer {
  readonly key: string;
  readonly row: HostRow;
  readonly model: Reading<string>;
  /** Numbers of the cards to take, in order. */
  readonly take: readonly number[];
  /** How many of the model are free there. */
  readonly free: number;
  /** The least free memory of those to take, in bytes; null where it is not known of one. */
  readonly memory: number | null;
  /** Since when the last of them has been idle; null where it was not seen of one. */
  readonly idle: number | null;
}

export interface Answer {
  /** Free cards that fit the model and the memory. */
  readonly free: number;
  /** Cards that fit, free or not, on hosts that are up. */
  readonly fitting: number;
  /** The best first; with several hosts together all of them are to be taken. */
  readonly offers: readonly Offer[];
  /** What comes closest where nothing fits. */
  readonly nearest: { readonly offer: Offer; readonly why: 'count' | 'memory' } | null;
}

/** Free cards of one model on one host, those to take first. */
interface Block {
  readonly row: HostRow;
  readonly model: Reading<string>;
  readonly cards: FleetCard[];
}

export function find(rows: readonly HostRow[], wish: Wish): Answer {
  const blocks: Block[] = [];
  const small: Block[] = [];
  let fitting = 0;
  for (const row of rows.filter(isUp)) {
    const here = new Map<string, Block>();
    const tooSmall = new Map<string, Block>();
    for (const card of cardsOfRow(row)) {
      if (card.slices.length > 0 || !isOfModel(card, wish.model)) continue;
      const room = has(present(card.total), wish.memory);
      if (room) fitting += 1;
      if (!isFree(card)) continue;
      add(room && has(freeMemory(card), wish.memory) ? here : tooSmall, row, card);
    }
    blocks.push(...here.values());
    small.push(...tooSmall.values());
  }
  for (const block of [...blocks, ...small]) block.cards.sort(firstToTake);
  const free = blocks.reduce((sum, { cards }) => sum + cards.length, 0);
  const offers = wish.sameHost ? onOneHost(blocks, wish.gpus) : together(blocks, wish.gpus);
  return { free, fitting, offers, nearest: offers.length > 0 ? null : nearest(blocks, small) };
}

const has = (memory: number | null, wanted: number): boolean =>
  wanted <= 0 || (memory !== null && memory >= wanted);

function isOfModel(card: FleetCard, wanted: string): boolean {
  if (wanted === '') return true;
  return present(card.model)?.toLowerCase().includes(wanted.toLowerCase()) ?? false;
}

function add(blocks: Map<string, Block>, row: HostRow, card: FleetCard): void {
  const name = present(card.model) ?? '';
  const block = blocks.get(name) ?? { row, model: card.model, cards: [] };
  blocks.set(name, block);
  block.cards.push(card);
}

/** The least first, what is not known last. */
function knownFirst(a: number | null, b: number | null): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return a - b;
}

const trouble = ({ severity }: FleetCard): number =>
  severity === 'critical' ? 2 : severity === 'warning' ? 1 : 0;

/** Cards that nothing is wrong with, then those idle for longest. */
const firstToTake = (a: FleetCard, b: FleetCard): number =>
  trouble(a) - trouble(b) || knownFirst(present(a.idle), present(b.idle)) || a.index - b.index;

/** All of them put together; null where one is not known. */
function worst(values: readonly (number | null)[], put: (...all: number[]) => number): number | null {
  const known = values.filter((value) => value !== null);
  return known.length < values.length || known.length === 0 ? null : put(...known);
}

function offer({ row, model, cards }: Block, take: number): Offer {
  const taken = cards.slice(0, take);
  return {
    key: `${row.key}/${present(model) ?? ''}`,
    row,
    model,
    take: taken.map(({ index }) => index).sort((a, b) => a - b),
    free: cards.length,
    memory: worst(taken.map(freeMemory), Math.min),
    idle: worst(
      taken.map(({ idle }) => present(idle)),
      Math.max,
    ),
  };
}

/** What wastes least: few cards left over, so that large blocks stay whole; then memory to spare. */
function best(a: Offer, b: Offer): number {
  const compare = collator('en').compare;
  return (
    a.free - a.take.length - (b.free - b.take.length) ||
    knownFirst(a.memory, b.memory) ||
    knownFirst(a.idle, b.idle) ||
    compare(hostName(a.row), hostName(b.row)) ||
    compare(a.key, b.key)
  );
}

const onOneHost = (blocks: readonly Block[], wanted: number): readonly Offer[] =>
  blocks
    .filter(({ cards }) => cards.length >= wanted)
    .map((block) => offer(block, wanted))
    .sort(best);

/** Cards of one model on as few hosts as can be; of several models only where no one has enough. */
function together(blocks: readonly Block[], wanted: number): readonly Offer[] {
  const names = new Set(blocks.map(({ model }) => present(model) ?? ''));
  const ofOne = [...names]
    .map((name) =>
      fewest(
        blocks.filter(({ model }) => (present(model) ?? '') === name),
        wanted,
      ),
    )
    .filter((offers) => offers !== null);
  const last = (offers: readonly Offer[]): Offer => offers[offers.length - 1] as Offer;
  ofOne.sort((a, b) => a.length - b.length || best(last(a), last(b)));
  return ofOne[0] ?? fewest(blocks, wanted) ?? [];
}

/** The largest blocks, and at the end the one that fits the rest best; null if all are too few. */
function fewest(blocks: readonly Block[], wanted: number): readonly Offer[] | null {
  const rest = [...blocks].sort((a, b) => b.cards.length - a.cards.length || best(offer(a, 1), offer(b, 1)));
  const offers: Offer[] = [];
  let missing = wanted;
  for (let largest = rest[0]; largest !== undefined; largest = rest[0]) {
    const fit = onOneHost(rest, missing)[0];
    if (fit !== undefined) return [...offers, fit];
    offers.push(offer(largest, largest.cards.length));
    missing -= largest.cards.length;
    rest.shift();
  }
  return null;
}

function nearest(blocks: readonly Block[], small: readonly Block[]): Answer['nearest'] {
  const whole = (block: Block): Offer => offer(block, block.cards.length);
  const mostCards = (a: Offer, b: Offer): number => b.take.length - a.take.length || best(a, b);
  const mostMemory = (a: Offer, b: Offer): number =>
    knownFirst(minus(a.memory), minus(b.memory)) || mostCards(a, b);
  const fits = blocks.map(whole).sort(mostCards)[0];
  if (fits !== undefined) return { offer: fits, why: 'count' };
  const least = small.map(whole).sort(mostMemory)[0];
  return least === undefined ? null : { offer: least, why: 'memory' };
}

const minus = (value: number | null): number | null => (value === null ? null : -value);
