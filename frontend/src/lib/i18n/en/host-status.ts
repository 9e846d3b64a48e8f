// How a host is reached, in words: of the mark beside its name, and of the banner on its pages.
import { addTexts } from '../index.svelte';
import './trouble';

export const texts = {
  'host-status.up': 'up',
  'host-status.stale': 'stale',
  'host-status.down': 'down',
  'host-status.waiting': 'not heard of yet',
  'host-status.maintenance': 'maintenance',
  'host-status.for': '{state} for {age}',
  'host-status.title_stale': 'No news for {age}',
  'host-status.title_down': 'Down for {age}',
  'host-status.title_waiting': 'Not heard of yet',
  'host-status.title_maintenance': 'In maintenance for {age}',
  'host-status.title_up': 'Something is wrong with how this host is reached',
  'host-status.noAge_stale': 'No news',
  'host-status.noAge_down': 'Down',
  'host-status.noAge_maintenance': 'In maintenance',
  'host-status.last': 'What stands below are its last values. They are old.',
  'host-status.first': 'Its values appear here by themselves as soon as it answers.',
  'host-status.worked': 'Somebody works on it: its values say nothing, and its cards are offered to nobody.',
  'host-status.why': 'Why:',
  'host-status.since': 'for {age}',
  'host-status.what': 'What to do:',
  'host-status.ahead': 'Its clock is {off} ahead of this server’s.',
  'host-status.behind': 'Its clock is {off} behind this server’s.',
  'host-status.clockDo': 'Times are shown by this server’s clock. Look at its time synchronisation.',
} as const;

export const hostStatus = addTexts(texts, async () => (await import('../zh/host-status')).hostStatus);
