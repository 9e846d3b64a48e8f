// The processes that use most; the table of all has a part of its own.
import { addTexts } from '../index.svelte';

export const process = addTexts({
  'process.pid': 'PID',
  'process.user': 'User',
  'process.cpu': 'CPU %',
  'process.resident': 'RES',
  'process.command': 'Command',
  'process.none': 'No processes.',
  'process.absent': 'The process list cannot be read: {reason}.',
  'process.top_cpu': 'Top by CPU',
  'process.top_memory': 'Top by memory',
  'process.all': 'All processes',
});
