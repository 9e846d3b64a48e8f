// Logical processors as cells: sums for the text, and where each cell lies. Pure.
import type { Core } from '../lib/api/api';
import { present } from '../lib/model/reading';

export interface CoreSummary {
  readonly count: number;
  /** At 75 % or more. */
  readonly busy: number;
  /** Under 5 %. */
  readonly idle: number;
  /** Null while nothing is measured. */
  readonly busiest: { readonly id: number; readonly percent: number } | null;
}

export function coreSummary(cores: readonly Core[]): CoreSummary {
  let busy = 0;
  let idle = 0;
  let busiest: CoreSummary['busiest'] = null;
  for (const { id, busy_percent } of cores) {
    const percent = present(busy_percent);
    if (percent === null) continue;
    if (percent >= 75) busy += 1;
    if (percent < 5) idle += 1;
    if (busiest === null || percent > busiest.percent) busiest = { id, percent };
  }
  return { count: cores.length, busy, idle, busiest };
}

export interface CellGrid {
  readonly columns: number;
  readonly rows: number;
  /** Distance from cell to cell in px, the gap of 2 px included. */
  readonly pitch: number;
}

export const CELL_GAP = 2;

/** Largest distance between cells: small machines get large cells. */
const maxPitch = (count: number): number => (count <= 128 ? 18 : count <= 512 ? 14 : 10);

const LEAST_PITCH = 4;

/** Fills the width with a multiple of eight cells, so that sockets and neighbours are found by eye. */
export function cellGrid(count: number, width: number): CellGrid {
  const largest = maxPitch(count);
  const eights = 8 * Math.max(1, Math.ceil(width / largest / 8));
  const columns = Math.max(1, Math.min(count, eights));
  const pitch = Math.min(largest, Math.max(LEAST_PITCH, Math.floor(width / columns)));
  return { columns, rows: Math.ceil(count / columns), pitch };
}

/** The cell at a point, or null beside all cells. */
export function cellAt(grid: CellGrid, count: number, x: number, y: number): number | null {
  const column = Math.floor(x / grid.pitch);
  const row = Math.floor(y / grid.pitch);
  if (column < 0 || row < 0 || column >= grid.columns) return null;
  const index = row * grid.columns + column;
  return index < count ? index : null;
}

/** Index after a movement key; null if the key does not move. Up and down are a row of cells. */
export function moveCell(key: string, from: number | null, count: number, columns: number): number | null {
  if (count === 0) return null;
  const at = from ?? -1;
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: at - 1,
    ArrowRight: at + 1,
    ArrowUp: at - columns,
    ArrowDown: at + columns,
    Home: 0,
    End: count - 1,
  };
  const to = steps[key];
  return to === undefined ? null : Math.min(count - 1, Math.max(0, to));
}
