// The filter of hosts: what the words of `lib/table-filter` mean on a host. Pure.
import type { HostRow, HostStatus } from '../api/api';
import { compile, type Fields, type NumberField, type Test, type TextField } from '../table-filter';
import { cardsOf, isCurrent } from './hosts';
import { present } from './reading';

const lower = (text: string): string => text.toLowerCase();

/** A text and each of its words, so that `model:h100` finds `NVIDIA H100 80GB HBM3`. */
const withWords = (text: string): string[] => [text, ...text.split(/[\s/_-]+/)].map(lower);

const text = (of: (row: HostRow) => readonly string[]): TextField<HostRow> => ({ kind: 'text', of });
/** What a host says that is not up is no more so: it meets no comparison. */
const number = (of: (row: HostRow) => number | readonly number[] | null): NumberField<HostRow> => ({
  kind: 'number',
  of: (row) => (isCurrent(row) ? of(row) : null),
});

const readings = (all: HostRow['card_celsius']): number[] => all.map(present).filter((each) => each !== null);

function names(row: HostRow): string[] {
  const own = [row.status.name, row.key, present(row.hostname), present(row.address)];
  return own.filter((name) => name !== null).map(lower);
}

const models = (row: HostRow): string[] => cardsOf(row).models.flatMap(({ model }) => model ?? []);

const userNames = (row: HostRow): string[] =>
  (present(row.users) ?? []).flatMap(({ user }) => present(user) ?? []).map(lower);

function containers(row: HostRow): string[] {
  return (present(row.users) ?? [])
    .flatMap(({ container }) => (container ? [container.short, container.key] : []))
    .map(lower);
}

/** What the fields are called in an address; their order is the one of the hint. */
export const HOST_FIELDS: Fields<HostRow> = {
  user: text(userNames),
  model: text((row) => models(row).flatMap(withWords)),
  free: number((row) => cardsOf(row).states.free),
  gpus: number((row) => cardsOf(row).total),
  use: number((row) => readings(row.card_percent)),
  temp: number((row) => readings(row.card_celsius)),
  cpu: number((row) => present(row.cpu_percent)),
  mem: number((row) => present(row.memory_percent)),
  disk: number((row) => present(row.disk_percent)),
  group: text((row) => withWords(row.status.group)),
  host: text(names),
  container: text(containers),
  // Of the host, and of its cards: `state:fault` is what is looked for at three in the morning.
  state: text((row) => {
    const { states } = cardsOf(row);
    const cards = Object.entries(states).flatMap(([state, n]) => (n > 0 ? [state] : []));
    return [row.status.state, ...(isCurrent(row) ? cards : [])];
  }),
};

const texts = new WeakMap<HostStatus, { cards: unknown; users: unknown; text: string }>();

/** All that words are looked for in, lower case. Made anew when what it is made of changes. */
function freeText(row: HostRow): string {
  const last = texts.get(row.status);
  if (last && last.cards === row.cards && last.users === row.users) return last.text;
  const made = [
    ...names(row),
    lower(row.status.group),
    ...models(row).map(lower),
    ...userNames(row),
    ...containers(row),
  ].join('\n');
  texts.set(row.status, { cards: row.cards, users: row.users, text: made });
  return made;
}

export interface HostFilter {
  readonly q: string;
  /** Only of this group; empty for all. */
  readonly group: string;
  /** Only where a card is free. */
  readonly free: boolean;
}

/** The test that a filter stands for; null where nothing is asked. */
export function hostTest({ q, group, free }: HostFilter): Test<HostRow> | null {
  const asked = compile(q, HOST_FIELDS, freeText);
  const tests = [
    ...(asked ? [asked] : []),
    ...(group === '' ? [] : [(row: HostRow) => row.status.group === group]),
    ...(free ? [(row: HostRow) => cardsOf(row).states.free > 0] : []),
  ];
  return tests.length === 0 ? null : (row) => tests.every((test) => test(row));
}
