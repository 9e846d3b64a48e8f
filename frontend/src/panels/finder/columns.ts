// The columns of the table of all cards, and what its filter box understands.
import { untrack } from 'svelte';
import type { CardUser, HostRow, Reading } from '../../lib/api/api';
import '../../lib/i18n/en/finder';
import '../../lib/i18n/en/gpu';
import { t } from '../../lib/i18n/index.svelte';
import { freeMemory, type FleetCard } from '../../lib/model/fleet';
import { GPU_STATES, stateKey } from '../../lib/model/gpu-state';
import { absence, present } from '../../lib/model/reading';
import { age, serverNow } from '../../lib/model/time.svelte';
import { bytes, count } from '../../lib/model/units';
import type { Column, PlainKey } from '../../lib/table';
import { LARGEST_FIRST, reading } from '../../lib/table-columns';
import { compile, type Field, type Fields } from '../../lib/table-filter';
import { visible } from '../../lib/table-format';
import { modelName, ownerText } from '../gpu/cards';
import { nameOf } from '../hosts/words';

type Rest = Omit<Column<FleetCard>, 'id' | 'label' | 'width'>;

function column(id: string, name: string, width: number, rest: Rest): Column<FleetCard> {
  return { id, label: `fleet.col_${name}` as PlainKey, width, ...rest };
}

export const groupOf = ({ status }: HostRow): string => visible(status.group);
const stateText = ({ state }: FleetCard): string => t(stateKey(state));
const usersOf = ({ users }: FleetCard): readonly CardUser[] => present(users) ?? [];
const usersText = (card: FleetCard): string => [...new Set(usersOf(card).map(ownerText))].join(', ');

/** How long ago. Not at every tick: a line is drawn anew whenever anything in it changes. */
const ago = (at: number): string => age(untrack(serverNow) - at);
const when = (get: (card: FleetCard) => Reading<number>): Pick<Rest, 'sort' | 'text' | 'absent' | 'csv'> => ({
  ...reading(get, ago),
  csv: (card) => {
    const at = present(get(card));
    return at === null ? null : new Date(at).toISOString();
  },
});

export function fleetColumns(guest: boolean, rank: (row: HostRow) => number): readonly Column<FleetCard>[] {
  const all = [
    column('host', 'Host', 150, {
      narrowWidth: 92,
      essential: true,
      // To compare names of 8,000 cards takes longer than all else: hosts are in order already.
      sort: ({ row }) => rank(row),
      text: ({ row }) => nameOf(row),
      csv: ({ row }) => nameOf(row),
    }),
    column('group', 'Group', 110, {
      optional: true,
      sort: ({ row }) => groupOf(row),
      text: ({ row }) => groupOf(row),
    }),
    column('gpu', 'Gpu', 56, {
      narrowWidth: 40,
      essential: true,
      numeric: true,
      sort: ({ index }) => index,
      text: ({ index }) => String(index),
    }),
    column('model', 'Model', 170, { grow: true, ...reading(({ model }) => model, modelName) }),
    column('state', 'State', 140, {
      narrowWidth: 104,
      essential: true,
      sort: ({ state }) => GPU_STATES.indexOf(state),
      text: stateText,
      csv: stateText,
    }),
    column('use', 'Use', 76, { ...LARGEST_FIRST, ...reading(({ use }) => use, count) }),
    column('used', 'Used', 128, { ...LARGEST_FIRST, ...reading(({ used }) => used, bytes) }),
    column('free', 'Free', 124, {
      narrowWidth: 94,
      essential: true,
      ...LARGEST_FIRST,
      sort: freeMemory,
      text: (card) => {
        const free = freeMemory(card);
        return free === null ? '' : bytes(free);
      },
      absent: (card) => absence(card.total) ?? absence(card.used),
    }),
    column('total', 'Total', 100, {
      optional: true,
      ...LARGEST_FIRST,
      ...reading(({ total }) => total, bytes),
    }),
    column('heat', 'Heat', 84, { ...LARGEST_FIRST, ...reading(({ heat }) => heat, count) }),
    column('power', 'Power', 88, { ...LARGEST_FIRST, ...reading(({ power }) => power, count) }),
    column('users', 'Users', 130, {
      grow: true,
      sort: (card) => usersText(card) || null,
      text: usersText,
      absent: ({ users }) => absence(users),
      nothing: (card) => (usersOf(card).length === 0 ? t('fleet.nobody') : null),
    }),
    column('since', 'Since', 108, { first: 'desc', optional: true, ...when(({ since }) => since) }),
    column('idle', 'Idle', 104, {
      hint: 'fleet.col_IdleHint',
      first: 'asc',
      ...when(({ idle }) => idle),
      nothing: ({ state }) => (state === 'busy' ? t('fleet.computing') : null),
      absent: ({ state, idle }) => (state === 'busy' ? null : absence(idle)),
    }),
  ];
  return guest ? all.filter(({ id }) => id !== 'users') : all;
}

const text = (of: (card: FleetCard) => readonly string[]): Field<FleetCard> => ({
  kind: 'text',
  of: (card) => of(card).map((word) => word.toLowerCase()),
});
const number = (of: (card: FleetCard) => number | null): Field<FleetCard> => ({ kind: 'number', of });

/** A model by its whole name, and by each word of it: `model:a100` finds `NVIDIA A100-SXM4-80GB`. */
const modelWords = ({ model }: FleetCard): readonly string[] => {
  const name = present(model);
  return name === null ? [] : [name, ...name.split(/[\s-]+/)];
};

const fields: Fields<FleetCard> = {
  host: text(({ row }) => [nameOf(row), row.key]),
  group: text(({ row }) => [row.status.group]),
  model: text(modelWords),
  state: text((card) => [card.state, stateText(card)]),
  user: text((card) => usersOf(card).map(ownerText)),
  gpu: number(({ index }) => index),
  use: number(({ use }) => present(use)),
  mem: number(({ used }) => present(used)),
  free: number(freeMemory),
  temp: number(({ heat }) => present(heat)),
};

const freeText = (card: FleetCard): string =>
  // Newlines keep a word from matching across two fields.
  [
    nameOf(card.row),
    card.row.key,
    card.row.status.group,
    present(card.model) ?? '',
    stateText(card),
    usersText(card),
  ]
    .join('\n')
    .toLowerCase();

export const fleetFilter = (query: string) => compile(query, fields, freeText);
