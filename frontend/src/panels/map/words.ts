// What the map says in words: of a host, and of a section.
import type { HostRow } from '../../lib/api/api';
import '../../lib/i18n/en/gpu';
import '../../lib/i18n/en/host-map';
import { t, tn } from '../../lib/i18n/index.svelte';
import { cardsOfRow, cellOfCard, isFree, isUp } from '../../lib/model/fleet';
import { stripWords } from '../../lib/model/gpu-state';
import type { Section } from '../../lib/model/map-layout';
import { present } from '../../lib/model/reading';
import { count, percent } from '../../lib/model/units';
import { visible } from '../../lib/table-format';
import { modelName, ownerText } from '../gpu/cards';
import { nameOf, statusWords } from '../hosts/words';

interface Fact {
  readonly text: string;
  /** Something is free there. */
  readonly free: boolean;
}

/** People that are named. */
const NAMED = 3;

/** `7 of 8 free`, model, load and people; nothing that is not known. */
export function hostFacts(row: HostRow): readonly Fact[] {
  const cards = cardsOfRow(row);
  const free = cards.filter(isFree).length;
  const models = [...new Set(cards.map(({ model }) => modelName(present(model) ?? '')).filter(Boolean))];
  const people = [...new Set((present(row.users) ?? []).map(ownerText))];
  const [cpu, memory] = [present(row.cpu_percent), present(row.memory_percent)];
  const plain = [
    models.join(', '),
    visible(row.status.group),
    cpu === null ? '' : t('map.cpu', { use: percent(cpu) }),
    memory === null ? '' : t('map.memory', { use: percent(memory) }),
    people.slice(0, NAMED).join(', ') +
      (people.length > NAMED ? ` ${t('map.more', { n: count(people.length - NAMED) })}` : ''),
  ].filter((text) => text !== '');
  const cardWords: Fact =
    cards.length === 0
      ? { text: t('map.noCards'), free: false }
      : {
          text: t('map.free', { free: isUp(row) ? count(free) : '–', total: count(cards.length) }),
          free: isUp(row) && free > 0,
        };
  return [cardWords, ...plain.map((text) => ({ text, free: false }))];
}

/** The same for those who do not see it. */
export const hostWords = (row: HostRow, now: number): string => {
  const cards = cardsOfRow(row);
  return [
    nameOf(row),
    statusWords(row.status, now),
    ...(cards.length === 0 ? [] : [stripWords(cards.map(cellOfCard))]),
    ...hostFacts(row)
      .slice(cards.length === 0 ? 0 : 1)
      .map(({ text }) => text),
  ].join(', ');
};

export const sectionGroup = ({ group }: Section): string => (group === '' ? '' : visible(group));

export function sectionModel({ model }: Section): string {
  if (model === null) return t('map.noCards');
  return model === '' ? t('map.noModel') : modelName(model);
}

export const sectionCounts = ({ model, free, total, strips }: Section): string =>
  [
    tn('map.hosts', strips.length),
    ...(model === null ? [] : [t('map.free', { free: count(free), total: count(total) })]),
  ].join(' · ');
