// Asks for something again and again while the page is seen. Knows nothing of what it asks for.
import type { Answer, Failure } from './api/client';
import { Timer } from './live/schedule';

/** An answer that takes longer is none: the question is put anew. */
const PATIENCE_MS = 10_000;

export class Poll<T> {
  /** The newest answer; stays when later ones fail. */
  value = $state.raw<T | null>(null);
  /** Why there was no newer one; null when the last went well. */
  failure = $state.raw<Failure | null>(null);
  readonly #ask: (signal: AbortSignal) => Promise<Answer<T>>;
  readonly #everyMs: number;
  readonly #next = new Timer();
  #asking: AbortController | null = null;
  #wanted = false;

  constructor(ask: (signal: AbortSignal) => Promise<Answer<T>>, everyMs: number) {
    this.#ask = ask;
    this.#everyMs = everyMs;
  }

  /** Asks at once, then again and again, until the returned function is called. */
  start(): () => void {
    const onVisibility = () => this.now();
    document.addEventListener('visibilitychange', onVisibility);
    this.#wanted = true;
    this.now();
    return () => {
      document.removeEventListener('visibilitychange', onVisibility);
      this.#wanted = false;
      this.#next.stop();
      this.#asking?.abort();
      this.#asking = null;
    };
  }

  /** Asks now, unless it does already, or nobody looks. */
  now(): void {
    this.#next.stop();
    if (this.#wanted && !document.hidden && this.#asking === null) void this.#run();
  }

  async #run(): Promise<void> {
    const asking = new AbortController();
    const patience = new Timer();
    patience.start(PATIENCE_MS, () => asking.abort());
    this.#asking = asking;
    const answer = await this.#ask(asking.signal);
    patience.stop();
    if (this.#asking !== asking) return; // nobody waits for this one any more
    this.#asking = null;
    if (answer.ok) this.value = answer.value;
    this.failure = answer.ok ? null : answer;
    this.#next.start(this.#everyMs, () => this.now());
  }
}
