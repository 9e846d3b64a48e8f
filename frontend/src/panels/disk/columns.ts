// The columns of the table of disks.
import type { Disk, DiskActivity, Reading, Seconds } from '../../lib/api/api';
import '../../lib/i18n/en/disk';
import { t } from '../../lib/i18n/index.svelte';
import { absence, part, present } from '../../lib/model/reading';
import { bytes, bytesPerSecond, count, decimal, percent, runTime } from '../../lib/model/units';
import type { Column, PlainKey } from '../../lib/table';
import { LARGEST_FIRST, quantity, reading } from '../../lib/table-columns';
import { visible } from '../../lib/table-format';

const KINDS: readonly Disk['kind'][] = ['disk', 'raid', 'mapped', 'network', 'memory', 'other'];

export function kindKey({ kind, rotational }: Disk): PlainKey {
  const turns = present(rotational);
  if (kind !== 'disk' || turns === null) return `disk.kind_${kind}`;
  return turns ? 'disk.kind_hdd' : 'disk.kind_ssd';
}

type Get = (activity: DiskActivity) => Reading<number>;
const now = (get: Get, write: (value: number) => string) =>
  reading((row: Disk) => part(row.activity, get), write);
const perSecond = (value: number): string => decimal(value, value > 0 && value < 10 ? 1 : 0);

/** A mean over nothing is no missing value: it says so itself. */
function latency(get: (activity: DiskActivity) => Reading<Seconds>): Partial<Column<Disk>> & {
  sort: Column<Disk>['sort'];
  text: Column<Disk>['text'];
} {
  const idle = (row: Disk): boolean =>
    absence(row.activity) === null && absence(part(row.activity, get)) === 'measuring';
  const whole = now(get, runTime);
  return {
    ...whole,
    absent: (row) => (idle(row) ? null : (whole.absent?.(row) ?? null)),
    nothing: (row) => (idle(row) ? t('disk.noneFinished') : null),
  };
}

export const diskColumns: readonly Column<Disk>[] = [
  {
    id: 'name',
    label: 'disk.name',
    width: 104,
    narrowWidth: 106,
    essential: true,
    sort: (row) => row.name,
    text: (row) => visible(row.name),
  },
  {
    id: 'kind',
    label: 'disk.kind',
    width: 80,
    sort: (row) => `${String(KINDS.indexOf(row.kind))} ${row.name}`,
    text: (row) => t(kindKey(row)),
    csv: (row) => row.kind,
  },
  { id: 'model', label: 'disk.model', width: 120, grow: true, ...reading((row) => row.model, visible) },
  { id: 'size', label: 'disk.size', width: 74, ...LARGEST_FIRST, ...reading((row) => row.size_bytes, bytes) },
  {
    id: 'read',
    label: 'disk.readRate',
    width: 84,
    narrowWidth: 78,
    essential: true,
    ...LARGEST_FIRST,
    ...now((activity) => activity.read_bytes_per_second, bytesPerSecond),
  },
  {
    id: 'write',
    label: 'disk.writeRate',
    width: 84,
    narrowWidth: 78,
    essential: true,
    ...LARGEST_FIRST,
    ...now((activity) => activity.written_bytes_per_second, bytesPerSecond),
  },
  {
    id: 'busy',
    label: 'disk.busy',
    hint: 'disk.busy_hint',
    width: 108,
    narrowWidth: 90,
    essential: true,
    first: 'desc',
    ...now((activity) => activity.busy_percent, percent),
  },
  {
    id: 'reads',
    label: 'disk.reads',
    hint: 'disk.reads_hint',
    width: 88,
    ...LARGEST_FIRST,
    ...now((activity) => activity.reads_per_second, perSecond),
  },
  {
    id: 'writes',
    label: 'disk.writes',
    hint: 'disk.writes_hint',
    width: 92,
    ...LARGEST_FIRST,
    ...now((activity) => activity.writes_per_second, perSecond),
  },
  {
    id: 'readLatency',
    label: 'disk.readLatency',
    hint: 'disk.readLatency_hint',
    width: 96,
    ...LARGEST_FIRST,
    ...latency((activity) => activity.read_latency_seconds),
  },
  {
    id: 'writeLatency',
    label: 'disk.writeLatency',
    hint: 'disk.writeLatency_hint',
    width: 98,
    ...LARGEST_FIRST,
    ...latency((activity) => activity.write_latency_seconds),
  },
  {
    id: 'queue',
    label: 'disk.queue',
    hint: 'disk.queue_hint',
    width: 70,
    ...LARGEST_FIRST,
    ...now(
      (activity) => activity.queue_length,
      (value) => decimal(value, 1),
    ),
  },
  {
    id: 'readTotal',
    label: 'disk.readTotal',
    hint: 'disk.total_hint',
    width: 104,
    ...LARGEST_FIRST,
    ...quantity((row) => row.read_bytes_total, bytes),
  },
  {
    id: 'writtenTotal',
    label: 'disk.writtenTotal',
    hint: 'disk.total_hint',
    width: 108,
    ...LARGEST_FIRST,
    ...quantity((row) => row.written_bytes_total, bytes),
  },
  {
    id: 'readsTotal',
    label: 'disk.readsTotal',
    hint: 'disk.total_hint',
    width: 110,
    optional: true,
    ...LARGEST_FIRST,
    ...quantity((row) => row.reads_total, count),
  },
  {
    id: 'writesTotal',
    label: 'disk.writesTotal',
    hint: 'disk.total_hint',
    width: 110,
    optional: true,
    ...LARGEST_FIRST,
    ...quantity((row) => row.writes_total, count),
  },
];
