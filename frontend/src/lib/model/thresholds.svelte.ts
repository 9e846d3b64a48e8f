// When a share of CPU, memory or a filesystem is called high. The one place for these numbers.
//
// Two rules of the design meet here. The defaults are 85/95 % of the last five minutes, because a
// short burst is work, not trouble. And use of the CPU alone never raises colour, because a busy
// machine is what it was bought for: over its threshold the CPU gets the mark and the word in plain
// text colour. Memory gets amber and red, because an exhausted memory ends processes. Whoever picks
// the limits of an earlier monitor gets its manners too: the value of the moment, in colour.
// Filesystems fill slowly and hurt when full: always the value of the moment, always in colour.
import { pref, type Pref } from '../prefs.svelte';

export type Level = 'normal' | 'high' | 'critical';

export interface Limits {
  readonly warn: number;
  readonly crit: number;
}

export interface Thresholds {
  readonly cpu: Limits;
  readonly memory: Limits;
  /** Space of a filesystem. */
  readonly disk: Limits;
  /** Index nodes of a filesystem. */
  readonly inodes: Limits;
  /** Judge the mean of the last five minutes, not the value of the moment. */
  readonly averaged: boolean;
  readonly colourCpu: boolean;
}

export const AVERAGE_MS = 5 * 60_000;

export const DEFAULT_THRESHOLDS: Thresholds = {
  cpu: { warn: 85, crit: 95 },
  memory: { warn: 85, crit: 95 },
  disk: { warn: 85, crit: 95 },
  inodes: { warn: 85, crit: 95 },
  averaged: true,
  colourCpu: false,
};

/** What a preset sets; the limits of filesystems were the same everywhere. */
export type Preset = Omit<Thresholds, 'disk' | 'inodes'>;

const momentary = (warn: number, crit: number): Preset => ({
  cpu: { warn, crit },
  memory: { warn, crit },
  averaged: false,
  colourCpu: true,
});

const { disk, inodes, ...first } = DEFAULT_THRESHOLDS;

export const PRESETS: readonly { readonly name: string; readonly thresholds: Preset }[] = [
  { name: '85 / 95', thresholds: first },
  { name: '80 / 90', thresholds: momentary(80, 90) },
  { name: '60 / 80', thresholds: momentary(60, 80) },
  { name: '30 / 70', thresholds: momentary(30, 70) },
];

export function levelOf(value: number | null, { warn, crit }: Limits): Level {
  if (value === null || value < warn) return 'normal';
  return value < crit ? 'high' : 'critical';
}

function limits(stored: unknown): Limits | null {
  const { warn, crit } = (stored ?? {}) as Partial<Record<keyof Limits, unknown>>;
  if (typeof warn !== 'number' || typeof crit !== 'number') return null;
  return validLimits(warn, crit) ? { warn, crit } : null;
}

export const validLimits = (warn: number, crit: number): boolean => warn >= 1 && warn < crit && crit <= 100;

export const thresholds: Pref<Thresholds> = pref('thresholds', DEFAULT_THRESHOLDS, (stored) => {
  const fields = (stored ?? {}) as Partial<Record<keyof Thresholds, unknown>>;
  const cpu = limits(fields.cpu);
  const memory = limits(fields.memory);
  if (!cpu || !memory) return null;
  return {
    cpu,
    memory,
    // Not there in what was stored before smonitor knew of filesystems.
    disk: limits(fields.disk) ?? disk,
    inodes: limits(fields.inodes) ?? inodes,
    averaged: fields.averaged !== false,
    colourCpu: fields.colourCpu === true,
  };
});
