// When a connection that says nothing is given up. Knows times, no sockets and no timers.
//
// A server that is killed while one of its threads is stuck in the kernel leaves its connections open
// and silent for ever: no close ever comes. So silence is asked about, and no answer is a loss. On a
// slow link a large message looks the same from here, since nothing is seen of it before its end:
// therefore each connection given up doubles the patience with the next ones.

interface Pace {
  /** Nothing heard for so long: ask. */
  readonly askMs: number;
  /** Nothing heard for so long in all: give up. */
  readonly dropMs: number;
}

const LIVELY: Pace = { askMs: 2000, dropMs: 3500 };
/** Nobody looks, and timers of hidden pages fire late. */
const HIDDEN: Pace = { askMs: 10_000, dropMs: 30_000 };
const MOST_PATIENT_MS = 30_000;
/** After a connection that lasted so long the patience is as at first. */
const LASTED_MS = 60_000;
/** Also of a connection that is heard, to know the round trip. */
const ROUTINE_MS = 10_000;
const FIRST_ROUTINE_MS = 1000;
/** A timer that fires so much too late tells of a machine that slept or stood still, not of silence. */
const LATE_MS = 1200;

/** The two clocks of a browser: some stop the first while the machine sleeps. */
export interface Clocks {
  readonly monotonic: number;
  readonly wall: number;
}

export const clocks = (): Clocks => ({ monotonic: performance.now(), wall: Date.now() });

export interface Verdict {
  readonly act: 'nothing' | 'ping' | 'drop';
  /** When to look again. */
  readonly nextMs: number;
}

export class Silence {
  #openedAt = 0;
  #heardAt = 0;
  #askedAt = 0;
  /** Whether anything was heard since it was last asked for. */
  #answered = true;
  #plan: Clocks = { monotonic: 0, wall: 0 };
  #drops = 0;
  #roundTripMs = 0;

  get heardAt(): number {
    return this.#heardAt;
  }

  opened({ monotonic, wall }: Clocks): void {
    this.#openedAt = this.#heardAt = monotonic;
    this.#askedAt = monotonic - ROUTINE_MS + FIRST_ROUTINE_MS;
    this.#answered = true;
    this.#plan = { monotonic, wall };
  }

  /** Anything at all came. */
  heard(now: number): void {
    this.#heardAt = now;
    this.#answered = true;
  }

  /** A ping was answered after so long. */
  measured(roundTripMs: number): void {
    this.#roundTripMs = roundTripMs;
  }

  look(now: Clocks, hidden: boolean): Verdict {
    const late = Math.max(now.monotonic - this.#plan.monotonic, now.wall - this.#plan.wall) > LATE_MS;
    const { askMs, dropMs, graceMs } = this.#pace(now.monotonic, hidden);
    const silentMs = now.monotonic - this.#heardAt;
    const waitedMs = now.monotonic - this.#askedAt;
    let act: Verdict['act'] = 'nothing';
    if (this.#answered) {
      if (silentMs >= askMs || waitedMs >= ROUTINE_MS) act = 'ping';
    } else if (late) {
      // What came meanwhile may not have been handed to the page yet: ask anew.
      act = 'ping';
    } else if (silentMs >= dropMs && waitedMs >= graceMs) {
      act = 'drop';
    }
    if (act === 'drop') this.#drops = (this.#lasted(now.monotonic) ? 0 : this.#drops) + 1;
    if (act === 'ping') {
      this.#askedAt = now.monotonic;
      this.#answered = false;
    }
    const due = this.#answered
      ? Math.min(this.#heardAt + askMs, this.#askedAt + ROUTINE_MS)
      : Math.max(this.#heardAt + dropMs, this.#askedAt + graceMs);
    const nextMs = Math.max(0, due - now.monotonic);
    this.#plan = { monotonic: now.monotonic + nextMs, wall: now.wall + nextMs };
    return { act, nextMs };
  }

  #lasted(now: number): boolean {
    return now - this.#openedAt >= LASTED_MS;
  }

  #pace(now: number, hidden: boolean): Pace & { readonly graceMs: number } {
    const { askMs, dropMs } = hidden ? HIDDEN : LIVELY;
    const doubled = this.#lasted(now) ? dropMs : dropMs * 2 ** Math.min(this.#drops, 10);
    // An answer is given twice the time that the last one took, however slow the link is.
    const patience = Math.min(Math.max(doubled, askMs + 2 * this.#roundTripMs), MOST_PATIENT_MS);
    return { askMs, dropMs: patience, graceMs: patience - askMs };
  }
}
