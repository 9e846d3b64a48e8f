// Where each host stands on the map: strips of cells in sections by group and model. Pure arithmetic: knows
// no canvas and no component.
import type { GpuState, HostRow } from '../api/api';
import { isUp } from './fleet';
import { groupOrder } from './host-place';
import { rampStep } from './ramp';
import { present } from './reading';

/** How a cell is drawn: a letter for each look, so that a strip is a text that can be compared. */
export type Look = 'f' | 'h' | 'x' | '?' | 'm' | '0' | '1' | '2' | '3' | '4' | '-';

/** Of a host without cards there is one cell, so that it can be pointed at. */
const NO_CARD = '-';

export interface Strip {
  readonly row: HostRow;
  /** A `Look` for each cell. */
  readonly cells: string;
}

export interface Section {
  readonly key: string;
  readonly group: string;
  /** Null where the hosts have no cards; empty where the model is not known. */
  readonly model: string | null;
  readonly free: number;
  readonly total: number;
  readonly strips: readonly Strip[];
}

const LOOKS: Readonly<Record<GpuState, Look>> = {
  free: 'f',
  held: 'h',
  fault: 'x',
  unknown: '?',
  busy: '0',
};

/** The cells of a host as a text: equal texts are drawn the same. Straight from the lists: it is done for all
 * hosts at every frame. */
export function cellsOfRow(row: HostRow): string {
  const current = isUp(row);
  const cards = present(row.cards);
  if (cards === null || cards.length === 0) return current ? NO_CARD : LOOKS.unknown;
  let cells = '';
  for (let place = 0; place < cards.length; place += 1) {
    const state = current ? (row.card_status[place]?.state ?? 'unknown') : 'unknown';
    const divided = (cards[place]?.slices.length ?? 0) > 0;
    const use = state === 'busy' ? row.card_percent[place] : undefined;
    if (divided && state !== 'unknown' && state !== 'fault') cells += 'm';
    else cells += typeof use === 'number' ? String(rampStep(use)) : LOOKS[state];
  }
  return cells;
}

const modelsOf = new WeakMap<object, string>();

/** The model that most of a host's cards are of; null where it has none. */
function modelOf({ cards }: HostRow): string | null {
  const known = present(cards);
  if (known === null || known.length === 0) return null;
  let best = modelsOf.get(known);
  if (best === undefined) {
    const counts = new Map<string, number>();
    for (const { model } of known) {
      const name = present(model) ?? '';
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    best = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a))[0];
    modelsOf.set(known, best);
  }
  return best;
}

/** Of hosts in their order: groups; in each the models, most cards first, hosts without cards last. */
export function sectionsOf(rows: readonly HostRow[], groups: readonly string[]): readonly Section[] {
  const sections = new Map<string, { group: string; model: string | null; rows: HostRow[] }>();
  for (const row of rows) {
    const [group, model] = [row.status.group, modelOf(row)];
    const key = JSON.stringify([group, model]);
    const own = sections.get(key);
    if (own) own.rows.push(row);
    else sections.set(key, { group, model, rows: [row] });
  }
  const order = groupOrder(groups);
  return [...sections]
    .map(([key, { group, model, rows: own }]): Section => {
      const strips = own.map((row) => ({ row, cells: cellsOfRow(row) }));
      let [free, total] = [0, 0];
      for (const { row, cells } of strips) {
        total += present(row.cards)?.length ?? 0;
        for (const cell of cells) if (cell === LOOKS.free) free += 1;
      }
      return { key, group, model, free, total, strips };
    })
    .sort((a, b) => order(a.group, b.group) || b.total - a.total || (a.key < b.key ? -1 : 1));
}

export interface Sizes {
  /** Edge of a cell, px. */
  readonly cell: number;
  /** Between cells of a host. */
  readonly gap: number;
  /** Between hosts, sideways and down. */
  readonly hostGap: number;
  /** Height of a section's heading. */
  readonly heading: number;
  /** Below a section. */
  readonly foot: number;
}

export interface PlacedStrip extends Strip {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Cells in a line; a host with very many has several lines. */
  readonly across: number;
  readonly section: number;
}

export interface Placed {
  readonly height: number;
  /** Where each section's heading begins. */
  readonly headings: readonly number[];
  readonly strips: readonly PlacedStrip[];
}

/** A host with more cells goes on in the next line. */
const ACROSS = 16;

export function place(sections: readonly Section[], width: number, sizes: Sizes): Placed {
  const { cell, gap, hostGap, heading, foot } = sizes;
  const pitch = cell + gap;
  const strips: PlacedStrip[] = [];
  const headings: number[] = [];
  let y = 0;
  sections.forEach((section, at) => {
    headings.push(y);
    y += heading;
    const most = Math.max(1, Math.floor((width + gap) / pitch));
    const longest = Math.max(...section.strips.map(({ cells }) => cells.length));
    const across = Math.min(ACROSS, most, longest);
    // All strips of a section have the same place: hosts stand in columns, which the eye can count.
    const stripWidth = across * pitch - gap;
    const columns = Math.max(1, Math.floor((width + hostGap) / (stripWidth + hostGap)));
    for (let from = 0; from < section.strips.length; from += columns) {
      const line = section.strips.slice(from, from + columns);
      const lines = Math.max(...line.map(({ cells }) => Math.ceil(cells.length / across)));
      const height = lines * pitch - gap;
      line.forEach((strip, column) => {
        const x = column * (stripWidth + hostGap);
        strips.push({ ...strip, x, y, width: stripWidth, height, across, section: at });
      });
      y += height + hostGap;
    }
    y += foot - hostGap;
  });
  return { height: Math.max(0, y), headings, strips };
}

/** The strip at a point; half of what lies between two belongs to each, so that nothing is hard to hit. */
export function stripAt(strips: readonly PlacedStrip[], x: number, y: number, hostGap: number): number {
  const half = hostGap / 2;
  return strips.findIndex(
    (strip) =>
      x >= strip.x - half &&
      x < strip.x + strip.width + half &&
      y >= strip.y - half &&
      y < strip.y + strip.height + half,
  );
}

/** The strip that a key leads to: sideways the next one, up and down the nearest of the next line. */
export function stripBeside(strips: readonly PlacedStrip[], from: number, key: string): number | null {
  const last = strips.length - 1;
  if (last < 0) return null;
  const at = strips[from];
  if (at === undefined) return key === 'End' ? last : isMove(key) ? 0 : null;
  if (key === 'ArrowLeft') return Math.max(0, from - 1);
  if (key === 'ArrowRight') return Math.min(last, from + 1);
  if (key === 'Home') return 0;
  if (key === 'End') return last;
  if (key !== 'ArrowDown' && key !== 'ArrowUp') return null;
  const down = key === 'ArrowDown';
  const lines = strips.filter(({ y }) => (down ? y > at.y : y < at.y)).map(({ y }) => y);
  if (lines.length === 0) return from;
  const line = down ? Math.min(...lines) : Math.max(...lines);
  let best = from;
  let least = Infinity;
  strips.forEach((strip, index) => {
    const far = Math.abs(strip.x - at.x);
    if (strip.y === line && far < least) [best, least] = [index, far];
  });
  return best;
}

const isMove = (key: string): boolean => key === 'Home' || key.startsWith('Arrow');
