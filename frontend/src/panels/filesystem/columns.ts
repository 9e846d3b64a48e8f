// The columns of the table of filesystems.
import { untrack } from 'svelte';
import type { Filesystem } from '../../lib/api/api';
import '../../lib/i18n/en/filesystem';
import { t } from '../../lib/i18n/index.svelte';
import { part } from '../../lib/model/reading';
import { serverNow } from '../../lib/model/time.svelte';
import { bytes, count, percent } from '../../lib/model/units';
import type { Column } from '../../lib/table';
import { LARGEST_FIRST, reading } from '../../lib/table-columns';
import { visible } from '../../lib/table-format';
import { inodesOf, mediumPlace, rolePlace, stateOf, usedOf } from './rows';
import { placeOf, stateWords } from './words';

const text = (get: (row: Filesystem) => string): Pick<Column<Filesystem>, 'sort' | 'text'> => ({
  sort: get,
  text: get,
});

export const filesystemColumns: readonly Column<Filesystem>[] = [
  {
    id: 'mount',
    label: 'filesystem.mount',
    width: 140,
    narrowWidth: 96,
    grow: true,
    essential: true,
    ...text(placeOf),
  },
  {
    id: 'role',
    label: 'filesystem.role',
    width: 80,
    // By place, then by mount point: the groups stand below each other.
    sort: (row) => `${String(rolePlace(row))} ${placeOf(row)}`,
    text: (row) => t(`filesystem.role_${row.role}`),
    csv: (row) => row.role,
  },
  { id: 'device', label: 'filesystem.device', width: 124, grow: true, ...text((row) => visible(row.device)) },
  { id: 'type', label: 'filesystem.type', width: 66, ...text((row) => visible(row.filesystem_type)) },
  {
    id: 'medium',
    label: 'filesystem.medium',
    hint: 'filesystem.medium_hint',
    width: 80,
    sort: mediumPlace,
    text: (row) => t(`filesystem.medium_${row.medium}`),
    csv: (row) => row.medium,
  },
  {
    id: 'use',
    label: 'filesystem.use',
    hint: 'filesystem.use_hint',
    width: 192,
    narrowWidth: 176,
    essential: true,
    first: 'desc',
    ...reading(usedOf, percent),
  },
  {
    id: 'size',
    label: 'filesystem.size',
    width: 78,
    ...LARGEST_FIRST,
    ...reading((row) => part(row.space, (space) => space.total_bytes), bytes),
  },
  {
    id: 'used',
    label: 'filesystem.used',
    width: 76,
    ...LARGEST_FIRST,
    ...reading((row) => part(row.space, (space) => space.used_bytes), bytes),
  },
  {
    id: 'available',
    label: 'filesystem.available',
    hint: 'filesystem.available_hint',
    width: 92,
    narrowWidth: 86,
    essential: true,
    ...LARGEST_FIRST,
    ...reading((row) => part(row.space, (space) => space.available_bytes), bytes),
  },
  {
    id: 'inodes',
    label: 'filesystem.inodes',
    hint: 'filesystem.inodes_hint',
    width: 98,
    ...LARGEST_FIRST,
    ...reading(inodesOf, percent),
  },
  {
    id: 'inodesUsed',
    label: 'filesystem.inodesUsed',
    width: 110,
    optional: true,
    ...LARGEST_FIRST,
    ...reading((row) => part(row.inodes, (inodes) => inodes.used), count),
  },
  {
    id: 'state',
    label: 'filesystem.state',
    width: 308,
    grow: true,
    // The age is all that depends on the clock: no reason to sort anew at every tick.
    ...text((row) => stateWords(stateOf(row, untrack(serverNow)))),
    csv: (row) => {
      const state = stateOf(row, 0);
      return state.kind === 'troubled' ? state.reason : state.kind;
    },
  },
];
