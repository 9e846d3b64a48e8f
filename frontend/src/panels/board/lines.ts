// Lines of the board of users: a user on a card, and above them, on demand, the user with what it comes to.
import type { Holding, Person } from '../../lib/model/people';
import type { Family } from '../../lib/table-tree';

export interface HoldingLine {
  readonly kind: 'holding';
  readonly key: string;
  readonly id: number;
  /** 0: it stands by itself. */
  readonly parent: number;
  readonly holding: Holding;
}

export interface PersonLine {
  readonly kind: 'person';
  readonly key: string;
  readonly id: number;
  readonly parent: number;
  readonly person: Person;
}

export type Line = HoldingLine | PersonLine;

export const family: Family<Line> = {
  key: (line) => line.key,
  id: (line) => line.id,
  parent: (line) => line.parent,
};

export function flatLines(holdings: readonly Holding[]): readonly Line[] {
  return holdings.map((holding, at) => ({
    kind: 'holding',
    key: holding.key,
    id: at + 1,
    parent: 0,
    holding,
  }));
}

export function groupedLines(people: readonly Person[]): readonly Line[] {
  let id = 0;
  return people.flatMap((person) => {
    id += 1;
    const parent = id;
    const own: Line = { kind: 'person', key: `person ${person.id}`, id, parent: 0, person };
    return [
      own,
      ...person.holdings.map((holding): Line => {
        id += 1;
        return { kind: 'holding', key: holding.key, id, parent, holding };
      }),
    ];
  });
}
