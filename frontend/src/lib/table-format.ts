// Texts that only tables write: units stand in their headers, and columns are narrow.
import { getLanguage } from './i18n/index.svelte';
import { decimal } from './model/units';

/** What stands where there is no reading. Never 0. */
export const NO_READING = '–';

/** `350.2`: one decimal, because a process at 0.4 % is not idle. */
export function share(value: number): string {
  return decimal(value, 1);
}

/**
 * A text of somebody else's with its hidden characters shown: control characters as their pictures,
 * and what would turn the direction of the text, so that `exe.png` could pose as `gnp.exe`, as �.
 */
export function visible(text: string): string {
  return text
    .replace(/[\p{Cc}]/gu, (character) => {
      const code = character.codePointAt(0) ?? 0;
      return code < 0x20 ? String.fromCodePoint(0x2400 + code) : code === 0x7f ? '␡' : '�';
    })
    .replace(/[\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '�');
}

const two = (value: number): string => String(value).padStart(2, '0');

/** Processor time: `0:12`, `7:58:03`, `1d 07:58`. */
export function cpuTime(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const minutes = Math.floor(whole / 60);
  const hours = Math.floor(minutes / 60);
  if (hours >= 24) return `${String(Math.floor(hours / 24))}d ${two(hours % 24)}:${two(minutes % 60)}`;
  if (hours > 0) return `${String(hours)}:${two(minutes % 60)}:${two(whole % 60)}`;
  return `${String(minutes)}:${two(whole % 60)}`;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** `Nov 20, 14:02`; in another year than `now` the year stands in place of the time. */
export function shortDateTime(at: number, now: number): string {
  const locale = getLanguage();
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  const name = `${locale} ${String(sameYear)}`;
  let format = formats.get(name);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(locale, {
      month: 'short',
      day: 'numeric',
      ...(sameYear ? { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } : { year: 'numeric' }),
    });
    formats.set(name, format);
  }
  return format.format(at);
}
