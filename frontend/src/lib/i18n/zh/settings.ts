import type { settings as en } from '../en/settings';
import type { Translated } from '../types';

export const settings: Translated<typeof en> = {
  'settings.thresholds': '何时算使用率高',
  'settings.explain': '在进度条上以刻度标出。只保存在此浏览器中。',
  'settings.preset': '预设',
  'settings.cpu': 'CPU',
  'settings.memory': '内存',
  'settings.disk': '文件系统',
  'settings.inodes': 'inode',
  'settings.warn': '偏高，自',
  'settings.crit': '严重，自',
  'settings.averaged': '按五分钟平均值判断，而非瞬时值',
  'settings.colourCpu': 'CPU 也着色：CPU 繁忙本身并不是问题',
  'settings.invalid': '“偏高”至少为 1 且小于“严重”；“严重”至多为 100。',
  'settings.reset': '恢复默认',
};
