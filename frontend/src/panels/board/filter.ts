// What the filter box of the board of users understands.
import '../../lib/i18n/en/gpu';
import { t } from '../../lib/i18n/index.svelte';
import { stateKey } from '../../lib/model/gpu-state';
import type { Holding } from '../../lib/model/people';
import { present } from '../../lib/model/reading';
import { compile, type Field, type Fields } from '../../lib/table-filter';
import { nameOf } from '../hosts/words';
import { containerOf, modelOf } from './columns';
import type { Line } from './lines';
import { holderName } from './names';

const text = (of: (holding: Holding) => readonly string[]): Field<Line> => ({
  kind: 'text',
  // A user stands above cards that match: by itself it matches nothing.
  of: (line) => (line.kind === 'person' ? [] : of(line.holding).map((word) => word.toLowerCase())),
});
const number = (of: (holding: Holding) => number | null): Field<Line> => ({
  kind: 'number',
  of: (line) => (line.kind === 'person' ? null : of(line.holding)),
});
const stateText = ({ card }: Holding): string => t(stateKey(card.state));

const fields: Fields<Line> = {
  user: text((holding) => [holderName(holding)]),
  host: text(({ card }) => [nameOf(card.row), card.row.key]),
  group: text(({ card }) => [card.row.status.group]),
  model: text((holding) => [modelOf(holding), ...modelOf(holding).split(/[\s-]+/)]),
  state: text((holding) => [holding.card.state, stateText(holding)]),
  process: text(({ user }) => [present(user.process) ?? '']),
  container: text((holding) => [containerOf(holding)]),
  gpu: number(({ card }) => card.index),
  mem: number(({ user }) => present(user.memory_bytes)),
};

function freeText(line: Line): string {
  if (line.kind === 'person') return '';
  const { holding } = line;
  const { row } = holding.card;
  return [
    holderName(holding),
    nameOf(row),
    row.key,
    row.status.group,
    modelOf(holding),
    stateText(holding),
    present(holding.user.process) ?? '',
    containerOf(holding),
  ]
    .join('\n')
    .toLowerCase();
}

export const boardFilter = (query: string) => compile(query, fields, freeText);
