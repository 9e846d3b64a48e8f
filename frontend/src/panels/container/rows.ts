// Containers together with what processes of them do on graphics cards. The two are read apart and
// meet here, by the key of the container.
import type { Container, Containers, GpuProcess, Gpus, Reading } from '../../lib/api/api';
import { absence, part, present } from '../../lib/model/reading';

/** What processes of one container do on cards. */
export interface GpuUse {
  /** By card, then process id. */
  readonly processes: readonly GpuProcess[];
  readonly cards: readonly number[];
  /** Of all of them whose memory is known; absent if that is none. */
  readonly memory: Reading<number>;
}

export interface ContainerRow {
  readonly container: Container;
  /** Null where no process of it is on a card. */
  readonly gpu: Reading<GpuUse | null>;
}

/** Whether there is anything to say of cards: not on a machine without. */
export function hasGpus(gpus: Reading<Gpus>): boolean {
  const reason = absence(gpus);
  if (reason !== null) return !['not_supported', 'not_installed', 'not_collected'].includes(reason);
  const value = present(gpus);
  return value !== null && value.cards.length + value.processes.length > 0;
}

/** Memory that is known of some; why it is not, if of none. */
export function memoryOf(processes: readonly GpuProcess[]): Reading<number> {
  const known = processes.map(({ memory_bytes: bytes }) => present(bytes)).filter((bytes) => bytes !== null);
  if (known.length > 0) return known.reduce((sum, bytes) => sum + bytes, 0);
  return processes[0]?.memory_bytes ?? { absent: 'not_supported' };
}

/** Processes on cards by a name that some of them have. */
export function grouped(
  processes: readonly GpuProcess[],
  name: (process: GpuProcess) => string | null,
): ReadonlyMap<string, GpuUse> {
  const groups = new Map<string, GpuProcess[]>();
  for (const process of processes) {
    const group = name(process);
    if (group === null) continue;
    const found = groups.get(group);
    if (found === undefined) groups.set(group, [process]);
    else found.push(process);
  }
  const uses = new Map<string, GpuUse>();
  for (const [group, own] of groups) {
    const cards = [...new Set(own.map(({ gpu }) => gpu))].sort((a, b) => a - b);
    uses.set(group, { processes: own, cards, memory: memoryOf(own) });
  }
  return uses;
}

const containerOf = ({ place }: GpuProcess): string | null => present(place)?.container?.key ?? null;

export function joined(containers: Reading<Containers>, gpus: Reading<Gpus>): readonly ContainerRow[] {
  const uses = part(gpus, ({ processes }) => grouped(processes, containerOf));
  return (present(containers)?.rows ?? []).map((container) => ({
    container,
    gpu: part(uses, (all): Reading<GpuUse | null> => all.get(container.key) ?? null),
  }));
}

/** Whether its memory is close to its own limit; that of the machine is not the container's to answer for. */
export const isLimited = ({ memory_limit_bytes: limit }: Container): boolean => present(limit) !== null;

/** Whether it has nearly all the tasks that it may have: then it can start no more. */
export function tasksFull({ tasks, tasks_limit: limit }: Container): boolean {
  const [now, most] = [present(tasks), present(limit)];
  return now !== null && most !== null && now >= most * 0.9;
}

/** Whether processes of it are being killed for want of memory just now. */
export const killsNow = ({ oom_kills_per_second: rate }: Container): boolean => (present(rate) ?? 0) > 0;
