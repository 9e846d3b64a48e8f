// How far the server's clock is from this browser's. Knows nothing of the socket.

/** A jump larger than this is a change of one of the clocks (or a suspended laptop), not jitter. */
const JUMP_MS = 2000;

/**
 * Estimates the server's time from what frames say. A frame that travelled longer shows an older
 * time, so of many samples the largest is the best one; it is let go slowly, to follow drift.
 */
export class ServerClock {
  #offset: number | null = null;
  readonly #local: () => number;

  constructor(local: () => number = () => Date.now()) {
    this.#local = local;
  }

  /** A frame with the server's clock just came. */
  observe(serverTimeMs: number): void {
    const sample = serverTimeMs - this.#local();
    const offset = this.#offset;
    if (offset === null || sample > offset || offset - sample > JUMP_MS) this.#offset = sample;
    else this.#offset = offset + (sample - offset) * 0.05;
  }

  now(): number {
    return Math.round(this.#local() + (this.#offset ?? 0));
  }
}
