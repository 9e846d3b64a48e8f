import type { texts as en } from '../en/host-switch';
import type { Translated } from '../types';

export const hostSwitch: Translated<typeof en> = {
  'switch.all': '所有主机',
  'switch.way': '该主机的位置',
  'switch.open': '切换到另一台主机',
  'switch.search': '主机或分组',
  'switch.none': '没有主机与“{query}”匹配。',
  'switch.more.other': '另有 {n} 台主机：请输入名称的一部分。',
  'switch.free': '空闲 {free}，共 {total}',
  'switch.noCards': '无 GPU',
  'switch.previous': '上一台主机',
  'switch.next': '下一台主机',
};
