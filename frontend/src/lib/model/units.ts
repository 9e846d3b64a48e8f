// Every number on the page is written by one of these. Units follow a non-breaking space.
import { getLanguage } from '../i18n/index.svelte';

const NBSP = '\u00a0';

const formats = new Map<string, Intl.NumberFormat>();

function digits(value: number, least: number, most = least): string {
  const key = `${getLanguage()} ${least} ${most}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.NumberFormat(getLanguage(), {
      minimumFractionDigits: least,
      maximumFractionDigits: most,
      // What rounds to nothing is not below it.
      signDisplay: 'negative',
    });
    formats.set(key, format);
  }
  return format.format(value);
}

/** `1,204` */
export const count = (value: number): string => digits(value, 0);

/** `12.40`: load averages, as uptime(1) shows them. */
export const decimal = (value: number, places: number): string => digits(value, places);

/** `38 %`; whole numbers, because tenths of a live value are noise. */
export const percent = (value: number): string => `${digits(value, 0)}${NBSP}%`;

/** `0.4 %`: for shares where small values matter, such as pressure. */
export const finePercent = (value: number): string => `${digits(value, value < 10 ? 1 : 0)}${NBSP}%`;

const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;
const DECIMAL = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

function scaled(value: number, base: number, units: readonly string[]): [string, string] {
  let step = 0;
  let rest = value;
  // 999.5 would be written as 1000: go to the next unit already there.
  while (rest >= base - 0.5 && step < units.length - 1) {
    rest /= base;
    step += 1;
  }
  return [digits(rest, step === 0 || rest >= 99.95 ? 0 : 1), units[step] ?? ''];
}

/** Memory, in powers of 1024: `21.1 GiB`. */
export function bytes(value: number): string {
  return scaled(value, 1024, BINARY).join(NBSP);
}

/** Two amounts with their unit once where it is the same: `412 / 1,008 GiB`. */
export function bytesOf(used: number, total: number): string {
  const [left, leftUnit] = scaled(used, 1024, BINARY);
  const [right, rightUnit] = scaled(total, 1024, BINARY);
  const unit = leftUnit === rightUnit ? '' : `${NBSP}${leftUnit}`;
  return `${left}${unit}${NBSP}/${NBSP}${right}${NBSP}${rightUnit}`;
}

/** What was moved in all, in powers of 1000: `5.0 TB`. */
export const moved = (value: number): string => scaled(value, 1000, DECIMAL).join(NBSP);

/** Data rates of disks and swap, in powers of 1000: `1.2 MB/s`. */
export const bytesPerSecond = (value: number): string => `${moved(value)}/s`;

const BITS = ['bit', 'kbit', 'Mbit', 'Gbit', 'Tbit'] as const;

/** Rates of a network and speeds of its links, in powers of 1000: `1.2 Gbit/s`. */
export function bitsPerSecond(value: number): string {
  return `${scaled(value, 1000, BITS).join(NBSP)}/s`;
}

/** `2.45 GHz` */
export function hertz(value: number): string {
  if (value >= 1e9) return `${digits(value / 1e9, 2)}${NBSP}GHz`;
  return `${digits(value / 1e6, 0)}${NBSP}MHz`;
}

/** How long a run of smonitor's own took: `0.8 ms`, `12 ms`, `1.4 s`. */
export function runTime(seconds: number): string {
  const ms = seconds * 1000;
  if (ms < 1000) return `${digits(ms, ms < 10 ? 1 : 0)}${NBSP}ms`;
  return `${digits(seconds, 1)}${NBSP}s`;
}
