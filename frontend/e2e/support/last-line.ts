// Ends a run with one plain line, and repeats what tests measured: `note` annotations.
import type { FullResult, Reporter, TestCase, TestResult } from '@playwright/test/reporter';

export default class LastLine implements Reporter {
  readonly #count = { passed: 0, failed: 0, skipped: 0 };
  readonly #notes: string[] = [];

  onTestEnd(test: TestCase, result: TestResult): void {
    if (result.status === 'passed') this.#count.passed += 1;
    else if (result.status === 'skipped') this.#count.skipped += 1;
    else this.#count.failed += 1;
    for (const { type, description } of [...result.annotations, ...test.annotations]) {
      const line = `${test.title}: ${description ?? type}`;
      if ((type === 'note' || type === 'skip') && !this.#notes.includes(line)) this.#notes.push(line);
    }
  }

  onEnd({ status, duration }: FullResult): void {
    for (const note of this.#notes) console.log(`  ${note}`);
    const { passed, failed, skipped } = this.#count;
    const seconds = Math.round(duration / 1000);
    console.log(
      `browser tests ${status}: ${passed} passed, ${failed} failed, ${skipped} skipped in ${seconds} s`,
    );
  }
}
