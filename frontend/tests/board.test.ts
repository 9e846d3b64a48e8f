import { describe, expect, it } from 'vitest';
import type { CardUser } from '../src/lib/api/api';
import { holdings, isHeldIdle, peopleHidden, peopleOf, personId, totals } from '../src/lib/model/people';
import { boardColumns } from '../src/panels/board/columns';
import { boardFilter } from '../src/panels/board/filter';
import { groupedLines, flatLines } from '../src/panels/board/lines';
import { personHref, personName } from '../src/panels/board/names';
import { GIB, madeHost, madeUser } from './support/made-hosts';

const absent = { absent: 'gone' } as const;
const rows = [
  madeHost({
    key: 'gpu-1',
    cards: [
      { state: 'busy', users: [{ user: 'alice' }, { user: 'bob', memory_bytes: 2 * GIB }] },
      { state: 'held', idleMinutes: 40, users: [{ user: 'alice', since_ms: 5, container: null }] },
      { state: 'free' },
    ],
  }),
  madeHost({
    key: 'gpu-2',
    status: { state: 'down' },
    cards: [
      { state: 'held', idleMinutes: 40, users: [{ user: 'alice', memory_bytes: absent, processes: 3 }] },
      { state: 'busy', users: [{ user: absent, user_id: 1004, memory_bytes: absent }] },
    ],
  }),
];
const all = holdings(rows);
const people = peopleOf(all);
const person = (id: string) => people.find((each) => each.id === id);

describe('who is on what', () => {
  it('is a line for each user on each card', () => {
    expect(all.map(({ person: who, card }) => `${who} ${card.key}`)).toEqual([
      'alice gpu-1/0',
      'bob gpu-1/0',
      'alice gpu-1/1',
      'alice gpu-2/0',
      '#1004@gpu-2 gpu-2/1',
    ]);
    expect(new Set(all.map(({ key }) => key)).size).toBe(5);
  });

  it('is added up for each user, most cards first; memory that is not known is not 0', () => {
    expect(people.map(({ id, cards }) => [id, cards])).toEqual([
      ['alice', 3],
      ['bob', 1],
      ['#1004@gpu-2', 1],
    ]);
    expect(person('alice')).toMatchObject({
      hosts: 2,
      held: 1,
      memory: 42 * GIB,
      partly: true,
      processes: 5,
      since: 5,
    });
    expect(person('#1004@gpu-2')).toMatchObject({ memory: null, partly: true });
  });

  it('says nothing of idleness where a host gives no news', () => {
    expect(all.filter(isHeldIdle).map(({ card }) => card.key)).toEqual(['gpu-1/1']);
  });

  it('counts a card once, whoever else is on it', () => {
    expect(totals(all)).toEqual({ people: 3, cards: 4, held: 1, hosts: 2, memory: 44 * GIB });
    expect(totals([])).toMatchObject({ cards: 0, memory: null });
  });

  it('tells two numbers of one name on a card apart', () => {
    const twice = madeHost({
      key: 'a',
      cards: [
        {
          state: 'busy',
          users: [
            { user: 'root', user_id: 0 },
            { user: 'root', user_id: 100_000 },
          ],
        },
      ],
    });
    const both = holdings([twice]);
    expect(new Set(both.map(({ key }) => key)).size).toBe(2);
    expect(peopleOf(both)).toMatchObject([{ id: 'root', cards: 1 }]);
  });
});

describe('what names a user', () => {
  const id = (changes: Partial<CardUser>) =>
    personId(madeUser(0, 0, changes), rows[0] ?? madeHost({ key: 'x' }));

  it('is the name, or the number on its host, and none can pose as another', () => {
    expect(id({ user: 'alice' })).toBe('alice');
    expect(id({ user: absent })).toBe('#1001@gpu-1');
    expect(id({ user: absent, user_id: absent })).toBe('#?@gpu-1');
    expect(id({ user: '#1001@gpu-1' })).toBe('##1001@gpu-1');
  });

  it('stands in an address whatever is in it', () => {
    for (const user of ['a/b', '..', '.', '%2e', '?q', '#1@x', '<b>', 'ü', 'a b', '...']) {
      const name = id({ user });
      const url = new URL(personHref(name), 'http://localhost/');
      expect(url.pathname.startsWith('/users/'), name).toBe(true);
      expect(decodeURIComponent(url.pathname.slice('/users/'.length)), name).toBe(name);
    }
  });

  it('is written so that hidden characters are seen', () => {
    const [hostile] = peopleOf(
      holdings([madeHost({ key: 'a', cards: [{ users: [{ user: '\u202eecila\u0007' }] }] })]),
    );
    expect(hostile && personName(hostile)).toBe('�ecila␇');
  });
});

describe('a viewer who may not see people', () => {
  it('is told from a cluster in which nobody is on a card', () => {
    const guest = madeHost({ key: 'a', cards: [{}], guest: true });
    expect(peopleHidden([guest, madeHost({ key: 'cpu' })])).toBe(true);
    expect(peopleHidden([guest, madeHost({ key: 'b', cards: [{}] })])).toBe(false);
    expect(peopleHidden([madeHost({ key: 'cpu' })])).toBe(false);
  });
});

describe('the board', () => {
  const columns = boardColumns(true, () => 0);
  const cell = (id: string, line: ReturnType<typeof flatLines>[number]) =>
    columns.find((each) => each.id === id)?.text(line);

  it('has users above their cards', () => {
    const lines = groupedLines(people);
    expect(lines.map(({ kind, parent }) => `${kind} ${String(parent)}`).slice(0, 5)).toEqual([
      'person 0',
      'holding 1',
      'holding 1',
      'holding 1',
      'person 0',
    ]);
    expect(new Set(lines.map(({ id }) => id)).size).toBe(lines.length);
  });

  it('says that memory is at least so much where some is not known', () => {
    const [alice] = groupedLines(people);
    expect(alice && cell('memory', alice)).toBe('≥ 42.0\u00a0GiB');
  });

  it('says since when a card is held idle, and of no other', () => {
    const texts = flatLines(all).map((line) => cell('idle', line));
    expect(texts.filter(Boolean)).toHaveLength(1);
  });

  it('is searched by words and fields; a user alone is no match', () => {
    const found = (q: string) =>
      groupedLines(people)
        .filter(boardFilter(q) ?? (() => true))
        .map(({ key }) => key);
    expect(found('host:gpu-2 alice')).toEqual(['gpu-2/0/0/alice']);
    expect(found('state:held')).toEqual(['gpu-1/1/0/alice']);
    expect(found('mem:<5G')).toEqual(['gpu-1/0/1/bob']);
    expect(found('nobody')).toEqual([]);
  });
});
