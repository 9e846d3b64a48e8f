// The columns of the process table: what they show, sort by and export.
import { untrack } from 'svelte';
import type { ProcessRow, Reading } from '../../lib/api/api';
import '../../lib/i18n/en/process-table';
import '../../lib/i18n/en/process';
import { t } from '../../lib/i18n/index.svelte';
import { present } from '../../lib/model/reading';
import { serverNow } from '../../lib/model/time.svelte';
import { bytes, count } from '../../lib/model/units';
import type { Column } from '../../lib/table';
import { LARGEST_FIRST, quantity, reading } from '../../lib/table-columns';
import { cpuTime, share, shortDateTime } from '../../lib/table-format';
import { NOTHING_ELSEWHERE, type Elsewhere } from './elsewhere';
import { gpuColumns, placeColumn } from './places';
import { stateKey } from './states';
import { commandText } from './words';

/** What 100 % of processor time means: one logical processor, or all of the host. */
export type CpuScale = 'core' | 'host';

/** What a per-core percentage is multiplied by to be shown. */
export function cpuFactor(scale: CpuScale, logicalProcessors: number | null): number {
  return scale === 'host' && logicalProcessors !== null && logicalProcessors > 0 ? 1 / logicalProcessors : 1;
}

/** A minus sign as wide as a digit, in place of the hyphen. */
export const signed = (value: number): string => (value < 0 ? `−${String(-value)}` : String(value));

export function processColumns(
  factor: number,
  other: Elsewhere = NOTHING_ELSEWHERE,
): readonly Column<ProcessRow>[] {
  const cpu = (row: ProcessRow): Reading<number> => {
    const value = present(row.cpu_percent);
    return value === null ? row.cpu_percent : value * factor;
  };
  return [
    {
      id: 'pid',
      label: 'process.pid',
      width: 76,
      narrowWidth: 66,
      numeric: true,
      essential: true,
      // A pid is a name: no thousands separators.
      ...quantity((row) => row.pid, String),
    },
    {
      id: 'parent',
      label: 'process.parent_pid',
      hint: 'process.parent_pid_hint',
      width: 76,
      numeric: true,
      optional: true,
      ...quantity((row) => row.parent_pid, String),
    },
    {
      id: 'user',
      label: 'process.user',
      width: 100,
      narrowWidth: 58,
      essential: true,
      ...reading((row) => row.user, String),
    },
    placeColumn(other),
    {
      id: 'state',
      label: 'process.state',
      width: 100,
      sort: (row) => t(stateKey(row)),
      text: (row) => t(stateKey(row)),
      csv: (row) => row.state,
    },
    {
      id: 'cpu',
      label: 'process.cpu',
      hint: factor === 1 ? 'process.cpu_core_hint' : 'process.cpu_host_hint',
      width: 80,
      narrowWidth: 74,
      essential: true,
      ...LARGEST_FIRST,
      ...reading(cpu, share),
    },
    {
      id: 'memory',
      label: 'process.memory',
      hint: 'process.memory_hint',
      width: 84,
      narrowWidth: 70,
      essential: true,
      ...LARGEST_FIRST,
      ...reading((row) => row.memory_percent, share),
    },
    {
      id: 'resident',
      label: 'process.resident',
      hint: 'process.resident_hint',
      width: 84,
      ...LARGEST_FIRST,
      ...quantity((row) => row.resident_bytes, bytes),
    },
    {
      id: 'virtual',
      label: 'process.virtual',
      hint: 'process.virtual_hint',
      width: 84,
      ...LARGEST_FIRST,
      ...quantity((row) => row.virtual_bytes, bytes),
    },
    {
      id: 'shared',
      label: 'process.shared',
      hint: 'process.shared_hint',
      width: 84,
      optional: true,
      ...LARGEST_FIRST,
      ...reading((row) => row.shared_bytes, bytes),
    },
    ...gpuColumns(other),
    {
      id: 'threads',
      label: 'process.threads',
      hint: 'process.threads_hint',
      width: 60,
      ...LARGEST_FIRST,
      ...quantity((row) => row.threads, count),
    },
    {
      id: 'nice',
      label: 'process.nice',
      hint: 'process.nice_hint',
      width: 52,
      numeric: true,
      optional: true,
      ...quantity((row) => row.nice, signed),
    },
    {
      id: 'time',
      label: 'process.time',
      hint: 'process.time_hint',
      width: 92,
      ...LARGEST_FIRST,
      ...quantity((row) => row.cpu_time_seconds, cpuTime),
    },
    {
      id: 'started',
      label: 'process.started',
      width: 124,
      first: 'desc',
      // The year is all that depends on the clock: no reason to draw anew at every tick.
      ...reading(
        (row) => row.started_at_ms,
        (at) => shortDateTime(at, untrack(serverNow)),
      ),
      csv: (row) => {
        const at = present(row.started_at_ms);
        return at === null ? null : new Date(at).toISOString();
      },
    },
    {
      id: 'command',
      label: 'process.command',
      width: 140,
      narrowWidth: 60,
      grow: true,
      essential: true,
      sort: commandText,
      text: commandText,
    },
  ];
}
