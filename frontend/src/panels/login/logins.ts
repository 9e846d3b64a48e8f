// What can be said of sessions: columns and filter of their table, and who is here in a few lines.
import type { Login, Reading } from '../../lib/api/api';
import '../../lib/i18n/en/logins';
import { t } from '../../lib/i18n/index.svelte';
import { absence, present } from '../../lib/model/reading';
import { age } from '../../lib/model/time.svelte';
import type { Column } from '../../lib/table';
import { reading } from '../../lib/table-columns';
import { compile, type Fields } from '../../lib/table-filter';
import { visible } from '../../lib/table-format';

/** Clocks differ by a little; more than this is no login of the past. */
const SLACK_MS = 5000;

export const inFuture = (at: number, now: number): boolean => at > now + SLACK_MS;

/** A login at the machine itself comes from nowhere: that is no missing value. */
const isHere = (row: Login): boolean => absence(row.from) === 'not_supported';

export const fromText = (row: Login): string =>
  isHere(row) ? t('logins.here') : visible(present(row.from) ?? '');

export const idleText = (seconds: number): string => age(seconds * 1000);

const asDate = (row: Login): string | null => {
  const at = present(row.login_at_ms);
  return at === null ? null : new Date(at).toISOString();
};

export function loginColumns(): readonly Column<Login>[] {
  return [
    {
      id: 'user',
      label: 'logins.user',
      width: 120,
      narrowWidth: 84,
      essential: true,
      sort: (row) => row.user,
      text: (row) => visible(row.user),
    },
    {
      id: 'terminal',
      label: 'logins.terminal',
      width: 96,
      ...reading((row: Login) => row.terminal, visible),
    },
    {
      id: 'from',
      label: 'logins.from',
      width: 180,
      narrowWidth: 110,
      grow: true,
      essential: true,
      ...reading((row: Login) => row.from, visible),
      text: fromText,
      absent: (row) => (isHere(row) ? null : absence(row.from)),
    },
    {
      id: 'since',
      label: 'logins.since',
      width: 210,
      first: 'desc',
      ...reading((row: Login) => row.login_at_ms, String),
      csv: asDate,
    },
    {
      id: 'idle',
      label: 'logins.idle',
      hint: 'logins.idleHint',
      width: 84,
      narrowWidth: 64,
      essential: true,
      numeric: true,
      ...reading((row: Login) => row.idle_seconds, idleText),
    },
    {
      id: 'pid',
      label: 'logins.pid',
      hint: 'logins.pidHint',
      width: 88,
      numeric: true,
      ...reading((row: Login) => row.pid, String),
    },
  ];
}

const lower = (value: Reading<string>): readonly string[] => [(present(value) ?? '').toLowerCase()];

const fields: Fields<Login> = {
  user: { kind: 'text', of: (row) => lower(row.user) },
  from: { kind: 'text', of: (row) => lower(row.from) },
  terminal: { kind: 'text', of: (row) => lower(row.terminal) },
  pid: { kind: 'number', of: (row, unit) => (unit === '' ? present(row.pid) : null) },
};

const freeText = (row: Login): string =>
  [row.user, fromText(row), present(row.terminal) ?? '', String(present(row.pid) ?? '')]
    .join('\n')
    .toLowerCase();

export const loginFilter = (query: string) => compile(query, fields, freeText);

export interface Person {
  readonly user: string;
  readonly sessions: number;
  /** Their session in which something was typed last. */
  readonly newest: Login;
}

/** One line for each who is logged in, those who are at it first. */
export function people(sessions: readonly Login[]): readonly Person[] {
  const idle = (row: Login): number => present(row.idle_seconds) ?? Infinity;
  const found = new Map<string, Person>();
  for (const row of sessions) {
    const known = found.get(row.user);
    found.set(row.user, {
      user: row.user,
      sessions: (known?.sessions ?? 0) + 1,
      newest: known && idle(known.newest) <= idle(row) ? known.newest : row,
    });
  }
  return [...found.values()].sort((a, b) => {
    const [first, second] = [idle(a.newest), idle(b.newest)];
    return first === second ? a.user.localeCompare(b.user) : first - second;
  });
}
