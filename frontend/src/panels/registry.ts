// The panels of a host's overview, in their order. A new metric is a folder and a line here. The first
// bundle has room for the first two; what stands beside or below them is fetched when it is shown.
import type { Component } from 'svelte';
import type { HostDocument } from '../lib/api/api';
import { present } from '../lib/model/reading';
import CpuPanel from './cpu/CpuPanel.svelte';
import { LINES } from './layout';
import MemoryPanel from './memory/MemoryPanel.svelte';

type Content = Component<{ document: HostDocument }>;

export interface OverviewPanel {
  readonly name: string;
  readonly component?: Content;
  readonly later?: {
    readonly load: () => Promise<{ default: Content }>;
    /** What it is going to need, in px, by what is known of the machine: nothing may jump. */
    readonly height: (document: HostDocument) => number;
  };
}

/** A line for each filesystem, the chart and the pressures below them. */
function disksHeight({ filesystems }: HostDocument): number {
  const lines = Math.min(LINES, present(filesystems.value)?.rows.length ?? 0);
  return 330 + 37 * lines;
}

export const PANELS: readonly OverviewPanel[] = [
  { name: 'cpu', component: CpuPanel },
  { name: 'memory', component: MemoryPanel },
  // Place of the network panel (remove the two slashes with the file; the height as it is drawn):
  // { name: 'network', later: { load: () => import('./network/NetworkPanel.svelte'), height: () => 430 } },
  { name: 'disks', later: { load: () => import('./disk/DisksPanel.svelte'), height: disksHeight } },
];
