import type { texts as en } from '../en/host-status';
import type { Translated } from '../types';

export const hostStatus: Translated<typeof en> = {
  'host-status.up': '在线',
  'host-status.stale': '过期',
  'host-status.down': '离线',
  'host-status.waiting': '尚无消息',
  'host-status.maintenance': '维护',
  'host-status.for': '{state}，已 {age}',
  'host-status.title_stale': '已 {age} 没有新数据',
  'host-status.title_down': '已离线 {age}',
  'host-status.title_waiting': '尚未收到任何消息',
  'host-status.title_maintenance': '维护中，已 {age}',
  'host-status.title_up': '与该主机的连接有问题',
  'host-status.noAge_stale': '没有新数据',
  'host-status.noAge_down': '离线',
  'host-status.noAge_maintenance': '维护中',
  'host-status.last': '下方是它最后的数值，已经过时。',
  'host-status.first': '一旦它有回答，数值会自动出现在这里。',
  'host-status.worked': '有人正在维护它：数值不可作准，其显卡也不会提供给任何人。',
  'host-status.why': '原因：',
  'host-status.since': '已 {age}',
  'host-status.what': '如何处理：',
  'host-status.ahead': '其时钟比本服务器快 {off}。',
  'host-status.behind': '其时钟比本服务器慢 {off}。',
  'host-status.clockDo': '时间按本服务器的时钟显示。请检查其时间同步。',
};
