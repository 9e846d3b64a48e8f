import type { state as en } from '../en/state';
import type { Translated } from '../types';

export const state: Translated<typeof en> = {
  'state.up': '在线',
  'state.staleFor': '过期 {age}',
  'state.unknown': '未知',
  'state.gone': '已不再监控',

  'level.high': '偏高',
  'level.critical': '严重',
  'level.tick': '{warn} 起偏高，{crit} 起严重',

  'data.stuck': '已卡住 {age}',
  'data.lastValue': '最后的数值距今 {age}',
  'data.trouble': '上次读取失败',
  'data.loading': '加载中…',
};
