// Age and trouble of a section, as the page shows them.
import type { Reason, Section } from '../api/api';
import { absence, present } from './reading';

/** Older than so many intervals is stale (docs/protocol.md). */
const STALE_INTERVALS = 3;

export type Freshness =
  /** Never read, or not even asked yet. */
  | { readonly kind: 'empty'; readonly reason: Reason }
  | { readonly kind: 'fresh' }
  | { readonly kind: 'stale'; readonly ageMs: number; readonly reason: Reason | null }
  /** Its source hangs in the kernel or a driver. */
  | { readonly kind: 'stuck'; readonly sinceMs: number; readonly ageMs: number | null }
  /** The last run failed, but the value is not old yet. */
  | { readonly kind: 'troubled'; readonly reason: Reason };

/** `now` is the server's time. */
export function freshness<T>(section: Section<T>, now: number): Freshness {
  const { problem } = section;
  const takenAt = present(section.taken_at_ms);
  const ageMs = takenAt === null ? null : Math.max(0, now - takenAt);
  if (problem?.reason === 'not_responding') {
    return { kind: 'stuck', sinceMs: Math.max(0, now - problem.since_ms), ageMs };
  }
  const absent = absence(section.value);
  if (absent !== null || ageMs === null) {
    return { kind: 'empty', reason: problem?.reason ?? absent ?? 'not_collected' };
  }
  if (ageMs > STALE_INTERVALS * section.interval_ms) {
    return { kind: 'stale', ageMs, reason: problem?.reason ?? null };
  }
  return problem ? { kind: 'troubled', reason: problem.reason } : { kind: 'fresh' };
}
