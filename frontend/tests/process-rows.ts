// Rows for tests of the process table, and a random source that repeats itself.
import type { ProcessesDocument, ProcessRow, ProcessSummary } from '../src/lib/api/api';

export function processRow(pid: number, changes: Partial<ProcessRow> = {}): ProcessRow {
  return {
    key: `${String(pid)}-100`,
    pid,
    place: {},
    parent_pid: 1,
    name: `task${String(pid)}`,
    user: 'alice',
    user_id: 1000,
    state: 'sleeping',
    cpu_percent: 0,
    resident_bytes: 1024 ** 2,
    memory_percent: 0.1,
    virtual_bytes: 1024 ** 3,
    shared_bytes: 4096,
    cpu_time_seconds: 12,
    started_at_ms: Date.UTC(2026, 10, 20, 12),
    threads: 1,
    nice: 0,
    kernel_thread: false,
    command: `/usr/bin/task${String(pid)} --work`,
    ...changes,
  };
}

export function processesDocument(
  processes: ProcessRow[],
  changes: Partial<ProcessSummary> = {},
): ProcessesDocument {
  return {
    host: 'node-1',
    summary: {
      taken_at_ms: Date.UTC(2026, 10, 20, 12),
      interval_ms: 2000,
      problem: null,
      value: {
        total: processes.length,
        running: 0,
        uninterruptible: 0,
        stopped: 0,
        zombie: 0,
        threads: processes.length,
        kernel_threads: 0,
        sees_other_users: true,
        ...changes,
      },
    },
    processes,
  };
}

/** Numbers from 0 to below 1, the same for the same seed. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
