// How a host is reached, in words: of the mark beside its name, and of the banner on its pages.
import { addTexts } from '../index.svelte';
import './trouble';

export const texts = {
  'hostStatus.up': 'up',
  'hostStatus.stale': 'stale',
  'hostStatus.down': 'down',
  'hostStatus.waiting': 'not heard of yet',
  'hostStatus.maintenance': 'maintenance',
  'hostStatus.for': '{state} for {age}',
  'hostStatus.title_stale': 'No news for {age}',
  'hostStatus.title_down': 'Down for {age}',
  'hostStatus.title_waiting': 'Not heard of yet',
  'hostStatus.title_maintenance': 'In maintenance for {age}',
  'hostStatus.title_up': 'Something is wrong with how this host is reached',
  'hostStatus.noAge_stale': 'No news',
  'hostStatus.noAge_down': 'Down',
  'hostStatus.noAge_maintenance': 'In maintenance',
  'hostStatus.last': 'What stands below are its last values. They are old.',
  'hostStatus.first': 'Its values appear here by themselves as soon as it answers.',
  'hostStatus.worked': 'Somebody works on it: its values say nothing, and its cards are offered to nobody.',
  'hostStatus.why': 'Why:',
  'hostStatus.since': 'for {age}',
  'hostStatus.what': 'What to do:',
  'hostStatus.ahead': 'Its clock is {off} ahead of this server’s.',
  'hostStatus.behind': 'Its clock is {off} behind this server’s.',
  'hostStatus.clockDo': 'Times are shown by this server’s clock. Look at its time synchronisation.',
} as const;

export const hostStatus = addTexts(texts, async () => (await import('../zh/host-status')).hostStatus);
