// Rows of the table of processes on cards: a process, or the place that several of them share.
import type { GpuProcess, Place } from '../../lib/api/api';
import '../../lib/i18n/en/gpu';
import { absence, present } from '../../lib/model/reading';
import type { Family } from '../../lib/table-tree';
import { ownerText } from './cards';
import { placeKey, placeWords } from './places';
import type { ContainerNames } from '../container/names';

export interface ProcessLine {
  readonly kind: 'process';
  readonly key: string;
  readonly id: number;
  readonly parent: number;
  readonly process: GpuProcess;
  readonly where: string;
}

export interface GroupLine {
  readonly kind: 'group';
  readonly key: string;
  readonly id: number;
  readonly parent: number;
  readonly where: string;
  readonly processes: readonly GpuProcess[];
  /** Sums of what is known of its processes; null where it is known of none. */
  readonly memory: number | null;
  readonly gpu: number | null;
  readonly cpu: number | null;
  readonly since: number | null;
}

export type Line = ProcessLine | GroupLine;

export const lineFamily: Family<Line> = {
  key: (line) => line.key,
  id: (line) => line.id,
  parent: (line) => line.parent,
};

const NO_PLACE: Place = {};

function sum(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((total, value) => total + value, 0);
}

/** Where a process belongs, in words; empty where that is not known. */
function whereOf(process: GpuProcess, names: ContainerNames): string {
  const place = present(process.place);
  return place === null ? '' : placeWords(place, names);
}

const lineOf = (process: GpuProcess, id: number, parent: number, names: ContainerNames): ProcessLine => ({
  kind: 'process',
  key: process.key,
  id,
  parent,
  process,
  where: whereOf(process, names),
});

export const processLines = (
  processes: readonly GpuProcess[],
  names: ContainerNames,
): readonly ProcessLine[] => processes.map((process, at) => lineOf(process, at + 1, 0, names));

/** A line for each place, and below it its processes. What has no known place has one in common. */
export function groupedLines(processes: readonly GpuProcess[], names: ContainerNames): readonly Line[] {
  const groups = new Map<string, GpuProcess[]>();
  for (const process of processes) {
    const reason = absence(process.place);
    const key = reason === null ? placeKey(present(process.place) ?? NO_PLACE) : `absent ${reason}`;
    const known = groups.get(key);
    if (known) known.push(process);
    else groups.set(key, [process]);
  }
  let id = 0;
  return [...groups].flatMap(([key, own]): Line[] => {
    id += 1;
    const parent = id;
    const first = own[0];
    const starts = own.map((process) => present(process.started_at_ms)).filter((at) => at !== null);
    const group: GroupLine = {
      kind: 'group',
      key: `group ${key}`,
      id: parent,
      parent: 0,
      where: first === undefined ? '' : whereOf(first, names),
      processes: own,
      memory: sum(own.map((process) => present(process.memory_bytes))),
      gpu: sum(own.map((process) => present(process.gpu_percent))),
      cpu: sum(own.map((process) => present(process.cpu_percent))),
      since: starts.length === 0 ? null : Math.min(...starts),
    };
    return [
      group,
      ...own.map((process) => {
        id += 1;
        return lineOf(process, id, parent, names);
      }),
    ];
  });
}

/** Who is in a group, each once. */
export const groupOwners = ({ processes }: GroupLine): string =>
  [...new Set(processes.map(ownerText))].join(', ');

/** Its cards, in order. */
export const groupCards = ({ processes }: GroupLine): string =>
  [...new Set(processes.map(({ gpu }) => gpu))].sort((a, b) => a - b).join(', ');
