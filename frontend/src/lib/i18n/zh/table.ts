import type { table as en } from '../en/table';
import type { Translated } from '../types';

export const table: Translated<typeof en> = {
  'table.filter': '筛选',
  'table.clear_filter': '清除筛选',
  'table.none_match': '没有与“{query}”匹配的结果。',
  'table.empty': '暂无内容。',
  'table.loading': '正在加载…',
  'table.shown': '{shown} / {total}',
  'table.shown_long': '显示 {shown} 行，共 {total} 行',
  'table.paused': '排序已暂停',
  'table.paused_hint': '指针或键盘焦点位于表格上时，数值继续更新，行的位置保持不变。',
  'table.columns': '列',
  'table.columns_default': '恢复默认列',
  'table.export': 'CSV',
  'table.export_hint': '将当前显示的内容下载为 CSV 文件',
  'table.copy': '复制{what}',
  'table.copied': '已复制',
  'table.copyFailed': '已选中，请按 Ctrl+C',
  'table.absent': '无读数：{reason}',
  'table.row_gone': '已不存在',
};
