// Memory nodes and huge pages.
import { addTexts } from '../index.svelte';

export const numa = addTexts({
  'numa.title': 'Memory nodes',
  'numa.node': 'Node',
  'numa.cpus': 'CPUs',
  'numa.noCpus': 'none',
  'numa.used': 'Used + cache',
  'numa.used_hint': 'Page cache counts as used here',
  'numa.free': 'Free',
  'numa.misses': 'Misses/s',
  'numa.misses_hint': 'Pages that a process got from here though it wanted another node',
  'numa.distances': 'Distances to nodes: {distances}',
  'numa.transparent': 'Transparent huge pages',
  'numa.transparentTitle': 'Huge pages that the kernel gave to programs by itself',
  'numa.huge': 'Huge pages',
  'numa.hugeTitle': 'Set aside for programs that ask for them',
  'numa.hugeNone': 'none set aside',
  'numa.hugeNote': '{used} of {total} used · {size} each',
  'numa.hugeReserved': '{used} of {total} used, {reserved} promised · {size} each',
});
