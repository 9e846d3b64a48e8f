// The last ten minutes of each card. Loaded with the first part that draws one; from then on it hears of
// every document, and the server's memory fills what was before.
import type { Gpu, HostDocument, RecentGpu } from '../api/api';
import { present } from '../model/reading';
import { Ring, type Columns } from '../model/ring';
import { RING, historyOf, joined, keepers } from './history';

/** Columns of a card's ring. */
export const GPU_COLUMNS = ['use', 'memory', 'power', 'temperature'] as const;
export type GpuColumn = (typeof GPU_COLUMNS)[number];

/** What is remembered of a card that is not there: nothing. */
const NONE: Columns = { times: [], values: GPU_COLUMNS.map(() => []) };

class CardRings {
  readonly #rings = new Map<string, Ring>();
  #filledFrom: readonly RecentGpu[] = [];
  #pushed: readonly Gpu[] | null = null;

  push(at: number, cards: readonly Gpu[]): void {
    if (cards === this.#pushed) return;
    this.#pushed = cards;
    for (const card of cards) {
      const ring = this.#rings.get(card.key) ?? new Ring(GPU_COLUMNS.length, RING);
      this.#rings.set(card.key, ring);
      ring.push(at, [
        present(card.utilisation.gpu_percent),
        present(card.memory.used_percent),
        present(card.power.draw_watts),
        present(card.temperature.gpu_celsius),
      ]);
    }
    // A card that is gone from the list is forgotten with its past.
    const keys = new Set(cards.map(({ key }) => key));
    for (const key of this.#rings.keys()) if (!keys.has(key)) this.#rings.delete(key);
  }

  /** Puts what the server remembers before and between what was seen here; the same only once. */
  fill(recent: readonly RecentGpu[]): void {
    if (recent === this.#filledFrom) return;
    this.#filledFrom = recent;
    for (const { key, times_ms, gpu_percent, memory_percent } of recent) {
      const own = this.#rings.get(key) ?? new Ring(GPU_COLUMNS.length, RING);
      this.#rings.set(key, joined(own, times_ms, [gpu_percent, memory_percent, [], []]));
    }
  }

  ring(key: string): Ring | undefined {
    return this.#rings.get(key);
  }
}

const hosts = new Map<string, CardRings>();

function ringsOf(host: string): CardRings {
  const known = hosts.get(host);
  if (known) return known;
  const fresh = new CardRings();
  hosts.set(host, fresh);
  return fresh;
}

function keep({ host, gpus }: HostDocument): void {
  const at = present(gpus.taken_at_ms);
  const value = present(gpus.value);
  if (at !== null && value !== null) ringsOf(host).push(at, value.cards);
}
keepers.push(keep);

function ringOf(document: HostDocument, key: string): Ring | undefined {
  const rings = ringsOf(document.host);
  // The document that was there before this was loaded.
  keep(document);
  rings.fill(historyOf(document.host).gpus);
  return rings.ring(key);
}

/** The last minutes of a card, the given document included. */
export const gpuHistory = (document: HostDocument, key: string): Columns =>
  ringOf(document, key)?.columns() ?? NONE;

/** Its use alone: a page may have a line for each of many cards. */
export const gpuUse = (document: HostDocument, key: string): readonly (number | null)[] =>
  ringOf(document, key)?.series(0) ?? [];
