// Whether there is anything to say of how a host is reached. Apart from the words, which are fetched only
// when there is.
import type { HostStatus } from '../../lib/api/api';

export const isQuiet = ({ state, trouble, clock_ahead_ms }: HostStatus): boolean =>
  state === 'up' && trouble === null && clock_ahead_ms === null;

/** Whether what is shown is how it is now. */
export const isCurrent = ({ state }: HostStatus): boolean => state === 'up';
