import type { numa as en } from '../en/numa';
import type { Translated } from '../types';

export const numa: Translated<typeof en> = {
  'numa.title': '内存节点',
  'numa.node': '节点',
  'numa.cpus': 'CPU',
  'numa.noCpus': '无',
  'numa.used': '已用 + 缓存',
  'numa.used_hint': '此处页缓存计为已用',
  'numa.free': '空闲',
  'numa.misses': '未命中/秒',
  'numa.misses_hint': '进程想用其他节点却从此处获得的内存页',
  'numa.distances': '到各节点的距离：{distances}',
  'numa.transparent': '透明大页',
  'numa.transparentTitle': '内核自动分配给程序的大页',
  'numa.huge': '大页',
  'numa.hugeTitle': '为申请大页的程序预留',
  'numa.hugeNone': '未预留',
  'numa.hugeNote': '{total} 页中已用 {used} 页，每页 {size}',
  'numa.hugeReserved': '{total} 页中已用 {used} 页，已承诺 {reserved} 页，每页 {size}',
};
