// What the filter box of the table of disks understands. The grammar is `lib/table-filter`'s.
import type { Disk, DiskActivity, Reading } from '../../lib/api/api';
import '../../lib/i18n/en/disk';
import { t } from '../../lib/i18n/index.svelte';
import { part, present } from '../../lib/model/reading';
import { compile, type Field } from '../../lib/table-filter';
import { kindKey } from './columns';

const words = (of: (row: Disk) => readonly string[]): Field<Disk> => ({
  kind: 'text',
  of: (row) => of(row).map((word) => word.toLowerCase()),
});

const now = (get: (activity: DiskActivity) => Reading<number>): Field<Disk> => ({
  kind: 'number',
  of: (row) => present(part(row.activity, get)),
});

export function diskFilter(query: string): ((row: Disk) => boolean) | null {
  const model = (row: Disk) => present(row.model) ?? '';
  return compile<Disk>(
    query,
    {
      name: words((row) => [row.name, row.key]),
      model: words((row) => [model(row)]),
      kind: words((row) => [row.kind, t(kindKey(row))]),
      busy: now((activity) => activity.busy_percent),
      read: now((activity) => activity.read_bytes_per_second),
      write: now((activity) => activity.written_bytes_per_second),
      queue: now((activity) => activity.queue_length),
      size: { kind: 'number', of: (row) => present(row.size_bytes) },
    },
    (row) => [row.name, row.key, model(row)].join('\n').toLowerCase(),
  );
}
