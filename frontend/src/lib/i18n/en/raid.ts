// Arrays of the multiple-device driver.
import { addTexts } from '../index.svelte';

export const raid = addTexts({
  'raid.title': 'RAID arrays',
  'raid.state_clean': 'clean',
  'raid.state_working': 'all members work',
  'raid.state_recovering': 'being rebuilt',
  'raid.state_degraded': 'degraded',
  'raid.state_inactive': 'inactive',
  'raid.devices': '{working} of {wanted} members work',
  'raid.member_spare': 'spare',
  'raid.member_failed': 'failed',
  'raid.member_journal': 'journal',
  'raid.member_replacement': 'replacement',
  'raid.member_active': 'active',
  'raid.members': 'Members',
  'raid.action_recovery': 'rebuild',
  'raid.action_resync': 'resync',
  'raid.action_reshape': 'reshape',
  'raid.action_check': 'check',
  'raid.action_repair': 'repair',
  'raid.waits': '{action} waits its turn',
  'raid.left': '{time} left',
});
