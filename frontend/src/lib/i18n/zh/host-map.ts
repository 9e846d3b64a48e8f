import type { texts as en } from '../en/host-map';
import type { Translated } from '../types';

export const hostMap: Translated<typeof en> = {
  'map.label': '全部主机的地图；方向键在主机间移动，回车打开',
  'map.noCards': '无 GPU',
  'map.noModel': '型号未知',
  'map.hosts.other': '{n} 台主机',
  'map.free': '空闲 {free}，共 {total}',
  'map.hint': '指向一台主机，或用方向键移动。',
  'map.hintTouch': '请触摸一台主机。',
  'map.open': '打开 {host}',
  'map.cpu': 'CPU {use}',
  'map.memory': '内存 {use}',
  'map.more': '+{n}',
  'map.text': '以文字显示地图',
};
