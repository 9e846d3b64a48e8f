import type { process as en } from '../en/process';
import type { Translated } from '../types';

export const process: Translated<typeof en> = {
  'process.pid': 'PID',
  'process.user': '用户',
  'process.cpu': 'CPU %',
  'process.resident': 'RES',
  'process.command': '命令',
  'process.none': '没有进程。',
  'process.absent': '无法读取进程列表：{reason}。',
  'process.top_cpu': 'CPU 占用最高',
  'process.top_memory': '内存占用最高',
  'process.all': '全部进程',
};
