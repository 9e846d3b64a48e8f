// When an account ends, in words. The day is UTC, and says so: elsewhere it may be another one.
import type { AccountEnd } from '../../lib/api/api';
import { getLanguage } from '../../lib/i18n/index.svelte';

const SOON_MS = 14 * 86_400_000;

export type Ending = 'never' | 'later' | 'soon' | 'expired';

export function ending(end: AccountEnd, now: number): Ending {
  if (end.kind === 'never') return 'never';
  if (end.expired) return 'expired';
  return end.at_ms - now < SOON_MS ? 'soon' : 'later';
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** `Dec 31, 2026 UTC` */
export function utcDay(at: number): string {
  const locale = getLanguage();
  let format = formats.get(locale);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' });
    formats.set(locale, format);
  }
  return `${format.format(at)}\u00a0UTC`;
}
