import type { reason as en } from '../en/reason';
import type { Translated } from '../types';

export const reason: Translated<typeof en> = {
  'reason.measuring': '测量中：速率需要第二个采样',
  'reason.not_supported': '此机器或内核不支持',
  'reason.permission_denied': '没有读取权限',
  'reason.not_installed': '此机器上未安装',
  'reason.not_responding': '无响应：卡在内核或驱动中',
  'reason.read_failed': '读取失败',
  'reason.malformed': '内核给出的内容无法识别',
  'reason.out_of_resources': '机器内存或文件句柄耗尽',
  'reason.not_collected': '尚未读取',
  'reason.gone': '已消失',
  'reason.hidden': '已隐藏：您的角色无权查看',
};
