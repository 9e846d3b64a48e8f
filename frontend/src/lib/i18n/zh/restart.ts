import type { texts as en } from '../en/restart';
import type { Translated } from '../types';

export const restart: Translated<typeof en> = {
  'restart.reason_exited': '自行退出',
  'restart.reason_killed': '被信号终止',
  'restart.reason_silent': '没有响应',
  'restart.reason_not_up': '未能启动',
  'restart.reason_requested': '手动要求',
  'restart.reason_reloaded': '重新读取设置',
  'restart.hour.other': '过去一小时内 smonitor 重启了 {n} 次',
  'restart.last': '最近一次在 {age}前：{why}',
  'restart.more': '详情',
};
