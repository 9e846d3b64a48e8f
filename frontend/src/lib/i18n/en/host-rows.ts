// The heads of the columns where hosts stand in rows.
import { addTexts } from '../index.svelte';

export const texts = {
  'hostRows.host': 'Host',
  'hostRows.free': 'Free',
  'hostRows.strip': 'GPUs',
  'hostRows.memory': 'Mem',
  'hostRows.network': 'Net ↓ ↑',
  'hostRows.disk': 'Disk',
  'hostRows.users': 'Users',
  'hostRows.model': 'Model',
} as const;

export const hostRows = addTexts(texts, async () => (await import('../zh/host-rows')).hostRows);
