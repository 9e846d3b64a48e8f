// How a host is, in words and marks: for its card and its row.
import type { HostRow, HostState } from '../../lib/api/api';
import '../../lib/i18n/en/home';
import '../../lib/i18n/en/trouble';
import { t, tn } from '../../lib/i18n/index.svelte';
import { cardsOf, usersOf } from '../../lib/model/hosts';
import { absence, present } from '../../lib/model/reading';
import { age, clockTime, dateTime } from '../../lib/model/time.svelte';
import { count } from '../../lib/model/units';
import { visible } from '../../lib/table-format';
import type { Mark } from '../../ui/StatusDot.svelte';

export const STATE_MARKS: Readonly<Record<HostState, Mark>> = {
  up: 'up',
  stale: 'stale',
  down: 'down',
  waiting: 'wait',
  maintenance: 'maintenance',
};

const DAY_MS = 86_400_000;

export const hostName = ({ key, status }: HostRow): string => visible(status.name || key);

/** `down 3 min`; the word alone while it is not known since when. */
export function stateWords({ status, taken_at_ms }: HostRow, now: number): string {
  const state = t(`home.state_${status.state}`);
  // Stale is how old the values are, not since when they are called old.
  const since = present(status.state === 'stale' ? taken_at_ms : status.state_since_ms);
  return since === null ? state : t('home.stateFor', { state, age: age(now - since) });
}

/** Why there are no news: `connection refused`; null while there is no trouble. */
export function troubleWords({ status: { trouble } }: HostRow): string | null {
  if (!trouble) return null;
  const reason = t(`trouble.${trouble.kind}`);
  return trouble.detail ? t('home.why', { reason, detail: visible(trouble.detail) }) : reason;
}

/** The same with what to do about it. */
export function adviceWords(row: HostRow, now: number): string | undefined {
  const { trouble } = row.status;
  const reason = troubleWords(row);
  if (!trouble || reason === null) return undefined;
  return t('home.advice', {
    age: age(now - trouble.since_ms),
    reason,
    advice: t(`trouble.${trouble.kind}.do`),
  });
}

/** `last seen 14:02:11`, with the date where that was another day. */
export function seenWords({ taken_at_ms }: HostRow, now: number): string {
  const at = present(taken_at_ms);
  if (at === null) return t('home.neverSeen');
  return t('home.lastSeen', { time: now - at < DAY_MS ? clockTime(at) : dateTime(at) });
}

/** `8 × H100 80GB HBM3`, or why that is not known. */
export function modelWords(row: HostRow): string {
  const reason = absence(row.cards);
  if (reason === 'not_supported' || reason === 'not_installed') return t('home.noGpu');
  if (reason !== null) return t('home.gpuAbsent', { reason: t(`reason.${reason}`) });
  const { models } = cardsOf(row);
  if (models.length === 0) return t('home.noGpu');
  return models
    .map(({ model, total }) =>
      t('home.modelCount', { n: count(total), model: model ?? t('home.modelUnknown') }),
    )
    .join(', ');
}

/** How many users are named. */
const NAMED = 3;

const userName = (name: string | null): string => (name === null ? t('home.unknown') : visible(name));

/** `alice, bob +2`; empty where there is none, or where that is not for everybody. */
export function usersWords(row: HostRow): string {
  const users = usersOf(row);
  const named = users.slice(0, NAMED).map(({ name }) => userName(name));
  const more = users.length - named.length;
  return named.join(', ') + (more > 0 ? ` ${t('home.moreUsers', { n: more })}` : '');
}

/** Each user with the number of cards. */
export const usersTitle = (row: HostRow): string | undefined =>
  usersOf(row)
    .map(({ name, cards }) => t('home.userCards', { user: userName(name), cards: tn('home.onCards', cards) }))
    .join('\n') || undefined;
