// What can be said of viewers: columns and filter of their table.
import type { Viewer } from '../../lib/api/api';
import '../../lib/i18n/en/server';
import { t } from '../../lib/i18n/index.svelte';
import { present } from '../../lib/model/reading';
import { age, ageNow } from '../../lib/model/time.svelte';
import { moved, runTime } from '../../lib/model/units';
import type { Column } from '../../lib/table';
import { LARGEST_FIRST, quantity, reading } from '../../lib/table-columns';
import { compile, type Fields } from '../../lib/table-filter';
import { visible } from '../../lib/table-format';
import { browserName } from './browser';

/** A topic in words; one that this page does not know stays as it is. */
function topicText(topic: string): string {
  const [kind, host, part, ...rest] = topic.split('/');
  if (topic === 'overview') return t('server.looksAt_overview');
  if (kind !== 'host' || !host || rest.length > 0) return visible(topic);
  if (part === undefined) return visible(host);
  return part === 'processes' ? t('server.looksAt_processes', { host: visible(host) }) : visible(topic);
}

export const looksAt = (row: Viewer): string =>
  row.topics.length === 0 ? t('server.looksAt_nothing') : row.topics.map(topicText).join(', ');

const browser = (row: Viewer): string | null => {
  const agent = present(row.user_agent);
  return agent === null ? null : browserName(agent);
};

/** Whole milliseconds; less than one is not none. */
export const trip = (ms: number): string => (ms < 1 ? `<\u00a0${runTime(0.001)}` : runTime(ms / 1000));

export const viewerColumns: readonly Column<Viewer>[] = [
  {
    id: 'address',
    label: 'server.address',
    width: 170,
    narrowWidth: 104,
    essential: true,
    sort: (row) => row.address,
    text: (row) => visible(row.address),
  },
  {
    id: 'role',
    label: 'server.role',
    width: 90,
    sort: (row) => row.role,
    text: (row) => t(`server.role_${row.role}`),
  },
  {
    id: 'browser',
    label: 'server.browser',
    width: 170,
    narrowWidth: 86,
    grow: true,
    essential: true,
    sort: browser,
    text: (row) => browser(row) ?? '',
    nothing: (row) => (browser(row) === null ? t('server.browserNone') : null),
    csv: (row) => present(row.user_agent),
  },
  {
    id: 'connected',
    label: 'server.connected',
    width: 110,
    narrowWidth: 78,
    essential: true,
    first: 'desc',
    sort: (row) => row.since_ms,
    text: (row) => t('server.ago', { age: age(ageNow() - row.since_ms) }),
    csv: (row) => new Date(row.since_ms).toISOString(),
  },
  {
    id: 'looks',
    label: 'server.looksAt',
    width: 220,
    grow: true,
    sort: looksAt,
    text: looksAt,
  },
  {
    id: 'trip',
    label: 'server.viewerTrip',
    hint: 'server.viewerTripHint',
    width: 110,
    ...LARGEST_FIRST,
    ...reading((row: Viewer) => row.round_trip_ms, trip),
  },
  {
    id: 'sent',
    label: 'server.sent',
    hint: 'server.sentHint',
    width: 100,
    ...LARGEST_FIRST,
    ...quantity((row: Viewer) => row.sent_bytes, moved),
  },
];

const agent = (row: Viewer): string => (present(row.user_agent) ?? '').toLowerCase();
const names = (row: Viewer): readonly string[] => {
  const name = (browser(row) ?? '').toLowerCase();
  return [name, ...name.split(' ')];
};

const fields: Fields<Viewer> = {
  address: { kind: 'text', of: (row) => [row.address.toLowerCase()] },
  role: { kind: 'text', of: (row) => [row.role, t(`server.role_${row.role}`).toLowerCase()] },
  browser: { kind: 'text', of: names },
};

const freeText = (row: Viewer): string =>
  [row.address, t(`server.role_${row.role}`), ...names(row), agent(row), looksAt(row)]
    .join('\n')
    .toLowerCase();

export const viewerFilter = (query: string) => compile(query, fields, freeText);
