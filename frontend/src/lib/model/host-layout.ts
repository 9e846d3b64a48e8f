// Where cards of hosts stand, and which of them are drawn. Pure arithmetic on fixed sizes: no layout is
// read, and nothing can jump.
import type { HostRow } from '../api/api';
import type { HostGroup } from './hosts';

/** Up to this many all are drawn, so that find-in-page and screen readers get the whole list. */
const DRAW_ALL = 60;
/** Drawn beyond what is seen, above and below. */
const OVERSCAN_PX = 360;

export interface CardSizes {
  /** Of a card, without the gap. */
  readonly card: number;
  readonly gap: number;
  readonly heading: number;
  readonly perRow: number;
}

export interface CardBlock {
  readonly name: string;
  /** Whether the heading is drawn. */
  readonly headed: boolean;
  readonly rows: readonly HostRow[];
  /** Place in the whole list of the first of these rows. */
  readonly from: number;
}

export interface CardWindow {
  readonly blocks: readonly CardBlock[];
  /** Space above what is drawn. */
  readonly top: number;
  /** Of the whole list. */
  readonly height: number;
  readonly total: number;
}

const linesOf = (rows: number, perRow: number): number => Math.ceil(rows / perRow);

/** What is drawn of groups between `from` and `to` px. Groups have headings if `headings`. */
export function cardWindow(
  groups: readonly HostGroup[],
  headings: boolean,
  { card, gap, heading, perRow }: CardSizes,
  from: number,
  to: number,
): CardWindow {
  const total = groups.reduce((sum, { rows }) => sum + rows.length, 0);
  const head = headings ? heading : 0;
  const line = card + gap;
  const all = total <= DRAW_ALL;
  const [least, most] = all ? [-Infinity, Infinity] : [from - OVERSCAN_PX, to + OVERSCAN_PX];
  const blocks: CardBlock[] = [];
  let top: number | null = null;
  let y = 0;
  let at = 0;
  for (const { name, rows } of groups) {
    const lines = linesOf(rows.length, perRow);
    const begin = y + head;
    const first = Math.max(0, Math.min(lines, Math.floor((least - begin) / line)));
    const last = Math.max(0, Math.min(lines, Math.ceil((most - begin) / line)));
    const headed = headings && (all || (first === 0 && y + head > least && y < most));
    if (last > first || headed) {
      top ??= headed ? y : begin + first * line;
      const start = first * perRow;
      blocks.push({ name, headed, rows: rows.slice(start, last * perRow), from: at + start });
    }
    at += rows.length;
    y = begin + lines * line;
  }
  return { blocks, top: top ?? 0, height: Math.max(0, y - gap), total };
}

/** Where the card with this number begins, in px from the top of the list. */
export function cardTop(
  groups: readonly HostGroup[],
  headings: boolean,
  { card, gap, heading, perRow }: CardSizes,
  wanted: number,
): number {
  let y = 0;
  let at = 0;
  for (const { rows } of groups) {
    if (headings) y += heading;
    if (wanted < at + rows.length) return y + Math.floor((wanted - at) / perRow) * (card + gap);
    at += rows.length;
    y += linesOf(rows.length, perRow) * (card + gap);
  }
  return y;
}
