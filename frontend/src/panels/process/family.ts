// What makes a forest of processes.
import type { ProcessRow } from '../../lib/api/api';
import type { Family } from '../../lib/table-tree';

export const family: Family<ProcessRow> = {
  key: (row) => row.key,
  id: (row) => row.pid,
  parent: (row) => row.parent_pid,
};
