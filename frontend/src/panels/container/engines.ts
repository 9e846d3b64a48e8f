// What would mend an engine that does not answer.
import type { Reason } from '../../lib/api/api';
import '../../lib/i18n/en/container';
import type { PlainKey } from '../../lib/table';

/** The sentence for a reason; null where there is nothing to do but to wait. */
export function mendKey(reason: Reason): PlainKey | null {
  switch (reason) {
    case 'permission_denied':
    case 'not_installed':
    case 'not_responding':
    case 'read_failed':
    case 'malformed':
      return `container.mend_${reason}`;
    default:
      return null;
  }
}
