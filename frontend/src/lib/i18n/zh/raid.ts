import type { raid as en } from '../en/raid';
import type { Translated } from '../types';

export const raid: Translated<typeof en> = {
  'raid.title': 'RAID 阵列',
  'raid.state_clean': '正常',
  'raid.state_working': '成员均正常',
  'raid.state_recovering': '重建中',
  'raid.state_degraded': '已降级',
  'raid.state_inactive': '未激活',
  'raid.devices': '{wanted} 个成员中 {working} 个正常',
  'raid.member_spare': '热备',
  'raid.member_failed': '故障',
  'raid.member_journal': '日志',
  'raid.member_replacement': '替换盘',
  'raid.member_active': '活动',
  'raid.members': '成员',
  'raid.action_recovery': '重建',
  'raid.action_resync': '重新同步',
  'raid.action_reshape': '调整结构',
  'raid.action_check': '检查',
  'raid.action_repair': '修复',
  'raid.waits': '{action}等待中',
  'raid.left': '剩余 {time}',
};
