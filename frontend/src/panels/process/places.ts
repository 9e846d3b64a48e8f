// Where a process belongs and what it does on graphics cards: its columns, and its facts in the drawer.
import type { ProcessRow, Reading } from '../../lib/api/api';
import '../../lib/i18n/en/process-table';
import { t } from '../../lib/i18n/index.svelte';
import { cardList } from '../../lib/model/cards';
import { absence, part, present } from '../../lib/model/reading';
import { bytes } from '../../lib/model/units';
import type { Column, PlainKey } from '../../lib/table';
import { LARGEST_FIRST } from '../../lib/table-columns';
import { visible } from '../../lib/table-format';
import { refName } from '../container/names';
import type { GpuUse } from '../container/rows';
import { gpuUse, placeOf, type Elsewhere } from './elsewhere';

/** The narrowest place it is in: container, job, service or session. Empty if it is the machine's own. */
export function placeText(row: ProcessRow, { names }: Elsewhere): string {
  const { container, slurm_job: job, unit, session } = placeOf(row);
  if (container !== undefined) return refName(container, names);
  if (job !== undefined) return t('process.inJob', { job: visible(job) });
  if (unit !== undefined) return visible(unit);
  return session === undefined ? '' : t('process.inSession', { session: visible(session) });
}

export function placeColumn(other: Elsewhere): Column<ProcessRow> {
  const text = (row: ProcessRow) => placeText(row, other);
  return {
    id: 'place',
    label: 'process.place',
    hint: 'process.place_hint',
    width: 124,
    sort: (row) => text(row) || null,
    text,
    absent: (row) => absence(row.place),
    nothing: (row) => (text(row) === '' ? t('process.of_machine') : null),
  };
}

/** None on a machine without cards. */
export function gpuColumns(other: Elsewhere): readonly Column<ProcessRow>[] {
  if (other.gpus === null) return [];
  const use = (row: ProcessRow) => present(gpuUse(row, other));
  const memory = (row: ProcessRow): Reading<number> =>
    part(gpuUse(row, other), (one): Reading<number> => one?.memory ?? 0);
  const none = (row: ProcessRow): string | null =>
    absence(gpuUse(row, other)) === null && use(row) === null ? t('process.no_gpu') : null;
  const written = (write: (one: GpuUse) => string) => (row: ProcessRow) => {
    const one = use(row);
    return one === null ? '' : write(one);
  };
  return [
    {
      id: 'gpu',
      label: 'process.gpu',
      hint: 'process.gpu_hint',
      width: 56,
      numeric: true,
      // Those on cards first; the lowest number decides.
      sort: (row) => use(row)?.cards[0] ?? null,
      text: written(({ cards }) => cardList(cards)),
      csv: (row) => use(row)?.cards.join(' ') ?? null,
      absent: (row) => absence(gpuUse(row, other)),
      nothing: none,
    },
    {
      id: 'gpuMemory',
      label: 'process.gpu_memory',
      hint: 'process.gpu_memory_hint',
      width: 96,
      ...LARGEST_FIRST,
      sort: (row) => (use(row) === null ? null : present(memory(row))),
      text: written((one) => bytes(present(one.memory) ?? 0)),
      absent: (row) => absence(memory(row)),
      nothing: none,
    },
  ];
}

export interface PlaceFact {
  readonly label: PlainKey;
  readonly value: Reading<string>;
}

/** What applies, widest last; why nothing is known where nothing is. */
export function placeFacts(row: ProcessRow, other: Elsewhere): readonly PlaceFact[] {
  const reason = absence(row.place);
  if (reason !== null) return [{ label: 'process.place', value: { absent: reason } }];
  const { container, pod, slurm_job: job, unit, session } = placeOf(row);
  const named: readonly (readonly [PlainKey, string | undefined])[] = [
    ['process.container', container && `${refName(container, other.names)} (${container.runtime})`],
    ['process.pod', pod],
    ['process.job', job],
    ['process.unit', unit],
    ['process.session', session],
  ];
  const facts = named.flatMap(([label, text]) =>
    text === undefined ? [] : [{ label, value: visible(text) }],
  );
  const use = gpuUse(row, other);
  if (present(use) === null && absence(use) === null) return facts;
  return [
    ...facts,
    { label: 'process.gpu', value: part(use, (one) => (one ? cardList(one.cards) : '')) },
    {
      label: 'process.gpu_memory',
      value: part(use, (one): Reading<string> => (one ? part(one.memory, bytes) : '')),
    },
  ];
}
