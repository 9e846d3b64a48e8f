// The map of all hosts: strips of cells on one canvas.
import { addTexts } from '../index.svelte';

export const texts = {
  'map.label': 'Map of all hosts; arrow keys go from host to host, Enter opens one',
  'map.noCards': 'no GPU',
  'map.noModel': 'model unknown',
  'map.hosts.one': '1 host',
  'map.hosts.other': '{n} hosts',
  'map.free': '{free} of {total} free',
  'map.hint': 'Point at a host, or walk with the arrow keys.',
  'map.hintTouch': 'Touch a host.',
  'map.open': 'Open {host}',
  'map.cpu': 'CPU {use}',
  'map.memory': 'memory {use}',
  'map.more': '+{n}',
  'map.text': 'The map as text',
} as const;

export const hostMap = addTexts(texts, async () => (await import('../zh/host-map')).hostMap);
