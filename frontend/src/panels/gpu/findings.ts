// What is wrong with a card, in plain words, with what to do. Exhaustive by type: a finding that the
// server learns and this file does not know does not compile.
import type { DriverState, GpuFinding, Severity, Throttle, XidAction } from '../../lib/api/api';
import '../../lib/i18n/en/gpu';
import { fill, t, tn, type PlainKey } from '../../lib/i18n/index.svelte';
import { celsius } from '../../lib/model/physical';
import { absence, present } from '../../lib/model/reading';
import { age } from '../../lib/model/time.svelte';
import { bytes, count, percent } from '../../lib/model/units';
import { visible } from '../../lib/table-format';

export interface FindingWords {
  readonly severity: Severity;
  /** What it is. */
  readonly title: string;
  /** What to do, sentence by sentence. */
  readonly advice: readonly string[];
  /** A command that does it or shows more; null where there is none. */
  readonly command: string | null;
}

type Kind = GpuFinding['kind'];

/** How bad those are that do not say it themselves. */
const SEVERITIES: Readonly<Record<Exclude<Kind, 'xid' | 'hot' | 'throttled'>, Severity>> = {
  lost: 'critical',
  row_remap_failed: 'critical',
  uncorrected_memory_errors: 'critical',
  memory_repair_pending: 'warning',
  link_below_maximum: 'warning',
  nv_link_down: 'warning',
  nv_link_errors: 'warning',
  ghost_memory: 'warning',
};

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

export const throttleWords = (reason: Throttle): string => t(`gpu.throttle_${reason}`);

const resetCommand = (index: number): string => `sudo nvidia-smi -r -i ${String(index)}`;

/** A command for what an XID asks for. */
function xidCommand(action: XidAction, index: number): string | null {
  if (action === 'reset_card') return resetCommand(index);
  return action === 'look_up' || action === 'check_hardware' ? 'sudo dmesg -T | grep -i xid | tail' : null;
}

const listOf = (links: readonly number[]): string => links.join(', ');
const link = (generation: number, width: number): string => `${String(generation)}.0\u00a0×${String(width)}`;

export function severityOf(finding: GpuFinding): Severity {
  switch (finding.kind) {
    case 'xid':
    case 'hot':
    case 'throttled':
      return finding.severity;
    default:
      return SEVERITIES[finding.kind];
  }
}

function title(finding: GpuFinding, now: number): string {
  switch (finding.kind) {
    case 'lost':
      return t('gpu.find_lost', { age: age(now - finding.since_ms) });
    case 'xid': {
      const { code, count: times } = finding;
      const words = { code, about: t(`gpu.xid_${finding.class}`), age: age(now - finding.at_ms) };
      return times > 1
        ? t('gpu.find_xidTimes', { ...words, count: count(times) })
        : t('gpu.find_xid', words);
    }
    case 'uncorrected_memory_errors':
      return tn('gpu.find_uncorrected', finding.count);
    case 'row_remap_failed':
    case 'memory_repair_pending':
      return t(`gpu.find_${finding.kind}`);
    case 'hot':
      return t('gpu.find_hot', {
        celsius: celsius(finding.celsius),
        limit: celsius(finding.slowdown_celsius),
      });
    case 'throttled':
      return t('gpu.find_throttled', {
        share: percent(finding.share_percent),
        over: age(finding.over_ms),
        reason: throttleWords(finding.reason),
      });
    case 'link_below_maximum':
      return t('gpu.find_link', {
        now: link(finding.generation, finding.width),
        most: link(finding.most_generation, finding.most_width),
      });
    case 'nv_link_down':
      return fill(tn('gpu.find_nv_link_down', finding.links.length), { links: listOf(finding.links) });
    case 'nv_link_errors':
      return fill(tn('gpu.find_nv_link_errors', finding.links.length), {
        links: listOf(finding.links),
        count: count(finding.count),
      });
    case 'ghost_memory':
      return t('gpu.find_ghost_memory', { bytes: bytes(finding.bytes) });
  }
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

/** A finding of the card with this index, as of `now`. */
export function findingWords(finding: GpuFinding, index: number, now: number): FindingWords {
  return { severity: severityOf(finding), title: title(finding, now), ...advice(finding, index) };
}

const DRIVER_COMMANDS: Readonly<Record<Exclude<DriverState, 'running'>, string | null>> = {
  library_missing: 'ldconfig -p | grep libnvidia-ml',
  not_loaded: 'sudo modprobe nvidia',
  version_mismatch: 'cat /proc/driver/nvidia/version; nvidia-smi',
  forbidden: 'ls -l /dev/nvidia*',
  asleep: null,
  failing: 'sudo dmesg -T | grep -i nvrm | tail',
};

/** What is wrong with the driver and what to do; null while it serves the cards. */
export function driverWords(driver: DriverState): FindingWords | null {
  if (driver === 'running') return null;
  return {
    severity: driver === 'asleep' ? 'info' : driver === 'failing' ? 'critical' : 'warning',
    title: t(`gpu.driver_${driver}`),
    advice: [t(`gpu.mend_${driver}`)],
    command: DRIVER_COMMANDS[driver],
  };
}
