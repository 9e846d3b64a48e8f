// What the filter box of the table of containers understands. The grammar is `lib/table-filter`'s.
import type { Container, Reading } from '../../lib/api/api';
import '../../lib/i18n/en/container';
import { part, present } from '../../lib/model/reading';
import { compile, type Field, type Fields } from '../../lib/table-filter';
import { runtimeName } from './runtimes';
import type { ContainerRow } from './rows';
import { stateText } from './state';

const words = (of: (row: ContainerRow) => readonly string[]): Field<ContainerRow> => ({
  kind: 'text',
  of: (row) => of(row).map((word) => word.toLowerCase()),
});

const number = (of: (row: ContainerRow) => number | null): Field<ContainerRow> => ({
  kind: 'number',
  of: (row, unit) => (unit === '' ? of(row) : null),
});

const share = (get: (container: Container) => Reading<number>): Field<ContainerRow> => ({
  kind: 'number',
  of: ({ container }, unit) => (unit === 'bytes' ? null : present(get(container))),
});

const names = ({ container }: ContainerRow): readonly string[] => {
  const { key, short, name } = container;
  // The whole id too, for those who paste it.
  return [present(name) ?? '', short, key.slice(key.indexOf('/') + 1)];
};
const image = ({ container }: ContainerRow): string => present(container.image) ?? '';
const labels = ({ container }: ContainerRow): readonly string[] =>
  (present(container.labels) ?? []).map(({ name, value }) => `${name}=${value}`);
const runtime = ({ container }: ContainerRow): readonly string[] => [
  container.runtime,
  runtimeName(container.runtime),
];
const users = ({ gpu }: ContainerRow): readonly string[] =>
  (present(gpu)?.processes ?? []).map(({ user }) => present(user) ?? '');
const states = ({ container }: ContainerRow): readonly string[] => [
  present(container.state) ?? '',
  present(container.health) ?? '',
  ...(present(stateText(container)) ?? '').split(' · '),
];

const fields: Fields<ContainerRow> = {
  name: words(names),
  image: words((row) => [image(row)]),
  label: words(labels),
  runtime: words(runtime),
  state: words(states),
  user: words(users),
  cpu: share((container) => container.cpu_percent),
  throttled: share((container) => container.throttled_percent),
  mem: {
    kind: 'number',
    of: ({ container }, unit) => present(unit === '%' ? container.memory_percent : container.memory_bytes),
  },
  gpu: { kind: 'number', of: ({ gpu }, unit) => (unit === '' ? (present(gpu)?.cards ?? null) : null) },
  gpumem: {
    kind: 'number',
    of: ({ gpu }, unit) =>
      unit === '%' ? null : present(part(gpu, (use): Reading<number> => use?.memory ?? { absent: 'gone' })),
  },
  tasks: number(({ container }) => present(container.tasks)),
  kills: number(({ container }) => present(container.oom_kills)),
  restarts: number(({ container }) => present(container.restarts)),
};

const freeText = (row: ContainerRow): string =>
  [...names(row), image(row), ...labels(row), ...runtime(row), row.container.pod ?? '', ...users(row)]
    // Newlines keep a word from matching across two fields.
    .join('\n')
    .toLowerCase();

export const containerFilter = (query: string) => compile(query, fields, freeText);
