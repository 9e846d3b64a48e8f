import type { sensor as en } from '../en/sensor';
import type { Translated } from '../types';

export const sensor: Translated<typeof en> = {
  'sensor.title': '传感器',
  'sensor.all': '全部传感器',
  'sensor.temperatures': '温度',
  'sensor.fans': '风扇',
  'sensor.power': '功率',
  'sensor.voltages': '电压',
  'sensor.hottest': '最接近限值',
  'sensor.limits': '偏高 {high} · 严重 {critical}',
  'sensor.limitHigh': '偏高 {high}',
  'sensor.limitCritical': '严重 {critical}',
  'sensor.noLimit': '限值未知',
  'sensor.ofLimit': '占限值',
  'sensor.still': '停转',
  'sensor.turning': '{n} 个在转',
  'sensor.below': '低于 {minimum}',
  'sensor.minimum': '最低 {minimum}',
  'sensor.ofWatts': '上限 {limit}',
  'sensor.showAll': '全部 {n} 个',
  'sensor.none': '此机器没有传感器',
  'sensor.noneText': '内核没有提供硬件监控、温区或功率计数。虚拟机通常没有传感器。',
  'sensor.unreadable': '无法读取传感器',
  'sensor.leftOut': '另有 {n} 个传感器未列出。',
};
