// The panels of a host's overview, in their order. A new metric is a folder and a line here.
import type { Component } from 'svelte';
import type { HostDocument } from '../lib/api/api';
import CpuPanel from './cpu/CpuPanel.svelte';
import MemoryPanel from './memory/MemoryPanel.svelte';

export interface OverviewPanel {
  readonly name: string;
  readonly component: Component<{ document: HostDocument }>;
}

export const PANELS: readonly OverviewPanel[] = [
  { name: 'cpu', component: CpuPanel },
  { name: 'memory', component: MemoryPanel },
];
