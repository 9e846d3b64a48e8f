// The token of an access link, `/login#token=…`.

/** The token in the address, taken out of it: it must not stay in the history or be copied along. */
export function takeToken(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token === null) return null;
  history.replaceState(history.state, '', location.pathname + location.search);
  return token.trim();
}
