// The last ten minutes of each host's load, gathered from the live documents as they come, so that a
// chart has its past when the view is opened again. Kept while the page lives; the server's own
// history is another thing.
import type { HostDocument } from '../api/api';
import { present } from '../model/reading';
import { Ring, type Columns } from '../model/ring';

export const HISTORY_MS = 10 * 60_000;

const settings = { spanMs: HISTORY_MS, capacity: 1300, gapMs: 15_000 };

/** CPU and memory are read by different sources, at their own times: a ring for each. */
export class HostHistory {
  readonly cpu = new Ring(2, settings);
  readonly memory = new Ring(2, settings);

  push(document: HostDocument): void {
    const { cpu, memory } = document;
    const cpuAt = present(cpu.taken_at_ms);
    if (cpuAt !== null) {
      const value = present(cpu.value);
      const usage = value && present(value.usage);
      this.cpu.push(cpuAt, [usage?.busy_percent ?? null, usage?.iowait_percent ?? null]);
    }
    const memoryAt = present(memory.taken_at_ms);
    if (memoryAt !== null) {
      const value = present(memory.value);
      const swap = value && present(value.swap);
      this.memory.push(memoryAt, [
        value ? present(value.used_percent) : null,
        swap ? present(swap.used_percent) : null,
      ]);
    }
  }
}

const hosts = new Map<string, HostHistory>();

export function historyOf(host: string): HostHistory {
  const known = hosts.get(host);
  if (known) return known;
  const fresh = new HostHistory();
  hosts.set(host, fresh);
  return fresh;
}

const WINDOWS_MS = [2 * 60_000, 5 * 60_000, HISTORY_MS];

/** The time that a chart of these points shows: grows in steps, so that it is neither empty at first
 * nor moving all the time. */
export function windowFor({ times }: Columns): number {
  const span = (times.at(-1) ?? 0) - (times[0] ?? 0);
  return WINDOWS_MS.find((each) => span <= each) ?? HISTORY_MS;
}

/** Mean of a column over the last `spanMs`, or null where less than ten seconds of it are known. */
export function recentMean({ times, values }: Columns, column: number, spanMs: number): number | null {
  const newest = times.at(-1);
  if (newest === undefined) return null;
  const from = newest - spanMs;
  let sum = 0;
  let known = 0;
  let oldest = newest;
  times.forEach((time, at) => {
    const value = values[column]?.[at] ?? null;
    if (time < from || value === null) return;
    sum += value;
    known += 1;
    oldest = Math.min(oldest, time);
  });
  return known > 0 && newest - oldest >= 10_000 ? sum / known : null;
}
