// What to do about what is wrong with a card. Exhaustive by type, as `findings`.
import type { GpuFinding, Throttle, XidAction } from '../../lib/api/api';
import '../../lib/i18n/en/gpu-details';
import { t, type PlainKey } from '../../lib/i18n/index.svelte';
import { absence, present } from '../../lib/model/reading';
import { visible } from '../../lib/table-format';
import { findingTitle, type FindingWords } from './findings';

/** What helps where something holds the clocks back. */
const RELIEF: Readonly<Record<Throttle, PlainKey>> = {
  idle: 'gpu.relief_none',
  applications_clocks: 'gpu.relief_none',
  power_cap: 'gpu.relief_power',
  hardware_slowdown: 'gpu.relief_supply',
  sync_boost: 'gpu.relief_none',
  software_thermal: 'gpu.relief_heat',
  hardware_thermal: 'gpu.relief_heat',
  power_brake: 'gpu.relief_supply',
  display_clock: 'gpu.relief_none',
  other: 'gpu.relief_none',
};

const resetCommand = (index: number): string => `sudo nvidia-smi -r -i ${String(index)}`;

/** A command for what an XID asks for. */
function xidCommand(action: XidAction, index: number): string | null {
  if (action === 'reset_card') return resetCommand(index);
  return action === 'look_up' || action === 'check_hardware' ? 'sudo dmesg -T | grep -i xid | tail' : null;
}

function holders(finding: GpuFinding & { kind: 'ghost_memory' }): string {
  const reason = absence(finding.holders);
  if (reason !== null) return t('gpu.holdersUnknown', { reason: t(`reason.${reason}`) });
  const who = (present(finding.holders) ?? []).map(({ pid, name, user }) => {
    const owner = present(user);
    return `${visible(name)} ${String(pid)}${owner === null ? '' : ` (${visible(owner)})`}`;
  });
  return who.length === 0 ? t('gpu.holdersNone') : t('gpu.holders', { who: who.join(', ') });
}

function advice(finding: GpuFinding, index: number): { advice: readonly string[]; command: string | null } {
  switch (finding.kind) {
    case 'xid':
      return { advice: [t(`gpu.act_${finding.action}`)], command: xidCommand(finding.action, index) };
    case 'throttled':
      return { advice: [t(RELIEF[finding.reason])], command: null };
    case 'ghost_memory':
      return { advice: [holders(finding), t('gpu.do_ghost_memory')], command: resetCommand(index) };
    case 'uncorrected_memory_errors':
      return { advice: [t('gpu.do_uncorrected')], command: resetCommand(index) };
    case 'memory_repair_pending':
      return { advice: [t('gpu.do_memory_repair_pending')], command: resetCommand(index) };
    case 'link_below_maximum':
      return { advice: [t('gpu.do_link')], command: null };
    case 'nv_link_down':
    case 'nv_link_errors':
      return { advice: [t(`gpu.do_${finding.kind}`)], command: `nvidia-smi nvlink -s -i ${String(index)}` };
    case 'lost':
    case 'row_remap_failed':
    case 'hot':
      return { advice: [t(`gpu.do_${finding.kind}`)], command: null };
  }
}

/** A finding of the card with this index, as of `now`, with what to do. */
export function findingWords(finding: GpuFinding, index: number, now: number): FindingWords {
  return { ...findingTitle(finding, now), ...advice(finding, index) };
}
