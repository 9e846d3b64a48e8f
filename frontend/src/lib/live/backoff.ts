// When to try again after the connection was lost.

const FIRST_MS = 500;
const LONGEST_MS = 15_000;

/**
 * The wait before attempt number `attempt` (0 is the first retry): doubles up to 15 s, and each is
 * up to half shorter or longer, so that a thousand pages do not come back in the same moment.
 */
export function backoff(attempt: number, random: number = Math.random()): number {
  const middle = Math.min(FIRST_MS * 2 ** Math.min(attempt, 10), LONGEST_MS);
  return Math.round(middle * (0.5 + random));
}
