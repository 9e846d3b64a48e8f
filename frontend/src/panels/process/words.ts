// Words for a process.
import type { ProcessRow } from '../../lib/api/api';
import { present } from '../../lib/model/reading';
import { visible } from '../../lib/table-format';

/** The command line; the short name where there is none to see. */
export function commandText(row: ProcessRow): string {
  return visible(present(row.command) ?? row.name);
}
