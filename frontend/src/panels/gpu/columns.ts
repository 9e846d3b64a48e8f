// The columns of the table of processes on cards, and what its filter box understands.
import { untrack } from 'svelte';
import type { GpuProcess, Reading, Reason } from '../../lib/api/api';
import '../../lib/i18n/en/gpu';
import '../../lib/i18n/en/gpu-processes';
import { t, tn } from '../../lib/i18n/index.svelte';
import { absence, present } from '../../lib/model/reading';
import { serverNow } from '../../lib/model/time.svelte';
import { bytes } from '../../lib/model/units';
import type { Column, PlainKey } from '../../lib/table';
import { LARGEST_FIRST } from '../../lib/table-columns';
import { compile, type Field, type Fields } from '../../lib/table-filter';
import { share, shortDateTime, visible } from '../../lib/table-format';
import { ownerText } from './cards';
import { groupCards, groupOwners, type GroupLine, type Line } from './process-rows';

type Sum = (group: GroupLine) => number | null;

/** A quantity of a process, and of a group the sum of it; a group without one says nothing. */
function quantity(
  get: (process: GpuProcess) => Reading<number>,
  write: (value: number) => string,
  sum: Sum = () => null,
): Pick<Column<Line>, 'sort' | 'text' | 'absent' | 'nothing'> {
  const value = (line: Line): number | null =>
    line.kind === 'group' ? sum(line) : present(get(line.process));
  return {
    sort: value,
    text: (line) => {
      const known = value(line);
      return known === null ? '' : write(known);
    },
    absent: (line) => (line.kind === 'group' ? null : absence(get(line.process))),
  };
}

const plain = (
  process: (process: GpuProcess) => string,
  group: (group: GroupLine) => string,
): Pick<Column<Line>, 'sort' | 'text'> => {
  const text = (line: Line): string => (line.kind === 'group' ? group(line) : process(line.process));
  return { sort: text, text };
};

export const commandOf = ({ command, name }: GpuProcess): string =>
  visible(present(command) ?? present(name) ?? '');

const cardText = ({ gpu, slice }: GpuProcess): string => (slice === null ? String(gpu) : visible(slice));
const kindsText = ({ kinds }: GpuProcess): string => kinds.map((kind) => t(`gpus.kind_${kind}`)).join(', ');
const none = (): string => '';
const onProcess =
  (get: (process: GpuProcess) => Reading<unknown>) =>
  (line: Line): Reason | null =>
    line.kind === 'group' ? null : absence(get(line.process));

function column(
  id: string,
  name: string,
  width: number,
  rest: Omit<Column<Line>, 'id' | 'label' | 'width'>,
): Column<Line> {
  return { id, label: `gpus.col_${name}` as PlainKey, width, ...rest };
}

const shareColumn = (
  id: string,
  name: string,
  get: (process: GpuProcess) => Reading<number>,
  sum?: Sum,
): Column<Line> =>
  column(id, name, 76, {
    hint: `gpus.col_${name}Hint` as PlainKey,
    ...LARGEST_FIRST,
    ...quantity(get, share, sum),
  });

export function gpuProcessColumns(): readonly Column<Line>[] {
  return [
    column('where', 'Where', 190, {
      hint: 'gpus.col_WhereHint',
      narrowWidth: 96,
      essential: true,
      sort: (line) => line.where,
      text: (line) => line.where,
      absent: onProcess((process) => process.place),
    }),
    column('gpu', 'Gpu', 62, { narrowWidth: 56, essential: true, ...plain(cardText, groupCards) }),
    column('pid', 'Pid', 84, {
      numeric: true,
      sort: (line) => (line.kind === 'group' ? null : line.process.pid),
      text: (line) => (line.kind === 'group' ? '' : String(line.process.pid)),
    }),
    column('user', 'User', 120, {
      narrowWidth: 76,
      essential: true,
      ...plain(ownerText, groupOwners),
    }),
    column('since', 'Since', 124, {
      first: 'desc',
      // The year is all that depends on the clock: no reason to draw anew at every tick.
      ...quantity(
        (process) => process.started_at_ms,
        (at) => shortDateTime(at, untrack(serverNow)),
        (group) => group.since,
      ),
      csv: (line) => {
        const at = line.kind === 'group' ? line.since : present(line.process.started_at_ms);
        return at === null ? null : new Date(at).toISOString();
      },
    }),
    column('memory', 'Memory', 108, {
      narrowWidth: 92,
      hint: 'gpus.col_MemoryHint',
      essential: true,
      ...LARGEST_FIRST,
      ...quantity(
        (process) => process.memory_bytes,
        bytes,
        (group) => group.memory,
      ),
    }),
    shareColumn(
      'sm',
      'Sm',
      (process) => process.gpu_percent,
      (group) => group.gpu,
    ),
    { ...shareColumn('bandwidth', 'MemoryShare', (process) => process.memory_percent), optional: true },
    { ...shareColumn('encoder', 'Encoder', (process) => process.encoder_percent), optional: true },
    { ...shareColumn('decoder', 'Decoder', (process) => process.decoder_percent), optional: true },
    column('kind', 'Kind', 110, { hint: 'gpus.col_KindHint', optional: true, ...plain(kindsText, none) }),
    shareColumn(
      'cpu',
      'Cpu',
      (process) => process.cpu_percent,
      (group) => group.cpu,
    ),
    column('resident', 'Resident', 84, {
      hint: 'gpus.col_ResidentHint',
      ...LARGEST_FIRST,
      ...quantity((process) => process.resident_bytes, bytes),
    }),
    column('command', 'Command', 180, {
      grow: true,
      ...plain(commandOf, (group) => tn('gpu.processes', group.processes.length)),
      absent: (line) =>
        line.kind === 'group' || commandOf(line.process) !== '' ? null : absence(line.process.command),
    }),
  ];
}

const text = (of: (process: GpuProcess, line: Line) => readonly string[]): Field<Line> => ({
  kind: 'text',
  of: (line) => (line.kind === 'group' ? [] : of(line.process, line).map((word) => word.toLowerCase())),
});
const number = (of: (process: GpuProcess) => number | null): Field<Line> => ({
  kind: 'number',
  of: (line) => (line.kind === 'group' ? null : of(line.process)),
});

const fields: Fields<Line> = {
  user: text((process) => [ownerText(process)]),
  where: text((_, line) => [line.where]),
  kind: text((process) => [...process.kinds, ...process.kinds.map((kind) => t(`gpus.kind_${kind}`))]),
  gpu: number(({ gpu }) => gpu),
  pid: number(({ pid }) => pid),
  sm: number(({ gpu_percent }) => present(gpu_percent)),
  cpu: number(({ cpu_percent }) => present(cpu_percent)),
  mem: number(({ memory_bytes }) => present(memory_bytes)),
};

function freeText(line: Line): string {
  if (line.kind === 'group') return '';
  const { process, where } = line;
  // Newlines keep a word from matching across two fields.
  return [ownerText(process), where, commandOf(process), present(process.name) ?? '', String(process.pid)]
    .join('\n')
    .toLowerCase();
}

export const gpuProcessFilter = (query: string) => compile(query, fields, freeText);
