// What a host is called on a command line.
import type { HostRow } from '../api/api';
import { present } from './reading';

/** The longest name in the DNS. */
const ADDRESS_MAX = 253;

/**
 * What `ssh` is to be told; null where no name of the host is fit for a command line. What comes from another
 * machine is pasted into somebody's shell: nothing that it or `ssh` could take for something else.
 */
export function sshAddress(row: HostRow): string | null {
  const names = [present(row.address), present(row.hostname), row.key];
  return (
    names.find(
      (name) => name !== null && name.length <= ADDRESS_MAX && /^[a-z0-9:][a-z0-9._\-:@%]*$/i.test(name),
    ) ?? null
  );
}
