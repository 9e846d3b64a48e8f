// What can be said of a source beyond its plain values: name, mark, order, and the command that helps.
import type { Remedy, SourceHealth, SourceState } from '../../lib/api/api';
import '../../lib/i18n/en/health';
import { t, type PlainKey } from '../../lib/i18n/index.svelte';
import { severity } from '../../lib/model/sources';
import type { Mark } from '../../ui/StatusDot.svelte';

const NAMES: Readonly<Record<string, PlainKey>> = {
  system: 'health.source_system',
  cpu: 'health.source_cpu',
  memory: 'health.source_memory',
  numa: 'health.source_numa',
  processes: 'health.source_processes',
  filesystems: 'health.source_filesystems',
  disks: 'health.source_disks',
  raid: 'health.source_raid',
  zfs: 'health.source_zfs',
  network: 'health.source_network',
  sockets: 'health.source_sockets',
  sensors: 'health.source_sensors',
  logins: 'health.source_logins',
  clock: 'health.source_clock',
  units: 'health.source_units',
  gpus: 'health.source_gpus',
  containers: 'health.source_containers',
};

/** In words; a newer server may have sources that this page does not know. */
export function sourceName(name: string): string {
  const key = Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;
  return key === undefined ? name : t(key);
}

export function sourceMark(state: SourceState): Mark {
  const how = severity(state);
  if (how !== 'none') return how === 'severe' ? 'down' : 'trouble';
  return state === 'well' ? 'up' : 'wait';
}

const ORDER: readonly SourceState[] = [
  'stuck',
  'failing',
  'forbidden',
  'partial',
  'slow',
  'waiting',
  'well',
  'not_there',
];

/** Worst first, otherwise as the server has them. */
export const worstFirst = (sources: readonly SourceHealth[]): readonly SourceHealth[] =>
  [...sources].sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state));

/** A text as one word of a shell, whatever it contains. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Anything that could make a pasted line another one than the one that is read. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/** A command that does what the remedy says (`smonitor doctor` names the same), or shows where to look; null where none would. */
export function command(remedy: Remedy, what: string | null): string | null {
  switch (remedy) {
    case 'run_privileged':
      return 'sudo smonitor';
    case 'grant_ptrace':
      return 'sudo setcap cap_sys_ptrace=ep "$(command -v smonitor)"';
    case 'join_hidepid_group':
      return 'findmnt -no OPTIONS /proc';
    case 'join_engine_group':
      return what?.startsWith('unix:///') && !HIDDEN.test(what)
        ? `ls -l ${quoted(what.slice('unix://'.length))}`
        : null;
    case 'repair_or_unmount':
      return what?.startsWith('/') && !HIDDEN.test(what) ? `sudo umount -l ${quoted(what)}` : null;
    case 'find_what_hangs':
      return "ps -eo pid,stat,wchan:32,comm | awk '$2 ~ /^D/'";
    case 'raise_limits':
      return 'free -h; cat /proc/sys/fs/file-nr';
    case 'install_provider':
      return 'systemctl --failed';
    case 'look_into_log':
      return 'sudo dmesg -T | tail -50';
    case 'report':
      return 'smonitor doctor --json';
    case 'load_driver':
      return 'sudo modprobe nvidia; dkms status; lspci -nnk -d 10de:';
    default:
      return null;
  }
}
