// How smonitor's sources are, in order of what matters.
import type { SourceHealth, SourceState } from '../api/api';

export type Severity = 'severe' | 'limited' | 'none';

/** What a state means for who reads the page. That a machine does not have something is no trouble. */
export function severity(state: SourceState): Severity {
  switch (state) {
    case 'stuck':
    case 'failing':
      return 'severe';
    case 'forbidden':
    case 'partial':
    case 'slow':
      return 'limited';
    default:
      return 'none';
  }
}

export const countOf = (sources: readonly SourceHealth[], wanted: Severity): number =>
  sources.filter(({ state }) => severity(state) === wanted).length;
