// Which file shows which page. Each is fetched when it is opened; what the address names is asked for
// while the rest of the page still starts (main.ts), so that it is there before its data.
import type { Component } from 'svelte';
import type { Hello } from './lib/api/api';
import { readPref, writePref } from './lib/prefs.svelte';
import type { Route } from './lib/router.svelte';

/** A page that is about one host is told which; the others read the address themselves. */
export type Page = Component<{ host: string }>;
type Load = () => Promise<{ default: Page }>;

export interface Shown {
  /** Which host it is about; empty where it is about none, or reads that itself. */
  readonly host: string;
  readonly load: Load;
}

/** A page that knows no host is given one all the same, and does not look at it. */
const whole = (load: () => Promise<{ default: Component<Record<string, never>> }>): Load =>
  load as unknown as Load;

const host: Load = () => import('./pages/Host/Host.svelte');
const home = whole(() => import('./pages/Home/Home.svelte'));
/** Of all users and of one: the same, so that going from one to the other builds nothing anew. */
const users = whole(() => import('./pages/Users/Users.svelte'));

/** The same function for the same page, each time: what is loaded is told apart by it. */
const LATER: Readonly<Record<Exclude<Route['page'], 'home' | 'host'>, Load>> = {
  finder: whole(() => import('./pages/Gpus/Gpus.svelte')),
  gpu: whole(() => import('./pages/Gpu/Gpu.svelte')),
  login: whole(() => import('./pages/Login/Login.svelte')),
  people: users,
  person: users,
  server: whole(() => import('./pages/Server/Server.svelte')),
  'not-found': whole(() => import('./pages/NotFound/NotFound.svelte')),
};

/** How many hosts the server had when this browser last asked: `one`, or `many`. */
const HINT = 'hosts';

/** Remembers for the next visit what stands at the start address. */
export const rememberKind = (hello: Hello): void =>
  writePref(HINT, JSON.stringify(hello.host === null ? 'many' : 'one'));

/** What to show; null while only the server knows: its only host, or all of them. */
export function shownAt(route: Route, hello: Hello | null): Shown | null {
  if (route.page === 'host') return { host: route.host, load: host };
  if (route.page !== 'home') return { host: '', load: LATER[route.page] };
  if (hello === null) return null;
  return hello.host === null ? { host: '', load: home } : { host: hello.host, load: host };
}

/** Fetches what is most likely shown. That it cannot be had is told where it is shown. */
export function fetchEarly(route: Route): void {
  const known = readPref(HINT);
  const guess = known === '"many"' ? home : known === '"one"' ? host : undefined;
  const load = shownAt(route, null)?.load ?? guess;
  load?.().catch(() => undefined);
}
