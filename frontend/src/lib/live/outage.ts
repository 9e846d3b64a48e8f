// Since when there is no connection, told in steps: a restart of the server takes less than a second
// and needs no words.
import { serverClock } from '../model/time.svelte';
import { Timer } from './schedule';
import type { SocketState } from './socket';

export interface Lost {
  /** When it was lost, by the server's clock. */
  readonly at: number;
  /** Not just a moment: worth a banner. */
  readonly long: boolean;
}

/** Nothing heard for so long is said. */
export const NOTICED_MS = 1000;
/** No connection for so long is said plainly. */
export const LONG_MS = 3000;

export class Outage {
  #lost = false;
  readonly #noticed = new Timer();
  readonly #long = new Timer();
  readonly #tell: (lost: Lost | null) => void;

  constructor(tell: (lost: Lost | null) => void) {
    this.#tell = tell;
  }

  onState(state: SocketState): void {
    if (state.phase === 'open' || state.phase === 'closed') this.#end();
    if (state.phase === 'waiting' && !this.#lost) this.#begin(performance.now() - state.lostAt);
  }

  #begin(agoMs: number): void {
    this.#lost = true;
    const at = serverClock.now() - agoMs;
    const notice = () => this.#tell({ at, long: false });
    if (agoMs >= NOTICED_MS) notice();
    else this.#noticed.start(NOTICED_MS - agoMs, notice);
    this.#long.start(LONG_MS, () => this.#tell({ at, long: true }));
  }

  #end(): void {
    this.#lost = false;
    this.#noticed.stop();
    this.#long.stop();
    this.#tell(null);
  }
}
