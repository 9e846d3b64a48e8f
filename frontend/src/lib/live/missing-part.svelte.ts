// A part of the page that could not be loaded: a newer page has taken its place, or the server is
// away. Both are mended by loading the page anew, but only once the server answers: before that a
// reload would end on the browser's own error page, with all that is still shown gone.

const KEY = 'sm.reloaded';

/** A reload that did not help is not tried again before this. */
const PAUSE_MS = 60_000;

let missing = $state(false);

export const isPartMissing = (): boolean => missing;

export function watchForMissingParts(): void {
  window.addEventListener('vite:preloadError', () => {
    missing = true;
  });
}

/** Whether the page may load itself anew now; the next time not before a while. */
export function mayReload(nowMs: number): boolean {
  try {
    const last = Number(sessionStorage.getItem(KEY) ?? Number.NEGATIVE_INFINITY);
    if (nowMs - last < PAUSE_MS) return false;
    sessionStorage.setItem(KEY, String(nowMs));
    return true;
  } catch {
    return false; // without a memory it could go on without end
  }
}
