import type { zfs as en } from '../en/zfs';
import type { Translated } from '../types';

export const zfs: Translated<typeof en> = {
  'zfs.title': 'ZFS 存储池',
  'zfs.state_online': '在线',
  'zfs.state_degraded': '已降级',
  'zfs.state_faulted': '故障',
  'zfs.state_offline': '离线',
  'zfs.state_removed': '已移除',
  'zfs.state_unavailable': '不可用',
  'zfs.state_suspended': '已挂起',
  'zfs.read': '读取 {rate}',
  'zfs.written': '写入 {rate}',
  'zfs.cache': '缓存 (ARC)',
  'zfs.cacheTitle': '计入已用内存，程序需要时可收回',
  'zfs.cacheLimit': '目标 {target}，上限 {limit}',
  'zfs.hits': '命中率',
  'zfs.hitsTitle': '自模块加载以来由缓存直接应答的读取',
};
