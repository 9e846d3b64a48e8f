// ZFS pools and their cache.
import { addTexts } from '../index.svelte';

export const zfs = addTexts({
  'zfs.title': 'ZFS pools',
  'zfs.state_online': 'online',
  'zfs.state_degraded': 'degraded',
  'zfs.state_faulted': 'faulted',
  'zfs.state_offline': 'offline',
  'zfs.state_removed': 'removed',
  'zfs.state_unavailable': 'unavailable',
  'zfs.state_suspended': 'suspended',
  'zfs.read': 'read {rate}',
  'zfs.written': 'written {rate}',
  'zfs.cache': 'Cache (ARC)',
  'zfs.cacheTitle': 'Counts as used memory, and is given back when programs need it',
  'zfs.cacheLimit': 'aims at {target}, at most {limit}',
  'zfs.hits': 'Hit rate',
  'zfs.hitsTitle': 'Reads that the cache answered, since the module was loaded',
});
