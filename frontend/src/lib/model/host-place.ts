// The order of hosts: by group, then by name as people count. Must not know who shows them.
import type { HostRow } from '../api/api';
import { arrange, collator } from '../table-sort';
import { hostName } from './fleet';

/** Where nobody gave an order of groups, they go by name; hosts without one come last. */
export function groupOrder(groups: readonly string[]): (a: string, b: string) => number {
  const places = new Map(groups.map((group, place) => [group, place]));
  const compare = collator('en').compare;
  const place = (group: string): number => (group === '' ? Infinity : (places.get(group) ?? groups.length));
  return (a, b) => {
    const [left, right] = [place(a), place(b)];
    return left === right ? compare(a, b) : left < right ? -1 : 1;
  };
}

/** By group, then by name as people count: gpu-2 before gpu-10. */
export function byPlace(groups: readonly string[]): (a: HostRow, b: HostRow) => number {
  const byGroup = groupOrder(groups);
  const compare = collator('en').compare;
  return (a, b) =>
    byGroup(a.status.group, b.status.group) ||
    compare(hostName(a), hostName(b)) ||
    (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
}

/** Keeps the order of hosts from frame to frame: to sort again what is in order takes no time. */
export class HostOrder {
  #keys: readonly string[] = [];
  readonly #ranks = new Map<string, number>();

  /** Hosts in their order. */
  next(rows: readonly HostRow[], groups: readonly string[]): readonly HostRow[] {
    const sorted = arrange(rows, ({ key }) => key, this.#keys).sort(byPlace(groups));
    if (sorted.length !== this.#keys.length || sorted.some(({ key }, at) => key !== this.#keys[at])) {
      this.#keys = sorted.map(({ key }) => key);
      this.#ranks.clear();
      this.#keys.forEach((key, at) => this.#ranks.set(key, at));
    }
    return sorted;
  }

  /** The place of a host: a number, which is compared in no time. */
  readonly rank = ({ key }: HostRow): number => this.#ranks.get(key) ?? this.#keys.length;
}
