// Ends a run with what somebody who sees only its last lines needs: what tests measured (`note`
// annotations), which tests failed or needed a second attempt and why, and one plain line.
import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { FullResult, Reporter, TestCase, TestResult } from '@playwright/test/reporter';

const LINES_OF_AN_ERROR = 12;

export default class LastLine implements Reporter {
  readonly #tests = new Set<TestCase>();
  readonly #notes = new Set<string>();

  onTestEnd(test: TestCase, result: TestResult): void {
    this.#tests.add(test);
    for (const { type, description } of [...result.annotations, ...test.annotations])
      if (type === 'note' || type === 'skip') this.#notes.add(`${test.title}: ${description ?? type}`);
  }

  onEnd({ status, duration }: FullResult): void {
    for (const note of this.#notes) console.log(`  ${note}`);
    const count = { expected: 0, unexpected: 0, flaky: 0, skipped: 0 };
    for (const test of this.#tests) {
      const outcome = test.outcome();
      count[outcome] += 1;
      if (outcome === 'unexpected' || outcome === 'flaky') tell(test, outcome);
    }
    const seconds = Math.round(duration / 1000);
    console.log(
      `browser tests ${status}: ${count.expected} passed, ${count.unexpected} failed, ` +
        `${count.flaky} passed at the second attempt, ${count.skipped} skipped in ${seconds} s`,
    );
  }
}

function tell(test: TestCase, outcome: 'unexpected' | 'flaky'): void {
  console.log(
    `\n${outcome === 'flaky' ? 'SECOND ATTEMPT' : 'FAILED'}: ${test.titlePath().slice(2).join(' › ')}`,
  );
  for (const { error, duration } of test.results.filter(({ status }) => status !== 'passed')) {
    console.log(`  after ${Math.round(duration / 1000)} s`);
    const text = stripVTControlCharacters(error?.message ?? 'no message');
    for (const line of text.split('\n').slice(0, LINES_OF_AN_ERROR)) console.log(`  ${line}`);
    if (error?.location) console.log(`  at ${relative('', error.location.file)}:${error.location.line}`);
  }
}
