// What is worth saying of a machine's health beside its name; the rest is in `health`.
import { addTexts } from '../index.svelte';

export const source = addTexts({
  'source.severe.one': '1 source stuck or failing',
  'source.severe.other': '{n} sources stuck or failing',
  'source.limited.one': '1 source limited',
  'source.limited.other': '{n} sources limited',
  'source.units.one': '1 failed service',
  'source.units.other': '{n} failed services',
  'source.clockGood': 'clock in sync',
  'source.clockBad': 'clock not in sync',
});
