// How to find the processes of somebody on the cards, and why nobody is listed.
import type { Gpus, GpuUser, Reading } from '../../lib/api/api';
import { present } from '../../lib/model/reading';
import { termFor } from '../../lib/table-filter';

/** What the filter of the processes must be to find them; null where it has no way to say it. */
export function filterFor({ user }: GpuUser): string | null {
  const name = present(user);
  return name === null ? null : termFor('user', name);
}

export type Nobody = 'none' | 'hidden' | 'unknown';

/**
 * Why nobody is listed on any card: nobody is there, or it is not for this viewer, or it cannot be told. No
 * reading is not the same as nobody.
 */
export function nobody({ driver }: Gpus, counts: readonly Reading<number>[], guest: boolean): Nobody {
  const known = counts.map(present).filter((count) => count !== null);
  if (known.some((count) => count > 0)) return guest ? 'hidden' : 'unknown';
  return driver === 'running' && known.length > 0 ? 'none' : 'unknown';
}
