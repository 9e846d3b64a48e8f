import { describe, expect, it } from 'vitest';
import { find, type Wish } from '../src/lib/model/finder';
import { cellOfCard, fleet, models } from '../src/lib/model/fleet';
import { HostOrder } from '../src/lib/model/host-place';
import { sshAddress } from '../src/lib/model/ssh';
import type { HostRow } from '../src/lib/api/api';
import { GIB, madeHost, type MadeCard } from './support/made-hosts';

const wish = (changes: Partial<Wish> = {}): Wish => ({
  gpus: 1,
  memory: 0,
  model: '',
  sameHost: true,
  ...changes,
});
const free = (n: number, card: MadeCard = {}): MadeCard[] => Array.from({ length: n }, () => card);
const host = (key: string, cards: readonly MadeCard[], changes: Partial<HostRow['status']> = {}): HostRow =>
  madeHost({ key, cards, status: changes });
const offers = (rows: readonly HostRow[], changes: Partial<Wish> = {}): string[] =>
  find(rows, wish(changes)).offers.map(({ row, take }) => `${row.key}: ${take.join(',')}`);

describe('a card is offered', () => {
  it('only where its host is up and nobody works on it', () => {
    const rows = (['up', 'stale', 'down', 'waiting', 'maintenance'] as const).map((state) =>
      host(state, free(1), { state }),
    );
    expect(offers([...rows, host('mended', free(1), { maintenance: 'fans' })])).toEqual(['up: 0']);
  });

  it('only if it is free, and whole', () => {
    const cards: MadeCard[] = [
      { state: 'busy' },
      { state: 'held' },
      { state: 'fault' },
      { state: 'unknown' },
      { state: 'free', slices: ['free', 'free'] },
      { state: 'free' },
    ];
    const answer = find([host('a', cards)], wish());
    expect(answer.offers.map(({ take }) => take)).toEqual([[5]]);
    expect([answer.free, answer.fitting]).toEqual([1, 5]);
  });

  it('only with as much free memory; what is not known is not enough', () => {
    const cards = [{ usedGib: 41 }, { usedGib: 40 }, { usedGib: null }, { totalGib: null }];
    expect(offers([host('a', cards)], { memory: 40 * GIB })).toEqual(['a: 1']);
    expect(offers([host('a', cards)], { gpus: 4 })).toEqual(['a: 0,1,2,3']);
  });

  it('by a part of its model, letters of any case; a card of no known model is of none', () => {
    const cards = [{ model: 'NVIDIA L40S' }, { model: { absent: 'read_failed' } as const }, {}];
    expect(offers([host('a', cards)], { model: 'a100' })).toEqual(['a: 2']);
    expect(offers([host('a', cards)], { model: 'h100' })).toEqual([]);
  });

  it('with others of its own model only', () => {
    expect(offers([host('a', [{}, { model: 'NVIDIA L40S' }])], { gpus: 2 })).toEqual([]);
  });
});

describe('the best offer', () => {
  it('is the one that leaves fewest cards over', () => {
    const rows = [host('seven', free(7)), host('four', free(4)), host('five', free(5))];
    expect(offers(rows, { gpus: 4 })).toEqual(['four: 0,1,2,3', 'five: 0,1,2,3', 'seven: 0,1,2,3']);
  });

  it('then the one with least memory to spare, then the one idle for longest, then by name', () => {
    const rows = [
      host('gpu-10', free(1, { idleMinutes: 5 })),
      host('gpu-2', free(1, { idleMinutes: 5 })),
      host('rested', free(1, { idleMinutes: 90 })),
      host('unseen', free(1)),
      host('small', free(1, { totalGib: 48, idleMinutes: 1 })),
    ];
    expect(offers(rows)).toEqual(['small: 0', 'rested: 0', 'gpu-2: 0', 'gpu-10: 0', 'unseen: 0']);
  });

  it('takes cards that are well, idle for longest, and names them in order', () => {
    const cards: MadeCard[] = [
      { idleMinutes: 900, severity: 'warning' },
      { idleMinutes: 1 },
      { idleMinutes: 30 },
      {},
      { idleMinutes: 300 },
    ];
    const [offer] = find([host('a', cards)], wish({ gpus: 2 })).offers;
    expect(offer?.take).toEqual([2, 4]);
    expect(offer?.free).toBe(5);
    expect(offer?.idle).toBe(2_000_000_000 - 30 * 60_000);
    expect(find([host('a', cards)], wish({ gpus: 4 })).offers[0]?.idle).toBeNull();
  });
});

