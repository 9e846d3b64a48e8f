// What other sections know of processes: the names of their containers, and what they do on graphics
// cards. Read apart, and met here by the key of the container and by the process id.
import type { Containers, Gpus, Place, ProcessRow, Reading } from '../../lib/api/api';
import { part, present } from '../../lib/model/reading';
import { containerNames, type ContainerNames } from '../container/names';
import { grouped, hasGpus, type GpuUse } from '../container/rows';

export interface Elsewhere {
  readonly names: ContainerNames;
  /** By process id; null on a machine without cards. */
  readonly gpus: Reading<ReadonlyMap<string, GpuUse>> | null;
}

export const NOTHING_ELSEWHERE: Elsewhere = { names: new Map(), gpus: null };

export const elsewhere = (containers: Reading<Containers>, gpus: Reading<Gpus>): Elsewhere => ({
  names: containerNames(containers),
  gpus: hasGpus(gpus) ? part(gpus, ({ processes }) => grouped(processes, ({ pid }) => String(pid))) : null,
});

/** What a process does on cards; null if nothing. */
export const gpuUse = ({ pid }: ProcessRow, { gpus }: Elsewhere): Reading<GpuUse | null> =>
  gpus === null ? null : part(gpus, (uses): Reading<GpuUse | null> => uses.get(String(pid)) ?? null);

const NOWHERE: Place = {};

export const placeOf = ({ place }: ProcessRow): Place => present(place) ?? NOWHERE;
