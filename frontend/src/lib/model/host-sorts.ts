// In what order hosts are shown. Pure.
import type { HostRow, HostState } from '../api/api';
import type { Direction, SortValue } from '../table';
import { cardsOf, isCurrent, usersOf } from './hosts';
import { present } from './reading';

export const HOST_SORTS = [
  'free',
  'name',
  'state',
  'cpu',
  'memory',
  'network',
  'disk',
  'users',
  'model',
] as const;
export type HostSort = (typeof HOST_SORTS)[number];

/** What needs somebody comes first. */
const TROUBLE: Readonly<Record<HostState, number>> = { down: 0, stale: 1, waiting: 4, maintenance: 5, up: 6 };

function trouble(row: HostRow): number {
  const { states } = cardsOf(row);
  if (row.status.state === 'up' && states.fault > 0) return 2;
  if (row.status.state === 'up' && row.status.trouble) return 3;
  return TROUBLE[row.status.state];
}

/** A value that is not so now is none to sort by. */
const now = (row: HostRow, value: () => number | null): number | null => (isCurrent(row) ? value() : null);

const VALUES: Readonly<Record<HostSort, (row: HostRow) => SortValue>> = {
  free: (row) => now(row, () => (cardsOf(row).total === 0 ? null : cardsOf(row).states.free)),
  name: (row) => row.status.name,
  state: trouble,
  cpu: (row) => now(row, () => present(row.cpu_percent)),
  memory: (row) => now(row, () => present(row.memory_percent)),
  network: (row) =>
    now(row, () => {
      const received = present(row.received_bytes_per_second);
      const sent = present(row.sent_bytes_per_second);
      return received === null && sent === null ? null : (received ?? 0) + (sent ?? 0);
    }),
  disk: (row) => now(row, () => present(row.disk_percent)),
  users: (row) => now(row, () => usersOf(row).length),
  model: (row) => cardsOf(row).models[0]?.model ?? null,
};

/** What somebody who picks it wants to see first. */
export const firstDirection = (sort: HostSort): Direction =>
  sort === 'name' || sort === 'state' || sort === 'model' ? 'asc' : 'desc';

export const sortValue = (sort: HostSort): ((row: HostRow) => SortValue) => VALUES[sort];
