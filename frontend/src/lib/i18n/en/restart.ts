// That smonitor's own server was restarted, and why.
import { addTexts } from '../index.svelte';

export const texts = {
  'restart.reason_exited': 'ended by itself',
  'restart.reason_killed': 'ended by a signal',
  'restart.reason_silent': 'gave no sign of life',
  'restart.reason_not_up': 'did not come up',
  'restart.reason_requested': 'asked for',
  'restart.reason_reloaded': 'settings read anew',
  'restart.hour.one': 'smonitor was restarted once in the last hour',
  'restart.hour.other': 'smonitor was restarted {n} times in the last hour',
  'restart.last': 'last {age} ago: {why}',
  'restart.more': 'Details',
} as const;

export const restart = addTexts(texts, async () => (await import('../zh/restart')).restart);
