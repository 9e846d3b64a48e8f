// When a share of CPU or memory is called high. The one place for these numbers.
//
// Two rules of the design meet here. The defaults are 85/95 % of the last five minutes, because a
// short burst is work, not trouble. And use of the CPU alone never raises colour, because a busy
// machine is what it was bought for: over its threshold the CPU gets the mark and the word in plain
// text colour. Memory gets amber and red, because an exhausted memory ends processes. Whoever picks
// the limits of an earlier monitor gets its manners too: the value of the moment, in colour.
import { pref, type Pref } from '../prefs.svelte';

export type Level = 'normal' | 'high' | 'critical';

export interface Limits {
  readonly warn: number;
  readonly crit: number;
}

export interface Thresholds {
  readonly cpu: Limits;
  readonly memory: Limits;
  /** Judge the mean of the last five minutes, not the value of the moment. */
  readonly averaged: boolean;
  readonly colourCpu: boolean;
}

export const AVERAGE_MS = 5 * 60_000;

export const DEFAULT_THRESHOLDS: Thresholds = {
  cpu: { warn: 85, crit: 95 },
  memory: { warn: 85, crit: 95 },
  averaged: true,
  colourCpu: false,
};

const momentary = (warn: number, crit: number): Thresholds => ({
  cpu: { warn, crit },
  memory: { warn, crit },
  averaged: false,
  colourCpu: true,
});

export const PRESETS: readonly { readonly name: string; readonly thresholds: Thresholds }[] = [
  { name: '85 / 95', thresholds: DEFAULT_THRESHOLDS },
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
  return { cpu, memory, averaged: fields.averaged !== false, colourCpu: fields.colourCpu === true };
});
