// The tabs of a host, in their order. A new one is a line here and a file that is fetched when the
// tab is first opened. It gets the host's document, which is there by then.
import type { Component } from 'svelte';
import type { HostDocument, Role } from '../../lib/api/api';
import '../../lib/i18n/en/host';
import type { PlainKey } from '../../lib/i18n/index.svelte';
import { live } from '../../lib/live/live';
import { processesTopic } from '../../lib/live/topics';
import { present } from '../../lib/model/reading';
import Overview from './Overview.svelte';

export type TabContent = Component<{ host: string; document: HostDocument }>;

export interface HostTab {
  /** Stands in the address: `?tab=<id>`; the first tab's is left out. */
  readonly id: string;
  readonly label: PlainKey;
  /**
   * The least role that it has anything for: what a role may not see is not offered. What the
   * machine does not have is no reason to leave a tab out, as a rule: the tab says so itself.
   */
  readonly from: Role;
  /** Whether the machine has anything for it; always where not given. Read anew with each document. */
  readonly there?: (document: HostDocument) => boolean;
  /** A single key that leads to it; must be no other view's. */
  readonly shortcut?: string;
  /** The one in place of it where `h` and `l` lead to other hosts. */
  readonly shortcutAmong?: string;
  /** A number beside its name, where one says something; read anew with each document. */
  readonly count?: (document: HostDocument) => number | null;
  readonly load: () => Promise<{ default: TabContent }>;
}

/** The first view is in the first bundle: no wait, no second request. */
export const FIRST: HostTab & { readonly component: TabContent } = {
  id: 'overview',
  label: 'host.overview',
  from: 'guest',
  shortcut: 'o',
  component: Overview,
  load: () => Promise.resolve({ default: Overview }),
};

/** The newest count of each host: it is sent only while somebody looks at processes, and a number that
 * comes and goes would move the tabs beside it away from under the pointer. */
const counts = new Map<string, number>();

function processCount({ host }: HostDocument): number | null {
  const { document } = live.view(processesTopic(host));
  const total = document === null ? undefined : present(document.summary.value)?.total;
  if (total !== undefined) counts.set(host, total);
  return total ?? counts.get(host) ?? null;
}

/** Most machines have none, and then there is nothing to say: not even that it cannot be read. */
function hasContainers({ containers: { value, problem } }: HostDocument): boolean {
  const containers = present(value);
  return problem !== null || (containers !== null && containers.rows.length + containers.engines.length > 0);
}

export const TABS: readonly HostTab[] = [
  FIRST,
  {
    id: 'gpus',
    label: 'host.gpus',
    from: 'guest',
    shortcut: 'g',
    count: ({ gpus }) => present(gpus.value)?.cards.length || null,
    load: () => import('./GpusTab.svelte'),
  },
  {
    id: 'processes',
    label: 'host.processes',
    from: 'member',
    shortcut: 'l',
    shortcutAmong: 'a',
    count: processCount,
    load: () => import('./Processes.svelte'),
  },
  {
    id: 'storage',
    label: 'host.storage',
    from: 'guest',
    shortcut: 's',
    load: () => import('./StorageTab.svelte'),
  },
  {
    id: 'network',
    label: 'host.network',
    from: 'guest',
    shortcut: 'n',
    load: () => import('./NetworkTab.svelte'),
  },
  {
    id: 'sensors',
    label: 'host.sensors',
    from: 'guest',
    shortcut: 'e',
    load: () => import('./SensorsTab.svelte'),
  },
  {
    id: 'containers',
    label: 'host.containers',
    from: 'member',
    shortcut: 'c',
    there: hasContainers,
    count: ({ containers }) => present(containers.value)?.rows.length || null,
    load: () => import('./ContainersTab.svelte'),
  },
  {
    id: 'users',
    label: 'host.users',
    from: 'member',
    shortcut: 'u',
    count: (document) => present(document.logins.value)?.sessions.length ?? null,
    load: () => import('./UsersTab.svelte'),
  },
  {
    id: 'health',
    label: 'host.health',
    from: 'guest',
    shortcut: 'x',
    load: () => import('./HealthTab.svelte'),
  },
];

const ORDER: readonly Role[] = ['guest', 'member', 'admin'];

/**
 * The tabs that are for a role; for nobody known, those for everybody. One that is open stays when the last
 * thing that it shows goes.
 */
export function tabsFor(
  role: Role | null,
  document: HostDocument | null,
  open: string | null = null,
): readonly HostTab[] {
  const reach = ORDER.indexOf(role ?? 'guest');
  return TABS.filter(
    ({ id, from, there }) =>
      ORDER.indexOf(from) <= reach && (id === open || !there || (document !== null && there(document))),
  );
}
