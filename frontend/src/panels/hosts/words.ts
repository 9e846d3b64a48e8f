// How hosts are called, and what is said of how they are reached.
import type { HostRow, HostState, HostStatus } from '../../lib/api/api';
import '../../lib/i18n/en/host-status';
import { t } from '../../lib/i18n/index.svelte';
import { hostName } from '../../lib/model/fleet';
import { present } from '../../lib/model/reading';
import { age } from '../../lib/model/time.svelte';
import { visible } from '../../lib/table-format';
import type { Mark } from '../../ui/StatusDot.svelte';

export const nameOf = (row: HostRow): string => visible(hostName(row));

export const MARKS: Readonly<Record<HostState, Mark>> = {
  up: 'up',
  stale: 'stale',
  down: 'down',
  waiting: 'wait',
  maintenance: 'maintenance',
};

/** `down for 3 min`; the word alone where it is not known since when, or all is well. */
export function statusWords({ state, state_since_ms }: HostStatus, now: number): string {
  const word = t(`hostStatus.${state}`);
  const since = present(state_since_ms);
  if (state === 'up' || state === 'waiting' || since === null) return word;
  return t('hostStatus.for', { state: word, age: age(now - since) });
}
