// The columns of the list of hosts.
import '../../lib/i18n/en/home';
import '../../lib/i18n/en/host-rows';
import type { PlainKey } from '../../lib/i18n/index.svelte';
import type { HostSort } from '../../lib/model/host-sorts';

export interface HostColumn {
  /** What a click on its head sorts by; null where there is nothing to sort. */
  readonly sort: HostSort | null;
  readonly label: PlainKey;
  /** Track of the grid. */
  readonly width: string;
  /** Left out where there is no room. */
  readonly wide: boolean;
}

/** `strip` is how wide the cells of the cards are. */
export function hostColumns(gpus: boolean, users: boolean, strip: string): readonly HostColumn[] {
  const load = 'minmax(7rem, 0.7fr)';
  const columns: (HostColumn | null)[] = [
    { sort: 'name', label: 'hostRows.host', width: 'minmax(15rem, 1.2fr)', wide: false },
    gpus ? { sort: 'free', label: 'hostRows.free', width: '4.6rem', wide: false } : null,
    gpus ? { sort: null, label: 'hostRows.strip', width: strip, wide: false } : null,
    { sort: 'cpu', label: 'home.cpu', width: load, wide: true },
    { sort: 'memory', label: 'hostRows.memory', width: load, wide: true },
    { sort: 'network', label: 'hostRows.network', width: '12rem', wide: true },
    { sort: 'disk', label: 'hostRows.disk', width: load, wide: true },
    users ? { sort: 'users', label: 'hostRows.users', width: 'minmax(8rem, 1.4fr)', wide: true } : null,
    { sort: 'model', label: 'hostRows.model', width: 'minmax(8rem, 1.2fr)', wide: true },
  ];
  return columns.filter((column) => column !== null);
}
