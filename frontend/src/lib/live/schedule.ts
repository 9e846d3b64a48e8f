// When things happen: one timer that can be set anew, and one run per animation frame.

/** At most one pending run; setting it again forgets the run before. */
export class Timer {
  #id: ReturnType<typeof setTimeout> | undefined;

  start(milliseconds: number, run: () => void): void {
    clearTimeout(this.#id);
    this.#id = setTimeout(run, milliseconds);
  }

  stop(): void {
    clearTimeout(this.#id);
  }
}

/** However often asked, runs once per animation frame, and not at all while the page is hidden. */
export class PerFrame {
  #pending = false;
  readonly #run: () => void;

  constructor(run: () => void) {
    this.#run = run;
  }

  request(): void {
    if (this.#pending || document.hidden) return;
    this.#pending = true;
    requestAnimationFrame(() => {
      this.#pending = false;
      this.#run();
    });
  }
}
