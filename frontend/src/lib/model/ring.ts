// The last minutes of some readings: columns of equal length by time, oldest first.
// Knows the server's clock only. A missing reading is null, and a gap stays a gap.

export interface RingSettings {
  /** How far back, in ms. */
  readonly spanMs: number;
  /** Most points kept; the oldest go first. */
  readonly capacity: number;
  /** A longer silence is drawn as a gap. */
  readonly gapMs: number;
}

export interface Columns {
  /** Milliseconds, rising. */
  readonly times: number[];
  readonly values: (number | null)[][];
}

export class Ring {
  readonly #settings: RingSettings;
  readonly #times: Float64Array;
  // NaN stands for "no reading" inside; it never leaves this class.
  readonly #values: Float64Array[];
  #start = 0;
  #length = 0;

  constructor(series: number, settings: RingSettings) {
    this.#settings = settings;
    this.#times = new Float64Array(settings.capacity);
    this.#values = Array.from({ length: series }, () => new Float64Array(settings.capacity));
  }

  get length(): number {
    return this.#length;
  }

  get newest(): number | null {
    return this.#length === 0 ? null : this.#timeAt(this.#length - 1);
  }

  /**
   * Adds the readings taken at a time. The same time again replaces them: a document repeats a
   * section that was not read anew. A time before the newest means that the server's clock was
   * set back: what now lies in the future was measured on another clock and is dropped.
   * Returns whether anything changed.
   */
  push(timeMs: number, readings: readonly (number | null)[]): boolean {
    if (!Number.isFinite(timeMs)) return false;
    while (this.#length > 0 && this.#timeAt(this.#length - 1) > timeMs) this.#length -= 1;
    const last = this.newest;
    if (last === timeMs) return this.#write(this.#length - 1, readings);
    if (last !== null && timeMs - last > this.#settings.gapMs) this.#append(last + 1, []);
    this.#append(timeMs, readings);
    this.#forget(timeMs - this.#settings.spanMs);
    return true;
  }

  columns(): Columns {
    const times: number[] = [];
    for (let at = 0; at < this.#length; at += 1) times.push(this.#timeAt(at));
    return { times, values: this.#values.map((_, series) => this.series(series)) };
  }

  series(series: number): (number | null)[] {
    const column = this.#values[series];
    const out: (number | null)[] = [];
    for (let at = 0; at < this.#length; at += 1) {
      const value = column?.[this.#slot(at)] ?? NaN;
      out.push(Number.isNaN(value) ? null : value);
    }
    return out;
  }

  #slot(at: number): number {
    return (this.#start + at) % this.#settings.capacity;
  }

  #timeAt(at: number): number {
    return this.#times[this.#slot(at)] ?? NaN;
  }

  #append(timeMs: number, readings: readonly (number | null)[]): void {
    if (this.#length === this.#settings.capacity) {
      this.#start = this.#slot(1);
      this.#length -= 1;
    }
    this.#length += 1;
    this.#times[this.#slot(this.#length - 1)] = timeMs;
    this.#write(this.#length - 1, readings);
  }

  #write(at: number, readings: readonly (number | null)[]): boolean {
    const slot = this.#slot(at);
    let changed = false;
    this.#values.forEach((column, series) => {
      const reading = readings[series] ?? NaN;
      const value = Number.isFinite(reading) ? reading : NaN;
      if (!Object.is(column[slot], value)) changed = true;
      column[slot] = value;
    });
    return changed;
  }

  #forget(beforeMs: number): void {
    while (this.#length > 0 && this.#timeAt(0) < beforeMs) {
      this.#start = this.#slot(1);
      this.#length -= 1;
    }
  }
}
