// Cards as a server sends them.
import type {
  DeviceSlice,
  Gpu,
  GpuFinding,
  GpuMemory,
  GpuProcess,
  Gpus,
  GpuUser,
  HostDocument,
  Reading,
  Section,
} from '../src/lib/api/api';
import { NOW, hostDocument, section } from './documents';

export const GIB = 1024 ** 3;
export const MINUTE = 60_000;
export const not = { absent: 'not_supported' } as const;

export function gpuMemory(usedGib: number, totalGib = 80): GpuMemory {
  return {
    total_bytes: totalGib * GIB,
    used_bytes: usedGib * GIB,
    reserved_bytes: GIB / 2,
    free_bytes: (totalGib - usedGib) * GIB,
    used_percent: (usedGib / totalGib) * 100,
    bar1_total_bytes: 128 * GIB,
    bar1_used_bytes: GIB,
  };
}

const clock = (now: number, most: number) => ({ now_hertz: now * 1e6, most_hertz: most * 1e6 });
const counts = { corrected: 0, uncorrected: 0 };

/** A card in use by somebody, on which all is well. */
export function gpu(index: number, changes: Partial<Gpu> = {}): Gpu {
  return {
    key: `00000000:${String(index + 16)}:00.0`,
    index,
    name: 'NVIDIA A100-SXM4-80GB',
    uuid: `GPU-849d0000-0000-0000-0000-00000000000${String(index % 10)}`,
    serial: '1560220001234',
    pci_address: `00000000:${String(index + 16)}:00.0`,
    minor: index,
    vbios_version: '92.00.45.00.03',
    architecture: 'ampere',
    compute_capability: '8.0',
    state: 'busy',
    state_since_ms: NOW - 180 * MINUTE,
    idle_since_ms: not,
    problem: null,
    health: { severity: null, findings: [] },
    utilisation: {
      gpu_percent: 74,
      memory_percent: 41,
      encoder_percent: 0,
      decoder_percent: 0,
      jpeg_percent: not,
      ofa_percent: not,
    },
    memory: gpuMemory(40),
    temperature: {
      gpu_celsius: 47,
      memory_celsius: 61,
      slowdown_celsius: 92,
      shutdown_celsius: 95,
      maximum_celsius: 85,
      memory_maximum_celsius: 95,
    },
    fans: [],
    power: {
      draw_watts: 297,
      limit_watts: 400,
      default_limit_watts: 400,
      least_limit_watts: 100,
      most_limit_watts: 400,
      energy_joules: 3.6e9,
    },
    clocks: {
      graphics: clock(1395, 1410),
      sm: clock(1395, 1410),
      memory: clock(1593, 1593),
      video: clock(1260, 1290),
    },
    performance_state: 0,
    throttle: [],
    pcie: {
      generation: 4,
      most_generation: 4,
      width: 16,
      most_width: 16,
      replays: 0,
      received_bytes_per_second: 1.2e9,
      sent_bytes_per_second: 0.3e9,
    },
    nvlinks: [
      {
        link: 0,
        active: true,
        version: 3,
        speed_bytes_per_second: 25e9,
        remote: '00000000:C1:00.0',
        errors: 0,
      },
      { link: 1, active: false, version: 3, speed_bytes_per_second: not, remote: not, errors: 7 },
    ],
    ecc: { enabled: true, enabled_after_restart: true, since_load: counts, lifetime: counts },
    retired_pages: not,
    row_remap: { corrected: 1, uncorrected: 0, pending: false, failed: false },
    compute_mode: 'default',
    persistence: true,
    mig: false,
    slices: [],
    virtualisation: 'none',
    process_count: 1,
    ...changes,
  };
}

/** Nothing runs on it. */
export const freeGpu = (index: number, changes: Partial<Gpu> = {}): Gpu =>
  gpu(index, {
    state: 'free',
    state_since_ms: NOW - 12 * MINUTE,
    idle_since_ms: NOW - 12 * MINUTE,
    utilisation: { ...gpu(0).utilisation, gpu_percent: 0 },
    memory: gpuMemory(0.4),
    process_count: 0,
    ...changes,
  });

