import type { advice as en } from '../en/advice';
import type { Translated } from '../types';

export const advice: Translated<typeof en> = {
  'advice.measuring': '无需处理：下一次采样后即有数值。',
  'advice.not_supported': '此机器上无需处理；较新的内核可能提供。',
  'advice.permission_denied': '以 root 运行 smonitor，或授予 CAP_SYS_PTRACE 与 CAP_DAC_READ_SEARCH。',
  'advice.not_installed': '可在机器上安装；不装也不影响其他功能。',
  'advice.not_responding': '请查看机器上的 dmesg：驱动或网络文件系统卡住了。',
  'advice.read_failed': '请查看机器上 smonitor 的日志，其中有路径与错误。',
  'advice.malformed': '请附上日志行报告此问题：其中写明路径、行与文本。',
  'advice.out_of_resources': '请释放内存，或提高机器的打开文件数上限。',
  'advice.not_collected': '无需处理：有人查看时才读取。',
  'advice.gone': '无需处理。',
  'advice.hidden': '请向本站管理员申请权限。',
};
