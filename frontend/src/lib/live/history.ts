// The last ten minutes of each host's load, so that a chart has its past when a view is opened: from
// the server what it still knows, then from the live documents as they come. Kept while the page lives.
import type { HostDocument, Reading, RecentDocument, RecentGpu, Section } from '../api/api';
import { part, present } from '../model/reading';
import { Ring, type Columns } from '../model/ring';

export const HISTORY_MS = 10 * 60_000;

export const RING = { spanMs: HISTORY_MS, capacity: 1300, gapMs: 15_000 };

/** Who keeps rings of a part that is loaded later is told of each document here. */
export const keepers: ((document: HostDocument) => void)[] = [];

/** Each is read by a source of its own, at its own times: a ring for each. */
export class HostHistory {
  #cpu = new Ring(2, RING);
  #memory = new Ring(2, RING);
  #network = new Ring(2, RING);
  #disks = new Ring(2, RING);
  /** What the server remembers of the cards, for their keeper. */
  gpus: readonly RecentGpu[] = [];

  /** Busy and I/O wait, in percent. */
  get cpu(): Columns {
    return this.#cpu.columns();
  }

  /** Used memory and used swap, in percent. */
  get memory(): Columns {
    return this.#memory.columns();
  }

  /** Received and sent by all real interfaces, in bytes per second. */
  get network(): Columns {
    return this.#network.columns();
  }

  /** Read from and written to all disks, in bytes per second. */
  get disks(): Columns {
    return this.#disks.columns();
  }

  /** Puts what the server remembers before and between what was seen here. */
  fill({ cpu, memory, network, disks, gpus }: RecentDocument): void {
    this.gpus = gpus;
    this.#cpu = joined(this.#cpu, cpu.times_ms, [cpu.busy_percent, cpu.iowait_percent]);
    this.#memory = joined(this.#memory, memory.times_ms, [memory.used_percent, memory.swap_percent]);
    this.#network = joined(this.#network, network.times_ms, [
      network.received_bytes_per_second,
      network.sent_bytes_per_second,
    ]);
    this.#disks = joined(this.#disks, disks.times_ms, [
      disks.read_bytes_per_second,
      disks.written_bytes_per_second,
    ]);
  }

  push(document: HostDocument): void {
    const { cpu, memory, network, disks } = document;
    for (const keep of keepers) keep(document);
    add(this.#cpu, cpu, [
      (value) => part(value.usage, (usage) => usage.busy_percent),
      (value) => part(value.usage, (usage) => usage.iowait_percent),
    ]);
    add(this.#memory, memory, [
      (value) => value.used_percent,
      (value) => part(value.swap, (swap) => swap.used_percent),
    ]);
    add(this.#network, network, [
      (value) => value.received_bytes_per_second,
      (value) => value.sent_bytes_per_second,
    ]);
    add(this.#disks, disks, [
      (value) => value.read_bytes_per_second,
      (value) => value.written_bytes_per_second,
    ]);
  }
}

function add<T>(ring: Ring, section: Section<T>, columns: readonly ((value: T) => Reading<number>)[]): void {
  const at = present(section.taken_at_ms);
  if (at === null) return;
  ring.push(
    at,
    columns.map((column) => present(part(section.value, column))),
  );
}

export function joined(
  own: Ring,
  times: readonly number[],
  columns: readonly (readonly Reading<number>[])[],
): Ring {
  const points = new Map<number, (number | null)[]>();
  times.forEach((time, at) => {
    points.set(
      time,
      columns.map((column) => present(column[at] ?? { absent: 'gone' })),
    );
  });
  const seen = own.columns();
  seen.times.forEach((time, at) => {
    const values = seen.values.map((column) => column[at] ?? null);
    // What the ring put in to break the line is made anew below, where there is still a gap.
    const filler = values.every((value) => value === null) && seen.times[at - 1] === time - 1;
    if (!filler) points.set(time, values);
  });
  const ring = new Ring(columns.length, RING);
  for (const [time, values] of [...points].sort(([a], [b]) => a - b)) ring.push(time, values);
  return ring;
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
