import type { texts as en } from '../en/host-status';
import type { Translated } from '../types';

export const hostStatus: Translated<typeof en> = {
  'hostStatus.up': '在线',
  'hostStatus.stale': '过期',
  'hostStatus.down': '离线',
  'hostStatus.waiting': '尚无消息',
  'hostStatus.maintenance': '维护',
  'hostStatus.for': '{state}，已 {age}',
  'hostStatus.title_stale': '已 {age} 没有新数据',
  'hostStatus.title_down': '已离线 {age}',
  'hostStatus.title_waiting': '尚未收到任何消息',
  'hostStatus.title_maintenance': '维护中，已 {age}',
  'hostStatus.title_up': '与该主机的连接有问题',
  'hostStatus.noAge_stale': '没有新数据',
  'hostStatus.noAge_down': '离线',
  'hostStatus.noAge_maintenance': '维护中',
  'hostStatus.last': '下方是它最后的数值，已经过时。',
  'hostStatus.first': '一旦它有回答，数值会自动出现在这里。',
  'hostStatus.worked': '有人正在维护它：数值不可作准，其显卡也不会提供给任何人。',
  'hostStatus.why': '原因：',
  'hostStatus.since': '已 {age}',
  'hostStatus.what': '如何处理：',
  'hostStatus.ahead': '其时钟比本服务器快 {off}。',
  'hostStatus.behind': '其时钟比本服务器慢 {off}。',
  'hostStatus.clockDo': '时间按本服务器的时钟显示。请检查其时间同步。',
};
