// How processor time divides into the parts of the bar.
import type { CpuUsage } from '../../lib/api/api';
import '../../lib/i18n/en/host';
import { t } from '../../lib/i18n/index.svelte';
import type { Part } from '../../ui/StackMeter.svelte';

export interface UsagePart extends Part {
  readonly title: string;
}

/**
 * User, system and I/O wait always; steal and guest only where a hypervisor makes them more than
 * nothing, because on a machine of its own they are 0 for ever. I/O wait is idle time, so it comes
 * last: the filled part before it is what the number says.
 */
export function usageParts(usage: CpuUsage | null): UsagePart[] {
  if (!usage) return [];
  const parts: UsagePart[] = [
    { label: t('cpu.user'), title: t('cpu.userTitle'), percent: usage.user_percent, fill: 's1' },
    { label: t('cpu.system'), title: t('cpu.systemTitle'), percent: usage.system_percent, fill: 's3' },
  ];
  if (usage.guest_percent > 0) {
    parts.push({
      label: t('cpu.guest'),
      title: t('cpu.guestTitle'),
      percent: usage.guest_percent,
      fill: 's6',
    });
  }
  if (usage.steal_percent > 0) {
    parts.push({
      label: t('cpu.steal'),
      title: t('cpu.stealTitle'),
      percent: usage.steal_percent,
      fill: 's4',
    });
  }
  parts.push({
    label: t('cpu.iowait'),
    title: t('cpu.iowaitTitle'),
    percent: usage.iowait_percent,
    fill: 's2',
  });
  return parts;
}
