// Readings on the page: a value, or the reason why there is none.
import type { Reading, Reason } from '../api/api';

/** Why the value is absent, or null if it is there. */
export function absence<T>(reading: Reading<T>): Reason | null {
  if (typeof reading === 'object' && reading !== null && 'absent' in reading) return reading.absent;
  return null;
}

/** The value, or null if it is absent. Never 0 in place of nothing. */
export function present<T>(reading: Reading<T>): T | null {
  return absence(reading) === null ? (reading as T) : null;
}

/** The reading of a part of a reading; where the whole is absent, so is the part. */
export function part<T, U>(reading: Reading<T>, pick: (value: T) => Reading<U>): Reading<U> {
  const reason = absence(reading);
  return reason === null ? pick(reading as T) : { absent: reason };
}
