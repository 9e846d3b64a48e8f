// The dialog of settings.
import { addTexts } from '../index.svelte';

export const settings = addTexts({
  'settings.thresholds': 'When use is called high',
  'settings.explain': 'Marked on the meters by ticks. Kept in this browser only.',
  'settings.preset': 'Presets',
  'settings.cpu': 'CPU',
  'settings.memory': 'Memory',
  'settings.disk': 'Filesystems',
  'settings.inodes': 'Inodes',
  'settings.warn': 'high from',
  'settings.crit': 'critical from',
  'settings.averaged': 'Judge the mean of five minutes, not the moment',
  'settings.colourCpu': 'Colour the CPU too: a busy CPU is no trouble by itself',
  'settings.invalid': 'High must be at least 1, and less than critical; critical at most 100.',
  'settings.reset': 'Defaults',
});
