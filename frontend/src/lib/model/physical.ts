// Texts for what sensors measure and counters count. Units follow a non-breaking space.
import { getLanguage } from '../i18n/index.svelte';
import { count, decimal } from './units';

const NBSP = '\u00a0';

/** `47 °C`; tenths of a degree are noise. */
export const celsius = (value: number): string => `${count(value)}${NBSP}°C`;

/** `297 W`; a tenth where there is little. */
export const watts = (value: number): string => `${decimal(value, value < 9.95 ? 1 : 0)}${NBSP}W`;

/** `12.096 V` */
export const volts = (value: number): string => `${decimal(value, 3)}${NBSP}V`;

/** `1,180 rpm` */
export const revolutions = (value: number): string => `${count(value)}${NBSP}rpm`;

/** `0.4 ms`, `12 µs`, `1.2 s`; a minus sign as wide as a digit. For how far a clock is off. */
export function offset(seconds: number): string {
  const size = Math.abs(seconds);
  const sign = seconds < 0 ? '−' : '';
  if (size >= 1) return `${sign}${decimal(size, 1)}${NBSP}s`;
  if (size >= 0.001) return `${sign}${decimal(size * 1000, size < 0.01 ? 1 : 0)}${NBSP}ms`;
  return `${sign}${count(size * 1e6)}${NBSP}µs`;
}

const formats = new Map<string, Intl.NumberFormat>();

/** `48,120`, but `11.1M`: of counters that run for years nobody reads all digits. */
export function many(value: number): string {
  if (value < 100_000) return count(value);
  const locale = getLanguage();
  let format = formats.get(locale);
  if (format === undefined) {
    format = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 });
    formats.set(locale, format);
  }
  return format.format(value);
}
