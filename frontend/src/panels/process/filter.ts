// What the filter box of the process table understands. The grammar is `lib/table-filter`'s.
import type { ProcessRow } from '../../lib/api/api';
import { t } from '../../lib/i18n/index.svelte';
import { present } from '../../lib/model/reading';
import { compile, type Fields } from '../../lib/table-filter';
import { gpuUse, NOTHING_ELSEWHERE, placeOf, type Elsewhere } from './elsewhere';
import { stateKey } from './states';
import { commandText } from './words';

/** Letters of ps(1), which is what many type. */
const LETTERS: Readonly<Partial<Record<ProcessRow['state'], string>>> = {
  running: 'r',
  sleeping: 's',
  uninterruptible: 'd',
  stopped: 't',
  traced: 't',
  zombie: 'z',
  idle: 'i',
  dead: 'x',
};

/** What its container is called: by name, by short id, and by what made it and the whole id. */
function containerWords(row: ProcessRow, { names }: Elsewhere): readonly string[] {
  const { container } = placeOf(row);
  if (container === undefined) return [];
  const id = container.key.slice(container.key.indexOf('/') + 1);
  return [names.get(container.key) ?? '', container.short, id];
}

const lower = (words: readonly (string | undefined)[]): readonly string[] =>
  words.flatMap((word) => (word === undefined ? [] : [word.toLowerCase()]));

// Rows are replaced, never changed: a text stays right as long as its row lives, but for the name of a
// container that becomes known meanwhile, until the next tick.
const texts = new WeakMap<ProcessRow, string>();

function freeText(row: ProcessRow, other: Elsewhere): string {
  let text = texts.get(row);
  if (text === undefined) {
    const user = present(row.user) ?? '';
    const { slurm_job: job, unit } = placeOf(row);
    // Newlines keep a word from matching across two fields.
    const places = [...containerWords(row, other), job ?? '', unit ?? ''];
    text = [user, commandText(row), row.name, String(row.pid), ...places].join('\n').toLowerCase();
    texts.set(row, text);
  }
  return text;
}

/** `factor` turns per-core percentages into the shown ones: a filter means what is on the screen. */
export function processFilter(
  query: string,
  factor: number,
  other: Elsewhere = NOTHING_ELSEWHERE,
): ((row: ProcessRow) => boolean) | null {
  const fields: Fields<ProcessRow> = {
    user: { kind: 'text', of: (row) => [(present(row.user) ?? '').toLowerCase()] },
    name: { kind: 'text', of: (row) => [row.name.toLowerCase()] },
    state: {
      kind: 'text',
      of: (row) => [row.state, t(stateKey(row)).toLowerCase(), LETTERS[row.state] ?? row.state],
    },
    container: { kind: 'text', of: (row) => lower(containerWords(row, other)) },
    job: { kind: 'text', of: (row) => lower([placeOf(row).slurm_job]) },
    unit: { kind: 'text', of: (row) => lower([placeOf(row).unit]) },
    gpu: {
      kind: 'number',
      of: (row, unit) => (unit === '' ? (present(gpuUse(row, other))?.cards ?? null) : null),
    },
    gpumem: {
      kind: 'number',
      of: (row, unit) => {
        const use = present(gpuUse(row, other));
        return use === null || unit === '%' ? null : present(use.memory);
      },
    },
    pid: { kind: 'number', of: (row, unit) => (unit === '' ? row.pid : null) },
    ppid: { kind: 'number', of: (row, unit) => (unit === '' ? row.parent_pid : null) },
    threads: { kind: 'number', of: (row, unit) => (unit === '' ? row.threads : null) },
    nice: { kind: 'number', of: (row, unit) => (unit === '' ? row.nice : null) },
    cpu: {
      kind: 'number',
      of: (row, unit) => {
        const value = present(row.cpu_percent);
        return value === null || unit === 'bytes' ? null : value * factor;
      },
    },
    mem: {
      kind: 'number',
      of: (row, unit) => (unit === '%' ? present(row.memory_percent) : row.resident_bytes),
    },
  };
  return compile(query, fields, (row) => freeText(row, other));
}
