// Time on the page: one clock that ticks once a second for everything that shows an age, and the
// texts for ages, durations and points in time. "Now" is always the server's.
import { getLanguage, t } from '../i18n/index.svelte';
import { ServerClock } from '../live/clock';

/** Set by the store from every frame. */
export const serverClock = new ServerClock();

let now = $state.raw(Date.now());
let timer: ReturnType<typeof setInterval> | undefined;

/** The server's time, in milliseconds since 1970 UTC; reactive, once a second. */
export function serverNow(): number {
  return now;
}

let frozenAt = $state.raw<number | null>(null);

/**
 * "Now" for the age of what is shown. It stands still while the viewer paused the page, so that what
 * was fresh then is not called stale; the header says "paused" and since when instead.
 */
export function ageNow(): number {
  return frozenAt ?? now;
}

export function freezeAges(at: number | null): void {
  frozenAt = at;
}

/** Reads the clock at once, so that a frame that just came is not from the future. */
export function tick(): void {
  now = serverClock.now();
}

export function startClock(): () => void {
  tick();
  timer ??= setInterval(tick, 1000);
  return () => {
    clearInterval(timer);
    timer = undefined;
  };
}

/** `12 s`, `3 min`, `2 h`, `5 d`: ages, to the precision that matters. */
export function age(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return t('time.seconds', { n: seconds });
  if (seconds < 3600) return t('time.minutes', { n: Math.floor(seconds / 60) });
  if (seconds < 86400) return t('time.hours', { n: Math.floor(seconds / 3600) });
  return t('time.days', { n: Math.floor(seconds / 86400) });
}

const two = (value: number): string => String(value).padStart(2, '0');

/** `41 d 03:12:09`: uptime. */
export function uptime(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const days = Math.floor(seconds / 86400);
  const clock = `${two(Math.floor(seconds / 3600) % 24)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return days > 0 ? `${t('time.days', { n: days })} ${clock}` : clock;
}

/** `14:02:11`, 24 h clock. */
export function clockTime(at: number): string {
  return new Intl.DateTimeFormat(getLanguage(), {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  }).format(at);
}

/** Date and time in full, for tooltips. */
export function dateTime(at: number): string {
  return new Intl.DateTimeFormat(getLanguage(), {
    dateStyle: 'medium',
    timeStyle: 'medium',
    hourCycle: 'h23',
  }).format(at);
}
