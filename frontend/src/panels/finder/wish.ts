// What the finder is asked, as it stands in fields and in the address.
import type { Wish } from '../../lib/model/finder';

export const GIB = 1024 ** 3;
/** As the server takes it. */
export const GPUS_MAX = 65_536;
export const MEMORY_MAX_GIB = 65_536;
const MODEL_MAX = 128;

/** A number as people type it, between two others; null for anything else. */
export function whole(text: string, least: number, most: number): number | null {
  if (!/^\d{1,9}$/.test(text.trim())) return null;
  const value = Number(text);
  return value >= least && value <= most ? value : null;
}

/** Parameters of the address that are left out where they are as usual. */
export const WISH_DEFAULTS = { n: '1', mem: '', model: '', same: '1' } as const;

export function wishOf(query: (name: keyof typeof WISH_DEFAULTS) => string): Wish {
  return {
    gpus: whole(query('n'), 1, GPUS_MAX) ?? 1,
    memory: (whole(query('mem'), 0, MEMORY_MAX_GIB) ?? 0) * GIB,
    model: query('model').slice(0, MODEL_MAX),
    sameHost: query('same') !== '0',
  };
}

export function wishQuery(wish: Wish): Record<keyof typeof WISH_DEFAULTS, string> {
  return {
    n: String(wish.gpus),
    mem: wish.memory === 0 ? '' : String(Math.floor(wish.memory / GIB)),
    model: wish.model,
    same: wish.sameHost ? '1' : '0',
  };
}
