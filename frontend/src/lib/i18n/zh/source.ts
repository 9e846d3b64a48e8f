import type { source as en } from '../en/source';
import type { Translated } from '../types';

export const source: Translated<typeof en> = {
  'source.title': '数据来源',
  'source.explain': 'smonitor 在这台机器上读取的内容及其状况。',
  'source.allWell.other': '{n} 个来源，全部正常',
  'source.problems.other': '{n} 个来源有问题',
  'source.name': '来源',
  'source.state': '状态',
  'source.duration': '耗时',
  'source.started': '开始于',
  'source.runs': '次数',
  'source.failures': '失败',
  'source.skipped': '跳过',
  'source.skippedTitle': '因上一次尚未返回而没有启动的次数',
  'source.well': '正常',
  'source.idle': '尚未运行',
  'source.ago': '{age}前',
  'source.since': '已持续 {age}',
};
