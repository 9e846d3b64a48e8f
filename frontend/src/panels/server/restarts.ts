// What can be said of restarts in numbers.
import type { Restart, RestartReason } from '../../lib/api/api';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

const PLANNED: readonly RestartReason[] = ['requested', 'reloaded'];

/** Somebody wanted it: no trouble. */
export const isPlanned = ({ reason }: Restart): boolean => PLANNED.includes(reason);

/** Those of the last while; a clock that was set back since makes none unseen. */
export const within = (restarts: readonly Restart[], ms: number, now: number): readonly Restart[] =>
  restarts.filter(({ at_ms }) => now - at_ms < ms);
