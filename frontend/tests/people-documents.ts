// Processes and people on graphics cards, as a server sends them.
import type { ContainerRef, GpuProcess, Gpus, GpuUser } from '../src/lib/api/api';
import { NOW } from './documents';

export const GIB = 1024 ** 3;

export const docker = (id: string): ContainerRef => ({
  key: `docker/${id.repeat(5).slice(0, 60)}`,
  runtime: 'docker',
  short: id.slice(0, 12),
});

export const gpuProcess = (gpu: number, pid: number, changes: Partial<GpuProcess> = {}): GpuProcess => ({
  key: `${String(gpu)}-${String(pid)}-1`,
  gpu,
  slice: null,
  pid,
  kinds: ['compute'],
  memory_bytes: 8 * GIB,
  gpu_percent: 90,
  memory_percent: 40,
  encoder_percent: 0,
  decoder_percent: 0,
  name: 'python',
  user: 'alice',
  user_id: 1001,
  started_at_ms: NOW - 7_200_000,
  cpu_percent: 120,
  resident_bytes: 3 * GIB,
  command: `python train.py --seed ${String(pid)}`,
  place: {},
  ...changes,
});

export const gpuUser = (name: string, changes: Partial<GpuUser> = {}): GpuUser => ({
  key: name,
  user: name,
  user_id: 1001,
  gpus: [0],
  held_gpus: [],
  memory_bytes: 8 * GIB,
  processes: 1,
  since_ms: NOW - 7_200_000,
  containers: [],
  account_end: { kind: 'never' },
  ...changes,
});

/** What a driver says that has no card to tell of: enough for who is on them. */
export const gpus = (processes: GpuProcess[], people: GpuUser[] = []): Gpus => ({
  driver: 'running',
  driver_version: '570.86.15',
  nvml_version: '12.570.86.15',
  cuda_version: '12.8',
  cards: [],
  processes,
  people,
  events: [],
  left_out: 0,
});
