// Containers as a server sends them.
import type { Container, ContainerEngine, Containers } from '../src/lib/api/api';
import { NOW } from './documents';

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

export const engine: ContainerEngine = {
  address: 'unix:///run/docker.sock',
  version: 'Docker Engine - Community 28.2.2',
  problem: null,
};

/** A busy one that an engine tells everything of. */
export const container = (name: string, changes: Partial<Container> = {}): Container => ({
  key: `docker/${name}-0123456789abcdef`,
  runtime: 'docker',
  short: `${name}-0123456789ab`.slice(0, 12),
  name,
  image: 'pytorch/pytorch:2.5',
  state: 'running',
  health: { absent: 'not_supported' },
  restarts: 0,
  labels: [{ name: 'owner', value: 'alice' }],
  pod: null,
  started_at_ms: NOW - 7_200_000,
  cpu_percent: 350.25,
  cpu_limit_percent: 400,
  throttled_percent: 3.2,
  memory_bytes: GIB,
  memory_limit_bytes: 4 * GIB,
  memory_percent: 25,
  cache_bytes: 300 * MIB,
  swap_bytes: 0,
  read_bytes_per_second: 1_200_000,
  written_bytes_per_second: 40_000,
  shares_network: false,
  received_bytes_per_second: 125_000,
  sent_bytes_per_second: 12_500,
  tasks: 42,
  tasks_limit: 1000,
  processes: 7,
  oom_kills: 0,
  oom_kills_per_second: 0,
  ...changes,
});

const unasked = { absent: 'not_collected' } as const;

/** As control groups alone know one: no engine is asked. */
export const nameless = (short: string, changes: Partial<Container> = {}): Container =>
  container(short, {
    short,
    name: unasked,
    image: unasked,
    state: unasked,
    health: unasked,
    restarts: unasked,
    labels: unasked,
    cpu_limit_percent: null,
    memory_limit_bytes: null,
    tasks_limit: null,
    ...changes,
  });

export const containers = (rows: Container[], changes: Partial<Containers> = {}): Containers => ({
  engines: [engine],
  rows,
  left_out: 0,
  ...changes,
});
