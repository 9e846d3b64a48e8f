// What is wrong with a card, in plain words. Exhaustive by type: a finding that the server learns and this
// file does not know does not compile.
import type { DriverState, GpuFinding, Severity, Throttle } from '../../lib/api/api';
import '../../lib/i18n/en/gpu';
import { fill, t, tn } from '../../lib/i18n/index.svelte';
import { celsius } from '../../lib/model/physical';
import { age } from '../../lib/model/time.svelte';
import { bytes, count, percent } from '../../lib/model/units';

export interface FindingWords {
  readonly severity: Severity;
  /** What it is. */
  readonly title: string;
  /** What to do, sentence by sentence; not given where there is a line only. */
  readonly advice?: readonly string[];
  /** A command that does it or shows more; null where there is none. */
  readonly command?: string | null;
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

export const throttleWords = (reason: Throttle): string => t(`gpu.throttle_${reason}`);

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

function titleOf(finding: GpuFinding, now: number): string {
  switch (finding.kind) {
    case 'lost':
      return t('gpu.find_lost', { age: age(now - finding.since_ms) });
    case 'xid': {
      const { code, count: times } = finding;
      const words = { code, about: t(`gpu.xid_${finding.class}`), age: age(now - finding.at_ms) };
      return times > 1 ? t('gpu.find_xidTimes', { ...words, count: count(times) }) : t('gpu.find_xid', words);
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

/** What a finding is, as of `now`; what to do about it is in `advice`. */
export const findingTitle = (finding: GpuFinding, now: number): FindingWords => ({
  severity: severityOf(finding),
  title: titleOf(finding, now),
});

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
