// When to try again after the connection was lost. Knows times and close codes, no sockets.

/** A first retry comes almost at once: within this, so that 200 pages do not come in one moment. */
const SOON_MS = 300;
const FIRST_MS = 500;
/** As long as the server's own manager waits at most between two starts. */
const LONGEST_AT_FIRST_MS = 4000;
const AT_FIRST_MS = 60_000;
const LONGEST_MS = 15_000;
/** A connection that lasted so long was a good one: what comes next is a new trouble. */
const STEADY_MS = 10_000;

/** Going away, broken off, restarting: the server is back in a moment. */
const RESTARTS: readonly number[] = [1001, 1006, 1012];

export interface Loss {
  readonly code: number;
  /** How long it had been open; null if it never was. */
  readonly lastedMs: number | null;
  /** Given up by this page because nothing was heard. */
  readonly silent: boolean;
}

/**
 * The wait before attempt number `attempt` (0 is the first): doubles up to `longest`, and each is up
 * to a quarter shorter, so that pages that were lost together do not come back together.
 */
export function backoff(attempt: number, longest: number, random: number = Math.random()): number {
  const most = Math.min(FIRST_MS * 2 ** Math.min(attempt, 10), longest);
  return Math.round(most * (0.75 + random / 4));
}

/** The waits of one page, from loss to loss. */
export class Comeback {
  #attempt = 0;
  /** Whether the try at once was had since the last good connection. */
  #tried = false;
  #since: number | null = null;

  /** The connection was lost at `now`: how long to wait. */
  wait(loss: Loss, now: number): number {
    if ((loss.lastedMs ?? 0) >= STEADY_MS) {
      this.#attempt = 0;
      this.#tried = false;
      this.#since = null;
    }
    this.#since ??= now;
    // A connection that is closed right after its hello must not be retried in a hurry for ever;
    // silence cannot hurry, its patience grows.
    const soon = loss.silent || (loss.lastedMs !== null && RESTARTS.includes(loss.code) && !this.#tried);
    if (soon) {
      this.#tried = true;
      return Math.round(Math.random() * SOON_MS);
    }
    const longest = now - this.#since < AT_FIRST_MS ? LONGEST_AT_FIRST_MS : LONGEST_MS;
    this.#attempt += 1;
    return backoff(this.#attempt - 1, longest);
  }
}
