// All that is known of one process, in words, for the drawer.
import type { ProcessRow, Reading } from '../../lib/api/api';
import '../../lib/i18n/en/table';
import '../../lib/i18n/en/process-table';
import '../../lib/i18n/en/process';
import { t } from '../../lib/i18n/index.svelte';
import { absence, present } from '../../lib/model/reading';
import { dateTime } from '../../lib/model/time.svelte';
import { bytes, count } from '../../lib/model/units';
import type { PlainKey } from '../../lib/table';
import { cpuTime, NO_READING, share } from '../../lib/table-format';
import { signed } from './columns';
import { NOTHING_ELSEWHERE, type Elsewhere } from './elsewhere';
import { placeFacts } from './places';
import { stateKey } from './states';

export interface FieldText {
  readonly label: PlainKey;
  readonly text: string;
  /** Explanation, or why there is no value. */
  readonly hint: string | undefined;
}

function written<T extends string | number>(
  label: PlainKey,
  reading: Reading<T>,
  write: (value: T) => string,
  hint?: PlainKey,
): FieldText {
  const value = present(reading);
  const reason = absence(reading);
  if (value === null) {
    const why = reason === null ? undefined : t('table.absent', { reason: t(`reason.${reason}`) });
    return { label, text: NO_READING, hint: why };
  }
  return { label, text: write(value), hint: hint === undefined ? undefined : t(hint) };
}

const percent = (value: number): string => `${share(value)}\u00a0%`;

export function processFields(
  row: ProcessRow,
  factor: number,
  other: Elsewhere = NOTHING_ELSEWHERE,
): readonly FieldText[] {
  const cpuHint = factor === 1 ? 'process.cpu_core_hint' : 'process.cpu_host_hint';
  return [
    written('process.name', row.name, String),
    written('process.state', t(stateKey(row)), String),
    written('process.user', row.user, String),
    written('process.user_id', row.user_id, String),
    ...placeFacts(row, other).map(({ label, value }) => written(label, value, String)),
    written('process.cpu', row.cpu_percent, (value) => percent(value * factor), cpuHint),
    written('process.memory', row.memory_percent, percent, 'process.memory_hint'),
    written('process.resident', row.resident_bytes, bytes, 'process.resident_hint'),
    written('process.virtual', row.virtual_bytes, bytes, 'process.virtual_hint'),
    written('process.shared', row.shared_bytes, bytes, 'process.shared_hint'),
    written('process.threads_hint', row.threads, count),
    written('process.nice', row.nice, signed, 'process.nice_hint'),
    written('process.time', row.cpu_time_seconds, cpuTime, 'process.time_hint'),
    written('process.started', row.started_at_ms, dateTime),
    written('process.kernel_thread', t(row.kernel_thread ? 'process.yes' : 'process.no'), String),
  ];
}
