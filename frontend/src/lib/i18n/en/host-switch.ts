// From one host to another: the way back to all of them, and the list that opens from a host's name.
import { addTexts } from '../index.svelte';

export const texts = {
  'switch.all': 'All hosts',
  'switch.way': 'Where this host stands',
  'switch.open': 'Go to another host',
  'switch.search': 'Host or group',
  'switch.none': 'No host matches “{query}”.',
  'switch.more.one': '1 more host: type a part of its name.',
  'switch.more.other': '{n} more hosts: type a part of the name.',
  'switch.free': '{free} of {total} free',
  'switch.noCards': 'no GPU',
  'switch.previous': 'Previous host',
  'switch.next': 'Next host',
} as const;

export const hostSwitch = addTexts(texts, async () => (await import('../zh/host-switch')).hostSwitch);
