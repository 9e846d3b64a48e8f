// The one place that says how the state of a card looks and is called: shape, word, order. The server
// decides which state it is (docs/gpu.md); the page never does.
import type { Gpu, GpuState } from '../api/api';
import '../i18n/en/gpu-cell';
import { t, tn, type PlainKey } from '../i18n/index.svelte';
import { present } from './reading';
import { percent } from './units';

/** Drawn by `GpuCell`: hollow, hatched, filled, crossed, dashed. Each state has its own. */
export type GpuShape = 'hollow' | 'hatched' | 'filled' | 'crossed' | 'dashed';

export const GPU_SHAPES: Readonly<Record<GpuState, GpuShape>> = {
  free: 'hollow',
  held: 'hatched',
  busy: 'filled',
  fault: 'crossed',
  unknown: 'dashed',
};

/** What is looked for first. */
export const GPU_STATES: readonly GpuState[] = ['free', 'busy', 'held', 'fault', 'unknown'];

export const stateKey = (state: GpuState): PlainKey => `gpu.state_${state}`;

/** What a cell draws of a card. */
export interface GpuCellData {
  readonly key: string;
  readonly index: number;
  readonly state: GpuState;
  /** 0–100; null where it is not known. */
  readonly use: number | null;
  readonly memory: number | null;
  /** States of the slices of a divided card; empty on a whole one. */
  readonly slices: readonly GpuState[];
}

/** A card that fell off the bus, or that nobody may ask, has no numbers whatever its last ones were. */
export function cellOf(card: Gpu): GpuCellData {
  const numbers = card.state !== 'unknown' && card.state !== 'fault';
  return {
    key: card.key,
    index: card.index,
    state: card.state,
    use: numbers ? present(card.utilisation.gpu_percent) : null,
    memory: numbers ? present(card.memory.used_percent) : null,
    // A fault is one of the whole card, whatever its slices say.
    slices: numbers ? card.slices.map((slice) => slice.state) : [],
  };
}

export type StateCount = readonly [state: GpuState, count: number];

/** How many are in each state, those without any left out. */
export function countStates(states: readonly GpuState[]): readonly StateCount[] {
  return GPU_STATES.map((state) => [state, states.filter((each) => each === state).length] as const).filter(
    ([, count]) => count > 0,
  );
}

/** `3 free, 4 in use, 1 fault` */
export const countWords = (states: readonly GpuState[]): string =>
  countStates(states)
    .map(([state, n]) => t('gpu.count', { n, state: t(stateKey(state)) }))
    .join(', ');

/** What a cell says to those who do not see it: `GPU 3: in use, use 74 %, memory 44 %`. */
export function cellWords(cell: GpuCellData): string {
  const parts = [t(stateKey(cell.state))];
  if (cell.slices.length > 0) {
    parts.push(filled(tn('gpu.cellSlices', cell.slices.length), countWords(cell.slices)));
  }
  if (cell.use !== null) parts.push(t('gpu.cellUse', { use: percent(cell.use) }));
  if (cell.memory !== null) parts.push(t('gpu.cellMemory', { memory: percent(cell.memory) }));
  return `${t('gpu.card', { n: cell.index })}: ${parts.join(', ')}`;
}

/** What a strip says as a whole. */
export const stripWords = (cells: readonly GpuCellData[]): string =>
  filled(tn('gpu.strip', cells.length), countWords(cells.map(({ state }) => state)));

const filled = (text: string, states: string): string => text.replace('{states}', () => states);
