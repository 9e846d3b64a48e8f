// Chinese texts of charts.
import type { chart as en } from '../en/chart';
import type { Translated } from '../types';

export const chart: Translated<typeof en> = {
  'chart.resolution': '每点 {interval}',
  'chart.as_table': '表格',
  'chart.as_table_of': '以表格显示{title}',
  'chart.time': '时间',
  'chart.cursor': '{title}：时间点，用方向键移动',
  'chart.no_data': '暂无读数',
  'chart.no_reading': '无读数',
  'chart.failed': '图表加载失败，表格中有相同的数值。',
  'chart.trend': '{title}：最低 {low}，最高 {high}，当前 {now}',
  'chart.cores': '处理器',
  'chart.core_reading': 'CPU {id}：{value}',
  'chart.cores_summary':
    '{count} 个处理器：{busy} 个不低于 75\u00a0%，{idle} 个低于 5\u00a0%；最忙的是 CPU\u00a0{id}，{value}',
  'chart.cores_hint': '指向单元格查看，或用方向键移动',
  'chart.cores_table': '数值',
};
