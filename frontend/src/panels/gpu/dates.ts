// Dates that are those of UTC wherever the reader is.
import { getLanguage } from '../../lib/i18n/index.svelte';

const formats = new Map<string, Intl.DateTimeFormat>();

/** `1 Mar 2027`: the day of this moment in UTC. */
export function utcDate(at: number): string {
  const locale = getLanguage();
  let format = formats.get(locale);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' });
    formats.set(locale, format);
  }
  return format.format(at);
}
