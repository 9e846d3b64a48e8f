// Which rows of a long list are drawn. Pure arithmetic on fixed row heights: no layout is read.

/** Up to this many rows all are drawn, so that find-in-page and screen readers get the whole list. */
export const RENDER_ALL = 60;
const OVERSCAN = 4;

export interface RowWindow {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

export function rowWindow(
  count: number,
  rowHeight: number,
  scrollTop: number,
  viewHeight: number,
): RowWindow {
  if (count <= RENDER_ALL) return { start: 0, end: count };
  const visible = Math.ceil(viewHeight / rowHeight) + 1;
  const highest = Math.max(0, count - visible);
  const first = Math.min(highest, Math.max(0, Math.floor(scrollTop / rowHeight)));
  // Even starts: scrolling by one row redraws half as often.
  const start = Math.max(0, first - OVERSCAN) & ~1;
  return { start, end: Math.min(count, first + visible + OVERSCAN) };
}

/** Where to scroll so that a row is in view, or `null` if it is. `inset` is covered by the header. */
export function scrollFor(
  index: number,
  rowHeight: number,
  scrollTop: number,
  viewHeight: number,
  inset: number,
): number | null {
  const top = index * rowHeight;
  const room = viewHeight - inset;
  if (top < scrollTop) return top;
  if (top + rowHeight > scrollTop + room) return Math.max(0, top + rowHeight - room);
  return null;
}

export type Density = 'regular' | 'compact';

/** Row height in px: 28, 24 compact, 44 for fingers; grows with the reader's font size. */
export function rowHeightFor(density: Density, coarse: boolean, rootFontPx: number): number {
  const base = coarse ? 44 : density === 'compact' ? 24 : 28;
  return Math.round((base * Math.max(1, rootFontPx / 16)) / 2) * 2;
}

/** Index after a movement key, or `null` if the key does not move. */
export function moveIndex(key: string, from: number, count: number, page: number): number | null {
  if (count === 0) return null;
  const to = target(key, from, count, Math.max(1, page));
  return to === null ? null : Math.min(count - 1, Math.max(0, to));
}

function target(key: string, from: number, count: number, page: number): number | null {
  switch (key) {
    case 'ArrowDown':
    case 'j':
      return from + 1;
    case 'ArrowUp':
    case 'k':
      return from < 0 ? 0 : from - 1;
    case 'PageDown':
      return from + page;
    case 'PageUp':
      return from - page;
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return null;
  }
}
