// What somebody chose to see of the hosts. It stands in the address; what is not there is as it was last
// time, or as is best for so many hosts.
import { oneOf, pref } from '../../lib/prefs.svelte';
import { query, setQuery } from '../../lib/router.svelte';
import { firstDirection, HOST_SORTS, type HostSort } from '../../lib/model/host-sorts';
import type { Direction } from '../../lib/table';
import type { Density } from '../../lib/table-window';

export const VIEWS = ['cards', 'rows', 'map'] as const;
export type View = (typeof VIEWS)[number];

/** With more, cards would be pages long. */
const MANY = 1000;

const lastView = pref<View | null>('view', null, oneOf(...VIEWS));
const density = pref<Density>('density', 'regular', oneOf('regular', 'compact'));

const known = <T extends string>(choices: readonly T[], given: string): T | null =>
  choices.find((choice) => choice === given) ?? null;

export class Choices {
  /** How many hosts there are. */
  readonly #hosts: () => number;

  constructor(hosts: () => number) {
    this.#hosts = hosts;
  }

  get q(): string {
    return query('q');
  }
  set q(q: string) {
    setQuery({ q });
  }

  get group(): string {
    return query('group');
  }
  set group(group: string) {
    setQuery({ group });
  }

  /** Only hosts with free cards. */
  get free(): boolean {
    return query('free') === '1';
  }
  set free(free: boolean) {
    setQuery({ free: free ? '1' : '' });
  }

  get sort(): HostSort {
    return known(HOST_SORTS, query('sort')) ?? 'free';
  }
  get direction(): Direction {
    const given = query('dir');
    return given === 'asc' || given === 'desc' ? given : firstDirection(this.sort);
  }
  order(sort: HostSort, direction: Direction = firstDirection(sort)): void {
    setQuery({ sort, dir: direction }, { sort: 'free', dir: firstDirection(sort) });
  }

  get view(): View {
    return known(VIEWS, query('view')) ?? lastView.value ?? this.#usual;
  }
  set view(view: View) {
    lastView.value = view;
    setQuery({ view }, { view: this.#usual });
  }
  get #usual(): View {
    return this.#hosts() > MANY ? 'rows' : 'cards';
  }

  get compact(): boolean {
    return (known(['regular', 'compact'], query('density')) ?? density.value) === 'compact';
  }
  set compact(compact: boolean) {
    density.value = compact ? 'compact' : 'regular';
    setQuery({ density: density.value }, { density: 'regular' });
  }

  /** How many of the filters hold, the text apart. */
  get filters(): number {
    return (this.group === '' ? 0 : 1) + (this.free ? 1 : 0);
  }
  clear(): void {
    setQuery({ q: '', group: '', free: '' });
  }
}
