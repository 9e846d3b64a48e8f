// Which page the address names. Links are plain `<a href>`; clicks on them are taken over here, so
// that middle-click, copying and opening in a tab work as everywhere. Works below any base path.

export type Route =
  | { readonly page: 'home' }
  | { readonly page: 'host'; readonly host: string }
  | { readonly page: 'gpu'; readonly host: string; readonly gpu: number }
  | { readonly page: 'person'; readonly name: string }
  | { readonly page: 'finder' | 'people' | 'login' | 'server' }
  | { readonly page: 'not-found' };

function read(): { path: string; query: string } {
  return { path: location.pathname, query: location.search };
}

let current = $state.raw(read());
const params = $derived(new URLSearchParams(current.query));
const matched = $derived(parsePath(belowBase(current.path)));

/** The path of `<base href>`, with its slash at the end. */
export function basePath(): string {
  return new URL('.', document.baseURI).pathname;
}

function belowBase(path: string): string | null {
  const base = basePath();
  if (path === base.slice(0, -1)) return '';
  return path.startsWith(base) ? path.slice(base.length) : null;
}

/** A host id: `site~host`, where one is asked through another, with at most three sites before it. */
const HOST = /^[a-z0-9._-]{1,64}(~[a-z0-9._-]{1,64}){0,3}$/;

/** The longest user name that an address may hold. */
const NAME_MAX = 256;

/** What stands percent-encoded in an address; null where that is no text. */
function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

export function parsePath(path: string | null): Route {
  const parts = (path ?? '?').replace(/\/$/, '').split('/');
  const [first, second, third, fourth] = parts;
  if (parts.length === 1 && first === '') return { page: 'home' };
  if (parts.length === 1 && (first === 'login' || first === 'server')) return { page: first };
  if (parts.length === 1 && first === 'gpus') return { page: 'finder' };
  if (first === 'users' && parts.length <= 2) {
    const name = second === undefined ? null : decoded(second);
    if (second === undefined) return { page: 'people' };
    if (name !== null && name !== '' && name.length <= NAME_MAX) return { page: 'person', name };
  }
  if (first === 'host' && second && HOST.test(second)) {
    if (parts.length === 2) return { page: 'host', host: second };
    if (parts.length === 4 && third === 'gpu' && fourth && /^\d{1,4}$/.test(fourth))
      return { page: 'gpu', host: second, gpu: Number(fourth) };
  }
  return { page: 'not-found' };
}

export function route(): Route {
  return matched;
}

/** The value of a query parameter, or its default; reactive. */
export function query(name: string, fallback = ''): string {
  return params.get(name) ?? fallback;
}

/** Path and query as they are now, for `next=` and to come back. */
export function here(): string {
  return current.path + current.query;
}

/** An address below the base: `href('host/a', { tab: 'processes' })`. Empty values are left out. */
export function href(path: string, values: Readonly<Record<string, string>> = {}): string {
  const search = new URLSearchParams(Object.entries(values).filter(([, value]) => value !== '')).toString();
  return basePath() + path + (search ? `?${search}` : '');
}

/**
 * The present address with some query parameters changed. A null, or a value equal to its default
 * in `defaults`, drops the parameter: short addresses name only what differs.
 */
export function withQuery(
  values: Readonly<Record<string, string | null>>,
  defaults: Readonly<Record<string, string>> = {},
): string {
  const next = new URLSearchParams(current.query);
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === (defaults[name] ?? '')) next.delete(name);
    else next.set(name, value);
  }
  const search = next.toString();
  return current.path + (search ? `?${search}` : '');
}

/** Writes query parameters; replaces the entry in the history, as filters and sorts should. */
export function setQuery(
  values: Readonly<Record<string, string | null>>,
  defaults: Readonly<Record<string, string>> = {},
): void {
  navigate(withQuery(values, defaults), { replace: true });
}

export function navigate(to: string, { replace = false } = {}): void {
  const target = new URL(to, location.href);
  if (replace) history.replaceState(null, '', target);
  else history.pushState(null, '', target);
  current = read();
}

/** Where a sign-in may lead: only to own paths, never to another site. */
export function ownPath(next: string): string {
  const home = basePath();
  if (!next.startsWith('/')) return home;
  const target = new URL(next, location.href);
  if (target.origin !== location.origin || belowBase(target.pathname) === null) return home;
  if (parsePath(belowBase(target.pathname)).page === 'login') return home;
  return target.pathname + target.search;
}

function onClick(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (!link || link.target || link.hasAttribute('download')) return;
  const target = new URL(link.href, location.href);
  if (target.origin !== location.origin || belowBase(target.pathname) === null) return;
  const route = parsePath(belowBase(target.pathname));
  const inPage = target.hash !== '' && target.pathname === location.pathname;
  if (route.page === 'not-found' || inPage) return;
  event.preventDefault();
  navigate(link.href);
}

export function startRouter(): () => void {
  const onPopState = () => {
    current = read();
  };
  onPopState();
  document.addEventListener('click', onClick);
  window.addEventListener('popstate', onPopState);
  return () => {
    document.removeEventListener('click', onClick);
    window.removeEventListener('popstate', onPopState);
  };
}
