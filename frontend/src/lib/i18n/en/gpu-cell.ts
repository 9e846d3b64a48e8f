// What a cell of a card says: states, use, memory. Apart from the rest about cards, because every list of
// hosts says it.
import { addTexts } from '../index.svelte';

export const gpuCell = addTexts({
  'gpu.card': 'GPU {n}',
  'gpu.state_free': 'free',
  'gpu.state_held': 'held idle',
  'gpu.state_busy': 'in use',
  'gpu.state_fault': 'fault',
  'gpu.state_unknown': 'unknown',
  'gpu.count': '{n} {state}',
  'gpu.strip.one': '1 GPU: {states}',
  'gpu.strip.other': '{n} GPUs: {states}',
  'gpu.cellUse': 'use {use}',
  'gpu.cellMemory': 'memory {memory}',
  'gpu.cellSlices.one': 'MIG, 1 slice: {states}',
  'gpu.cellSlices.other': 'MIG, {n} slices: {states}',
});
