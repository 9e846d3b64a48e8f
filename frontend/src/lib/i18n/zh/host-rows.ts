import type { texts as en } from '../en/host-rows';
import type { Translated } from '../types';

export const hostRows: Translated<typeof en> = {
  'hostRows.host': '主机',
  'hostRows.free': '空闲',
  'hostRows.strip': 'GPU',
  'hostRows.memory': '内存',
  'hostRows.network': '网络 ↓ ↑',
  'hostRows.disk': '磁盘',
  'hostRows.users': '用户',
  'hostRows.model': '型号',
};