export const heldGpu = (index: number, changes: Partial<Gpu> = {}): Gpu =>
  gpu(index, {
    state: 'held',
    state_since_ms: NOW - 182 * MINUTE,
    idle_since_ms: NOW - 192 * MINUTE,
    utilisation: { ...gpu(0).utilisation, gpu_percent: 0 },
    ...changes,
  });

export const withFindings = (...findings: GpuFinding[]): Pick<Gpu, 'health'> => ({
  health: { severity: 'warning', findings },
});

/** It fell off the bus: nothing of it can be read any more. */
export const lostGpu = (index: number): Gpu => {
  const gone = { absent: 'gone' } as const;
  const all = <T extends object>(of: T): T =>
    Object.fromEntries(Object.keys(of).map((key) => [key, gone])) as T;
  const sound = gpu(index);
  return gpu(index, {
    state: 'fault',
    state_since_ms: NOW - MINUTE,
    idle_since_ms: gone,
    problem: { reason: 'gone', since_ms: NOW - MINUTE },
    health: { severity: 'critical', findings: [{ kind: 'lost', since_ms: NOW - MINUTE }] },
    utilisation: all(sound.utilisation),
    memory: all(sound.memory),
    temperature: all(sound.temperature),
    power: all(sound.power),
    throttle: gone,
    pcie: all(sound.pcie),
    nvlinks: gone,
    process_count: gone,
  });
};

export const slice = (number: number, changes: Partial<DeviceSlice> = {}): DeviceSlice => ({
  key: `0:${String(number)}`,
  uuid: `MIG-${String(number)}`,
  profile: '1g.10gb',
  gpu_instance: number + 7,
  compute_instance: 0,
  state: 'free',
  memory: gpuMemory(0, 10),
  process_count: 0,
  ...changes,
});

export function gpuProcess(pid: number, changes: Partial<GpuProcess> = {}): GpuProcess {
  return {
    key: `0-${String(pid)}-100`,
    gpu: 0,
    slice: null,
    pid,
    kinds: ['compute'],
    memory_bytes: 39 * GIB,
    gpu_percent: 72,
    memory_percent: 40,
    encoder_percent: 0,
    decoder_percent: 0,
    name: 'python',
    user: 'carol',
    user_id: 1001,
    started_at_ms: NOW - 180 * MINUTE,
    cpu_percent: 101.5,
    resident_bytes: 9 * GIB,
    command: 'python train.py --config cfg.yaml',
    place: { container: { key: 'docker/abc', runtime: 'docker', short: 'abcdef012345' } },
    ...changes,
  };
}

export function gpuUser(changes: Partial<GpuUser> = {}): GpuUser {
  return {
    key: 'carol',
    user: 'carol',
    user_id: 1001,
    gpus: [0],
    held_gpus: [],
    memory_bytes: 39 * GIB,
    processes: 1,
    since_ms: NOW - 180 * MINUTE,
    containers: [{ key: 'docker/abc', runtime: 'docker', short: 'abcdef012345' }],
    account_end: { kind: 'never' },
    ...changes,
  };
}

export function gpus(changes: Partial<Gpus> = {}): Gpus {
  return {
    driver: 'running',
    driver_version: '570.86.15',
    nvml_version: '12.570.86.15',
    cuda_version: '12.8',
    cards: [gpu(0), freeGpu(1)],
    processes: [gpuProcess(31337)],
    people: [gpuUser()],
    events: [],
    left_out: 0,
    ...changes,
  };
}

/** A host with these cards; with a name for the container that `gpuProcess` is in. */
export function gpuHost(value: Reading<Gpus> = gpus(), changes: Partial<Section<Gpus>> = {}): HostDocument {
  const named = { key: 'docker/abc', name: 'train-28' };
  const containers = { engines: [], rows: [named], left_out: 0 };
  return hostDocument({
    gpus: { ...section(gpus()), value, ...changes },
    // Names are all that is asked of containers here.
    containers: section(containers) as unknown as HostDocument['containers'],
  });
}
