// The words for what a process does. Apart from `words`, which the first view needs.
import type { ProcessRow } from '../../lib/api/api';
import '../../lib/i18n/en/process-table';
import type { PlainKey } from '../../lib/table';

export function stateKey(row: ProcessRow): PlainKey {
  return `process.state_${row.state}`;
}
