// What the filter box of the table of filesystems understands. The grammar is `lib/table-filter`'s.
import type { Filesystem } from '../../lib/api/api';
import '../../lib/i18n/en/filesystem';
import { t } from '../../lib/i18n/index.svelte';
import { part, present } from '../../lib/model/reading';
import { compile, type Field, type Fields } from '../../lib/table-filter';
import { inodesOf, stateOf, usedOf } from './rows';
import { stateWords } from './words';

const words = (of: (row: Filesystem) => readonly string[]): Field<Filesystem> => ({
  kind: 'text',
  of: (row) => of(row).map((word) => word.toLowerCase()),
});

/** A percentage, with or without its sign. */
const share = (of: (row: Filesystem) => number | null): Field<Filesystem> => ({
  kind: 'number',
  of: (row, unit) => (unit === 'bytes' ? null : of(row)),
});

const amount = (of: (row: Filesystem) => number | null): Field<Filesystem> => ({
  kind: 'number',
  of: (row, unit) => (unit === '%' ? null : of(row)),
});

export function filesystemFilter(query: string): ((row: Filesystem) => boolean) | null {
  const fields: Fields<Filesystem> = {
    mount: words((row) => row.mount_points),
    device: words((row) => [row.device]),
    type: words((row) => [row.filesystem_type]),
    role: words((row) => [row.role, t(`filesystem.role_${row.role}`)]),
    medium: words((row) => [row.medium, t(`filesystem.medium_${row.medium}`)]),
    state: words((row) => {
      const state = stateOf(row, 0);
      return [state.kind, stateWords(state), ...(row.read_only ? ['ro', t('filesystem.readOnly')] : [])];
    }),
    use: share((row) => present(usedOf(row))),
    inodes: share((row) => present(inodesOf(row))),
    size: amount((row) => present(part(row.space, (space) => space.total_bytes))),
    free: amount((row) => present(part(row.space, (space) => space.available_bytes))),
  };
  // Newlines keep a word from matching across two fields.
  const free = (row: Filesystem) =>
    [...row.mount_points, row.device, row.filesystem_type].join('\n').toLowerCase();
  return compile(query, fields, free);
}
