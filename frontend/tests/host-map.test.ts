import { describe, expect, it, vi } from 'vitest';
import type { HostRow } from '../src/lib/api/api';
import { cellsOfRow, place, sectionsOf, stripAt, stripBeside, type Sizes } from '../src/lib/model/map-layout';
import { drawChanged } from '../src/panels/map/draw';
import { hostWords, sectionCounts } from '../src/panels/map/words';
import { madeCluster, madeHost, type MadeCard } from './support/made-hosts';

const sizes: Sizes = { cell: 7, gap: 1, hostGap: 10, heading: 26, foot: 10 };
const cards = (n: number, card: MadeCard = {}) => Array.from({ length: n }, () => card);
const host = (key: string, own: readonly MadeCard[], status: Partial<HostRow['status']> = {}) =>
  madeHost({ key, cards: own, status });

describe('cells', () => {
  it('are a letter for each look', () => {
    const own: MadeCard[] = [
      { state: 'free' },
      { state: 'held' },
      { state: 'fault' },
      { state: 'unknown' },
      { state: 'busy', percent: 0 },
      { state: 'busy', percent: 100 },
      { state: 'busy', slices: ['free', 'busy'] },
      { state: 'fault', slices: ['free'] },
    ];
    expect(cellsOfRow(host('a', own))).toBe('fhx?04mx');
  });

  it('are unknown where a host gives no news, and a line where it has no cards', () => {
    expect(cellsOfRow(host('a', cards(2), { state: 'stale' }))).toBe('??');
    expect(cellsOfRow(host('a', []))).toBe('-');
    expect(cellsOfRow(host('a', [], { state: 'down' }))).toBe('?');
  });
});

describe('sections', () => {
  const rows = [
    host('a', cards(2, { model: 'NVIDIA L40S' }), { group: 'one' }),
    host('b', [...cards(3), { state: 'busy' }], { group: 'one' }),
    host('c', [], { group: 'one' }),
    host('d', cards(1, { model: { absent: 'read_failed' } }), { group: 'two' }),
    host('e', cards(4), { group: 'one', state: 'down' }),
  ];
  const sections = sectionsOf(rows, ['two', 'one']);

  it('go by group, then by model, most cards first, without cards last', () => {
    expect(sections.map(({ group, model, strips }) => [group, model, strips.length])).toEqual([
      ['two', '', 1],
      ['one', 'NVIDIA A100-SXM4-80GB', 2],
      ['one', 'NVIDIA L40S', 1],
      ['one', null, 1],
    ]);
  });

  it('count what is free, and say so in words', () => {
    expect(sections.map(sectionCounts)).toEqual([
      '1 host · 1 of 1 free',
      '2 hosts · 3 of 8 free',
      '1 host · 2 of 2 free',
      '1 host',
    ]);
  });
});

describe('places', () => {
  const sections = sectionsOf(
    ['a', 'b', 'c']
      .map((key) => host(key, cards(8)))
      .concat(host('wide', cards(20, { model: 'NVIDIA L40S' }))),
    [],
  );
  const placed = place(sections, 160, sizes);
  const at = (key: string) => placed.strips.findIndex(({ row }) => row.key === key);

  it('stand in columns that fit, each section below its heading', () => {
    // Two strips of 8 cells (63 px) and the gap between fit in 160 px.
    expect(placed.strips.map(({ row, x, y }) => [row.key, x, y])).toEqual([
      ['a', 0, 26],
      ['b', 73, 26],
      ['c', 0, 43],
      ['wide', 0, 86],
    ]);
    expect(placed.headings).toEqual([0, 60]);
    // Sixteen cells in a line, the other four in the next.
    expect(placed.strips[3]).toMatchObject({ across: 16, height: 15 });
    expect(placed.height).toBe(86 + 15 + 10);
  });

  it('overlap nowhere, at any width, and stay inside it', () => {
    const many = sectionsOf(madeCluster(60, 8).hosts, []);
    for (const width of [70, 390, 1400]) {
      const { strips, height } = place(many, width, sizes);
      expect(strips).toHaveLength(60);
      for (const [index, one] of strips.entries()) {
        expect(one.x + one.width).toBeLessThanOrEqual(width);
        expect(one.y + one.height).toBeLessThanOrEqual(height);
        for (const other of strips.slice(index + 1)) {
          const apart =
            one.x + one.width <= other.x ||
            other.x + other.width <= one.x ||
            one.y + one.height <= other.y ||
            other.y + other.height <= one.y;
          expect(apart, `${one.row.key} and ${other.row.key}`).toBe(true);
        }
      }
    }
  });

  it('are found by a point, half of the way to the next included', () => {
    expect(stripAt(placed.strips, 5, 30, sizes.hostGap)).toBe(at('a'));
    expect(stripAt(placed.strips, 67, 30, sizes.hostGap)).toBe(at('a'));
    expect(stripAt(placed.strips, 69, 30, sizes.hostGap)).toBe(at('b'));
    expect(stripAt(placed.strips, 5, 5, sizes.hostGap)).toBe(-1);
  });

  it('are walked by arrow keys', () => {
    const go = (from: string, key: string) => {
      const to = stripBeside(placed.strips, at(from), key);
      return to === null ? null : placed.strips[to]?.row.key;
    };
    expect(go('a', 'ArrowRight')).toBe('b');
    expect(go('a', 'ArrowDown')).toBe('c');
    expect(go('b', 'ArrowDown')).toBe('c');
    expect(go('c', 'ArrowDown')).toBe('wide');
    expect(go('wide', 'ArrowDown')).toBe('wide');
    expect(go('wide', 'ArrowUp')).toBe('c');
    expect(go('a', 'ArrowLeft')).toBe('a');
    expect(go('a', 'End')).toBe('wide');
    expect(go('a', 'x')).toBeNull();
    expect(stripBeside(placed.strips, -1, 'ArrowDown')).toBe(0);
    expect(stripBeside([], -1, 'ArrowDown')).toBeNull();
  });
});

describe('drawing', () => {
  const context = () =>
    ({ clearRect: vi.fn(), canvas: { width: 10, height: 10 } }) as unknown as CanvasRenderingContext2D;
  const strips = (rows: readonly HostRow[]) => place(sectionsOf(rows, []), 1000, sizes).strips;
  const rows = [host('a', cards(2)), host('b', cards(2))];

  it('draws only hosts that changed', () => {
    const before = strips(rows);
    const draw = vi.fn();
    expect(drawChanged(context(), strips(rows), before, draw)).toBe(0);
    const busier = strips([rows[0] as HostRow, host('b', [{ state: 'busy' }, {}])]);
    expect(drawChanged(context(), busier, before, draw)).toBe(1);
    expect(draw.mock.calls.map(([strip]) => (strip as (typeof before)[number]).row.key)).toEqual(['b']);
  });

  it('draws all anew where they stand elsewhere', () => {
    const canvas = context();
    const draw = vi.fn();
    expect(drawChanged(canvas, strips([...rows, host('c', cards(2))]), strips(rows), draw)).toBe(3);
    expect(canvas.clearRect).toHaveBeenCalledOnce();
  });
});

describe('a host in words', () => {
  it('has all that its strip shows', () => {
    const row = host('a', [{ state: 'free' }, { state: 'held', users: [{ user: 'dave' }] }], {
      group: 'one',
    });
    expect(hostWords(row, 0).replaceAll('\u00a0', ' ')).toBe(
      'a, up, 2 GPUs: 1 free, 1 held idle, A100-SXM4-80GB, one, CPU 38 %, memory 41 %, dave',
    );
  });
});
