// Scales of charts: how far an axis reaches, where its ticks are, and what is written at them. Pure
// but for the language.
import { getLanguage } from '../lib/i18n/index.svelte';
import { bitsPerSecond, bytes, bytesPerSecond, decimal, finePercent } from '../lib/model/units';

export type ChartUnit =
  'percent' | 'bytes' | 'bytes_per_second' | 'bits_per_second' | 'number' | 'celsius' | 'watts';

const NBSP = '\u00a0';

/** No more decimals than tell neighbours apart. */
const plain = (value: number): string => decimal(value, value !== 0 && Math.abs(value) < 10 ? 1 : 0);

export function valueText(unit: ChartUnit, value: number): string {
  switch (unit) {
    case 'percent':
      return finePercent(value);
    case 'bytes':
      return bytes(value);
    case 'bytes_per_second':
      return bytesPerSecond(value);
    case 'bits_per_second':
      return bitsPerSecond(value);
    case 'celsius':
      return `${plain(value)}${NBSP}°C`;
    case 'watts':
      return `${plain(value)}${NBSP}W`;
    case 'number':
      return decimal(value, Math.abs(value) < 100 && !Number.isInteger(value) ? 2 : 0);
  }
}

/** At the axis: as short as can be. */
export function axisText(unit: ChartUnit, value: number, step: number): string {
  if (value === 0) return '0';
  if (unit === 'percent') return `${decimal(value, step < 1 ? 1 : 0)}${NBSP}%`;
  if (unit === 'number') return decimal(value, step >= 1 ? 0 : step >= 0.1 ? 1 : 2);
  return valueText(unit, value).replace(/[.,]0(?=\D)/, '');
}

/** Distances between ticks, rising: powers of two for memory, 1-2-5 for everything else. */
export function increments(unit: ChartUnit): number[] {
  if (unit === 'bytes') return Array.from({ length: 54 }, (_, power) => 2 ** power);
  const out: number[] = [];
  for (let power = unit === 'number' ? -2 : 0; power <= 15; power += 1) {
    for (const digit of [1, 2, 5]) out.push(digit * 10 ** power);
  }
  return out;
}

/** Grid lines a chart should have at least, zero not counted. */
const LINES = 4;

/**
 * Upper end of the axis, a round number at or above `highest`. It starts from 0 always, because
 * an axis that does not makes small changes look large.
 */
export function upperEnd(unit: ChartUnit, highest: number | null, fixed: number | undefined): number {
  if (fixed !== undefined && fixed > 0) return fixed;
  if (unit === 'percent' && (highest ?? 0) <= 100) return 100;
  if (highest === null || highest <= 0) return unit === 'bytes' ? 1024 : 1;
  const steps = increments(unit);
  const step = steps.find((candidate) => candidate * LINES >= highest) ?? highest / LINES;
  return Math.ceil(highest / step) * step;
}

export function highestOf(columns: readonly (readonly (number | null)[])[]): number | null {
  let highest: number | null = null;
  for (const column of columns) {
    for (const value of column) {
      if (value !== null && (highest === null || value > highest)) highest = value;
    }
  }
  return highest;
}

const DAY_MS = 86_400_000;
const formats = new Map<string, Intl.DateTimeFormat>();

/** 24 h clock; seconds only where ticks are closer than a minute, a date where they are days apart. */
export function timeText(at: number, stepMs: number): string {
  const kind = stepMs >= DAY_MS ? 'date' : stepMs < 60_000 ? 'seconds' : 'minutes';
  const name = `${getLanguage()} ${kind}`;
  let format = formats.get(name);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(
      getLanguage(),
      kind === 'date'
        ? { month: 'short', day: 'numeric' }
        : {
            hour: '2-digit',
            minute: '2-digit',
            hourCycle: 'h23',
            ...(kind === 'seconds' ? { second: '2-digit' } : {}),
          },
    );
    formats.set(name, format);
  }
  return format.format(at);
}

/** Index after a movement key on the time axis, or null if the key does not move. */
export function moveCursor(key: string, from: number | null, count: number): number | null {
  if (count === 0) return null;
  const at = from ?? count;
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: at - 1,
    ArrowRight: at + 1,
    ArrowDown: at - 1,
    ArrowUp: at + 1,
    PageUp: at + 10,
    PageDown: at - 10,
    Home: 0,
    End: count - 1,
  };
  const to = steps[key];
  return to === undefined ? null : Math.min(count - 1, Math.max(0, to));
}
