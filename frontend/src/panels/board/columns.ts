// The columns of the board of users, and what its filter box understands.
import { untrack } from 'svelte';
import type { HostRow } from '../../lib/api/api';
import '../../lib/i18n/en/board';
import '../../lib/i18n/en/gpu';
import { t, tn } from '../../lib/i18n/index.svelte';
import { GPU_STATES, stateKey } from '../../lib/model/gpu-state';
import { isHeldIdle, type Holding, type Person } from '../../lib/model/people';
import { absence, present } from '../../lib/model/reading';
import { age, serverNow } from '../../lib/model/time.svelte';
import { bytes, count } from '../../lib/model/units';
import type { Column, PlainKey, SortValue } from '../../lib/table';
import { LARGEST_FIRST } from '../../lib/table-columns';
import { shortDateTime, visible } from '../../lib/table-format';
import { groupOf } from '../finder/columns';
import { modelName } from '../gpu/cards';
import { nameOf } from '../hosts/words';
import type { Line } from './lines';
import { holderName, personName } from './names';

type Rest = Omit<Column<Line>, 'id' | 'label' | 'width'>;

const column = (id: string, name: string, width: number, rest: Rest): Column<Line> => ({
  id,
  label: `board.col_${name}` as PlainKey,
  width,
  ...rest,
});

/** What is sorted by and written, of a line of a card and of one of a user. */
function plain(
  holding: (holding: Holding) => string,
  person: (person: Person) => string,
  sortPerson: (person: Person) => SortValue = person,
): Pick<Rest, 'sort' | 'text'> {
  return {
    sort: (line) => (line.kind === 'person' ? sortPerson(line.person) : holding(line.holding)),
    text: (line) => (line.kind === 'person' ? person(line.person) : holding(line.holding)),
  };
}

const moment = (at: number): string => shortDateTime(at, untrack(serverNow));
const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

export const modelOf = ({ card }: Holding): string => modelName(present(card.model) ?? '');
export const containerOf = ({ user }: Holding): string =>
  user.container === null ? '' : visible(user.container.short);
const memoryOf = (line: Line): number | null =>
  line.kind === 'person' ? line.person.memory : present(line.holding.user.memory_bytes);
const sinceOf = (line: Line): number | null =>
  line.kind === 'person' ? line.person.since : present(line.holding.user.since_ms);

/** Since when nothing computes on a card, where something holds it. */
const idleOf = (line: Line): number | null =>
  line.kind === 'holding' && isHeldIdle(line.holding) ? present(line.holding.card.idle) : null;

function processText({ user }: Holding): string {
  const name = visible(present(user.process) ?? '');
  return user.processes > 1 ? t('board.more', { name, n: count(user.processes - 1) }) : name;
}

/** Where users stand above their cards, sorting by cards sorts users by how many they hold. */
export function boardColumns(grouped: boolean, rank: (row: HostRow) => number): readonly Column<Line>[] {
  return [
    column('user', 'User', 150, {
      narrowWidth: 92,
      essential: true,
      ...plain(holderName, personName),
    }),
    column('host', 'Host', 150, {
      narrowWidth: 90,
      essential: true,
      ...plain(
        ({ card }) => nameOf(card.row),
        ({ hosts }) => tn('board.onHosts', hosts),
      ),
      sort: (line) => (line.kind === 'person' ? line.person.hosts : rank(line.holding.card.row)),
      csv: (line) => (line.kind === 'person' ? line.person.hosts : nameOf(line.holding.card.row)),
    }),
    column('group', 'Group', 110, {
      optional: true,
      ...plain(
        ({ card }) => groupOf(card.row),
        () => '',
      ),
    }),
    column('gpu', 'Gpu', 84, {
      narrowWidth: 62,
      essential: true,
      sort: (line) => (line.kind === 'person' ? line.person.cards : grouped ? null : line.holding.card.index),
      text: (line) =>
        line.kind === 'person' ? tn('board.nGpus', line.person.cards) : String(line.holding.card.index),
    }),
    column('model', 'Model', 150, { grow: true, ...plain(modelOf, () => '') }),
    column('state', 'State', 150, {
      sort: (line) =>
        line.kind === 'person' ? -line.person.held : GPU_STATES.indexOf(line.holding.card.state),
      text: (line) =>
        line.kind === 'holding'
          ? t(stateKey(line.holding.card.state))
          : line.person.held > 0
            ? t('board.nHeld', { n: count(line.person.held) })
            : '',
    }),
    column('memory', 'Memory', 104, {
      narrowWidth: 88,
      hint: 'board.col_MemoryHint',
      essential: true,
      ...LARGEST_FIRST,
      sort: memoryOf,
      text: (line) => {
        const memory = memoryOf(line);
        if (memory === null) return '';
        return line.kind === 'person' && line.person.partly ? `≥ ${bytes(memory)}` : bytes(memory);
      },
      absent: (line) => (line.kind === 'person' ? null : absence(line.holding.user.memory_bytes)),
    }),
    column('since', 'Since', 128, {
      hint: 'board.col_SinceHint',
      first: 'desc',
      sort: sinceOf,
      text: (line) => {
        const at = sinceOf(line);
        return at === null ? '' : moment(at);
      },
      absent: (line) => (line.kind === 'person' ? null : absence(line.holding.user.since_ms)),
      csv: (line) => iso(sinceOf(line)),
    }),
    column('idle', 'Idle', 96, {
      hint: 'board.col_IdleHint',
      first: 'asc',
      sort: idleOf,
      text: (line) => {
        const at = idleOf(line);
        return at === null ? '' : age(untrack(serverNow) - at);
      },
      csv: (line) => iso(idleOf(line)),
      nothing: (line) =>
        line.kind === 'holding' && line.holding.card.state === 'busy' ? t('board.computing') : null,
      absent: (line) =>
        line.kind === 'holding' && isHeldIdle(line.holding) ? absence(line.holding.card.idle) : null,
    }),
    column('process', 'Process', 140, {
      grow: true,
      hint: 'board.col_ProcessHint',
      ...plain(
        processText,
        ({ processes }) => tn('gpu.processes', processes),
        ({ processes }) => processes,
      ),
      absent: (line) => (line.kind === 'person' ? null : absence(line.holding.user.process)),
    }),
    column('container', 'Container', 140, {
      ...plain(containerOf, () => ''),
      nothing: (line) =>
        line.kind === 'holding' && line.holding.user.container === null ? t('board.noContainer') : null,
    }),
  ];
}
