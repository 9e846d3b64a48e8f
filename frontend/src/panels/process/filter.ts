// What the filter box of the process table understands. The grammar is `lib/table-filter`'s.
import type { ProcessRow } from '../../lib/api/api';
import { t } from '../../lib/i18n/index.svelte';
import { present } from '../../lib/model/reading';
import { compile, type Fields } from '../../lib/table-filter';
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

// Rows are replaced, never changed: a text stays right as long as its row lives.
const texts = new WeakMap<ProcessRow, string>();

function freeText(row: ProcessRow): string {
  let text = texts.get(row);
  if (text === undefined) {
    const user = present(row.user) ?? '';
    // Newlines keep a word from matching across two fields.
    text = `${user}\n${commandText(row)}\n${row.name}\n${String(row.pid)}`.toLowerCase();
    texts.set(row, text);
  }
  return text;
}

/** `factor` turns per-core percentages into the shown ones: a filter means what is on the screen. */
export function processFilter(query: string, factor: number): ((row: ProcessRow) => boolean) | null {
  const fields: Fields<ProcessRow> = {
    user: { kind: 'text', of: (row) => [(present(row.user) ?? '').toLowerCase()] },
    name: { kind: 'text', of: (row) => [row.name.toLowerCase()] },
    state: {
      kind: 'text',
      of: (row) => [row.state, t(stateKey(row)).toLowerCase(), LETTERS[row.state] ?? row.state],
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
  return compile(query, fields, freeText);
}
