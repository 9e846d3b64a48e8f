// Hosts in the order people go through them. Fetched with the first step from one to the next.
import type { OverviewDocument } from '../../lib/api/api';
import { byPlace } from '../../lib/model/host-place';

/** Ids of all hosts, by group and name. */
export const inOrder = ({ hosts, groups }: OverviewDocument): readonly string[] =>
  hosts.toSorted(byPlace(groups)).map(({ key }) => key);

/** The neighbour, around the end; null where there is none. From a host that is not there: the first or last. */
export function neighbour(keys: readonly string[], host: string, by: 1 | -1): string | null {
  const at = keys.indexOf(host);
  const to = at < 0 ? keys.at(by > 0 ? 0 : -1) : keys.at((at + by) % keys.length);
  return to === undefined || to === host ? null : to;
}