describe('from several hosts together', () => {
  const rows = [host('a', free(3)), host('b', free(2)), host('c', free(5, { model: 'NVIDIA L40S' }))];

  it('cards of one model on as few hosts as can be', () => {
    expect(offers(rows, { gpus: 4, sameHost: false })).toEqual(['c: 0,1,2,3']);
    expect(offers(rows.slice(0, 2), { gpus: 4, sameHost: false })).toEqual(['a: 0,1,2', 'b: 0']);
  });

  it('of several models only where no one has enough, and nothing where there are too few', () => {
    expect(offers(rows, { gpus: 7, sameHost: false })).toEqual(['c: 0,1,2,3,4', 'b: 0,1']);
    expect(offers(rows, { gpus: 11, sameHost: false })).toEqual([]);
  });
});

describe('where nothing fits', () => {
  it('the largest block is what comes closest', () => {
    const { nearest } = find([host('a', free(2)), host('b', free(3))], wish({ gpus: 4 }));
    expect([nearest?.why, nearest?.offer.row.key, nearest?.offer.take]).toEqual(['count', 'b', [0, 1, 2]]);
  });

  it('or the free card with most memory, if none has enough', () => {
    const rows = [host('a', free(2, { usedGib: 70 })), host('b', free(1, { usedGib: 60 }))];
    const { nearest } = find(rows, wish({ memory: 40 * GIB }));
    expect([nearest?.why, nearest?.offer.row.key, nearest?.offer.memory]).toEqual(['memory', 'b', 20 * GIB]);
  });

  it('or nothing at all', () => {
    expect(find([], wish()).nearest).toBeNull();
    expect(find([host('a', [{ state: 'busy' }])], wish()).nearest).toBeNull();
  });
});

describe('the name for ssh', () => {
  const named = (address: HostRow['address'], hostname: HostRow['hostname'] = 'gpu-1') =>
    sshAddress(madeHost({ key: 'key-1', changes: { address, hostname } }));

  it('is the address, else the host name, else the id', () => {
    expect(named('10.0.0.7')).toBe('10.0.0.7');
    expect(named({ absent: 'not_collected' })).toBe('gpu-1');
    expect(named({ absent: 'not_collected' }, { absent: 'not_collected' })).toBe('key-1');
  });

  it('has nothing in it that a shell or ssh could take for something else', () => {
    for (const hostile of [
      '-oProxyCommand=x',
      'a;reboot',
      '$(id)',
      'a b',
      '`id`',
      'a\nb',
      '',
      'a'.repeat(254),
    ])
      expect(named(hostile, hostile)).toBe('key-1');
    expect(sshAddress(madeHost({ key: 'site~a', changes: { address: '-x', hostname: 'a|b' } }))).toBeNull();
  });
});

describe('the fleet', () => {
  it('knows nothing of cards whose host gives no news', () => {
    const [card] = fleet([host('a', [{ state: 'busy', percent: 70, slices: ['free'] }], { state: 'stale' })]);
    expect(card?.state).toBe('unknown');
    expect(card && cellOfCard(card)).toMatchObject({ use: null, memory: null, slices: [] });
  });

  it('makes no new cards where nothing of them changed', () => {
    const row = host('a', free(2));
    const [first] = fleet([row]);
    const later: HostRow = { ...row, cpu_percent: 99 };
    expect(fleet([later])[0]).toBe(first);
    const busier: HostRow = { ...later, card_percent: [50, 0] };
    expect(fleet([busier])[0]).not.toBe(first);
    expect(fleet([busier])[0]?.use).toBe(50);
    // The one before is not taken for the newest.
    expect(fleet([{ ...busier, status: { ...busier.status, state: 'down' } }])[0]?.state).toBe('unknown');
  });

  it('keeps hosts in the order of groups, then of names as people count', () => {
    const order = new HostOrder();
    const rows = ['gpu-10', 'gpu-2', 'x', 'y'].map((key, at) =>
      host(key, [], { group: ['b', 'b', 'a', ''][at] ?? '' }),
    );
    const keys = (groups: readonly string[], of = rows) => order.next(of, groups).map(({ key }) => key);
    expect(keys(['b', 'a'])).toEqual(['gpu-2', 'gpu-10', 'x', 'y']);
    expect(rows.map(order.rank)).toEqual([1, 0, 2, 3]);
    expect(keys([])).toEqual(['x', 'gpu-2', 'gpu-10', 'y']);
    expect(keys([], rows.slice(1))).toEqual(['x', 'gpu-2', 'y']);
    expect(rows.slice(1).map(order.rank)).toEqual([1, 0, 2]);
  });

  it('counts models, most cards first', () => {
    const rows = [host('a', [{}, { state: 'busy' }, { model: 'NVIDIA L40S' }, { slices: ['free'] }])];
    expect(models(fleet(rows))).toEqual([
      { model: 'NVIDIA A100-SXM4-80GB', free: 1, total: 3 },
      { model: 'NVIDIA L40S', free: 1, total: 1 },
    ]);
  });
});
