// Documents as a server sends them.
import type {
  Cpu,
  HostDocument,
  HostStatus,
  Memory,
  Problem,
  Section,
  SourceHealth,
} from '../src/lib/api/api';

export const NOW = 2_000_000;
const GIB = 1024 ** 3;

export function section<T>(value: T, changes: Partial<Section<T>> = {}): Section<T> {
  return { taken_at_ms: NOW, interval_ms: 1000, problem: null, value, ...changes };
}

/** A section that nobody has read yet. */
export const unread = (): Section<never> => ({
  taken_at_ms: { absent: 'not_collected' },
  interval_ms: 1000,
  problem: null,
  value: { absent: 'not_collected' },
});

export const cpu: Cpu = {
  brand: 'EPYC 7763',
  sockets: 2,
  cores: 4,
  threads: 8,
  usage: {
    busy_percent: 37.6,
    user_percent: 30,
    system_percent: 7.6,
    iowait_percent: 2,
    steal_percent: 0,
    guest_percent: 0,
  },
  per_core: [{ id: 0, busy_percent: 12 }],
  frequency: { absent: 'not_supported' },
  load: { one: 1.5, five: 1, fifteen: 0.5, runnable_threads: 3, threads: 900 },
  pressure: { absent: 'not_supported' },
};

export const memory: Memory = {
  total_bytes: 100 * GIB,
  used_bytes: 40 * GIB,
  used_percent: 40,
  available_bytes: 60 * GIB,
  free_bytes: 10 * GIB,
  buffers_bytes: GIB,
  cached_bytes: 50 * GIB,
  shared_bytes: GIB,
  dirty_bytes: 0,
  transparent_huge_bytes: 0,
  huge_pages: { absent: 'not_supported' },
  swap: { absent: 'not_supported' },
  pressure: { absent: 'permission_denied' },
};

export const source = (name: string, problem: Problem | null = null): SourceHealth => ({
  name,
  state: problem ? 'failing' : 'well',
  problem,
  remedy: problem ? 'look_into_log' : 'nothing',
  findings: [],
  interval_ms: 1000,
  duration_seconds: 0.012,
  started_at_ms: NOW - 1000,
  runs: 10,
  failures: problem ? 2 : 0,
  skipped: 0,
});

export function hostStatus(changes: Partial<HostStatus> = {}): HostStatus {
  return {
    name: 'gpu-1',
    group: '',
    state: 'up',
    state_since_ms: NOW - 3_600_000,
    trouble: null,
    clock_ahead_ms: null,
    version: '0.1.0',
    maintenance: null,
    ...changes,
  };
}

export function hostDocument(changes: Partial<HostDocument> = {}): HostDocument {
  return {
    host: 'gpu-1',
    status: hostStatus(),
    system: section({
      hostname: 'gpu-1',
      operating_system: {
        name: 'Ubuntu',
        version: '24.04',
        codename: 'noble',
        pretty_name: 'Ubuntu 24.04.2 LTS',
      },
      kernel_name: 'Linux',
      kernel_release: '6.8.0',
      architecture: 'x86_64',
      boot_time_ms: NOW - 3_600_000,
      uptime_seconds: 3600,
    }),
    cpu: section(cpu),
    memory: section(memory),
    numa: unread(),
    filesystems: unread(),
    disks: unread(),
    raid: unread(),
    zfs: unread(),
    network: unread(),
    sockets: unread(),
    sensors: unread(),
    logins: unread(),
    clock: unread(),
    units: unread(),
    gpus: { ...unread(), value: { absent: 'not_supported' } },
    containers: unread(),
    sources: [source('cpu'), source('memory')],
    ...changes,
  };
}
