// The panels of a host's overview, in their order. A new metric is a folder and a line here. The first
// bundle has room for the first two; what stands beside or below them is fetched when it is shown.
import type { Component } from 'svelte';
import type { HostDocument } from '../lib/api/api';
import { absence, present } from '../lib/model/reading';
import CpuPanel from './cpu/CpuPanel.svelte';
import { LINES } from './layout';
import MemoryPanel from './memory/MemoryPanel.svelte';

type Content = Component<{ document: HostDocument }>;

export interface OverviewPanel {
  readonly name: string;
  readonly component?: Content;
  /** Whether there is anything to show; always where not given. */
  readonly shown?: (document: HostDocument) => boolean;
  readonly later?: {
    readonly load: () => Promise<{ default: Content }>;
    /** What it is going to need, in px, by what is known of the machine: nothing may jump. */
    readonly height: (document: HostDocument) => number;
  };
}

/** A line for each filesystem, the chart and the pressures below them. */
function disksHeight({ filesystems }: HostDocument): number {
  const lines = Math.min(LINES, present(filesystems.value)?.rows.length ?? 4);
  return 330 + 37 * lines;
}

/** Not where there is none, or where that is not known even after a while. */
const hasGpus = ({ gpus }: HostDocument): boolean =>
  !['not_supported', 'not_installed', 'not_collected', 'hidden'].includes(absence(gpus.value) ?? '');

/** Numbers, and a line for each card, which on a phone is several. */
const gpusHeight = ({ gpus }: HostDocument): number =>
  140 +
  (matchMedia('(max-width: 760px)').matches ? 105 : 33) *
    Math.min(16, present(gpus.value)?.cards.length ?? 0);

/** What a machine was bought for stands first, over the whole width. */
export const PANELS_FIRST: readonly OverviewPanel[] = [
  {
    name: 'gpus',
    shown: hasGpus,
    later: { load: () => import('./gpu/GpuPanel.svelte'), height: gpusHeight },
  },
];

export const PANELS: readonly OverviewPanel[] = [
  { name: 'cpu', component: CpuPanel },
  { name: 'memory', component: MemoryPanel },
  { name: 'network', later: { load: () => import('./network/NetworkPanel.svelte'), height: () => 300 } },
  { name: 'disks', later: { load: () => import('./disk/DisksPanel.svelte'), height: disksHeight } },
];

/** Not for guests, who do not see who is logged in. */
const seesLogins = ({ logins }: HostDocument): boolean => absence(logins.value) !== 'hidden';

/** Not on a machine without sensors: most virtual ones. */
function hasSensors({ sensors }: HostDocument): boolean {
  const value = present(sensors.value);
  if (value === null) return absence(sensors.value) === 'not_collected';
  return value.temperatures.length + value.fans.length + value.power.length > 0;
}

const loginsHeight = ({ logins }: HostDocument): number =>
  90 + 29 * Math.min(6, present(logins.value)?.sessions.length ?? 0);

/** Those below the lists of processes. */
export const PANELS_BELOW: readonly OverviewPanel[] = [
  {
    name: 'logins',
    shown: seesLogins,
    later: { load: () => import('./login/LoginsPanel.svelte'), height: loginsHeight },
  },
  {
    name: 'sensors',
    shown: hasSensors,
    later: { load: () => import('./sensor/SensorsPanel.svelte'), height: () => 300 },
  },
];
