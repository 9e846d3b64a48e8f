// What a reader chose for the process table, kept in this browser. The address, where it says
// something, comes first.
import { asBoolean, oneOf, pref } from '../../lib/prefs.svelte';
import type { CpuScale } from './columns';

/** A list of names, from storage that anybody may have edited. */
export function asNames(stored: unknown): readonly string[] | null {
  if (!Array.isArray(stored) || stored.length === 0) return null;
  return stored.every((name) => typeof name === 'string') ? stored : null;
}

export const columnsChoice = pref<readonly string[] | null>('process.columns', null, asNames);
export const hideKernelChoice = pref('process.hideKernel', false, asBoolean);
export const cpuScaleChoice = pref<CpuScale>('process.cpuScale', 'core', oneOf('core', 'host'));
