// Lines of hosts as a server sends them, made up: as many as wanted, with all that can be the matter.
import type {
  CardFacts,
  CardStatus,
  CardUser,
  GpuState,
  HostRow,
  HostStatus,
  OverviewDocument,
  Reading,
} from '../../src/lib/api/api';

export const GIB = 1024 ** 3;
const MINUTE = 60_000;

export interface MadeCard {
  readonly state?: GpuState;
  readonly model?: Reading<string>;
  readonly totalGib?: number | null;
  readonly usedGib?: number | null;
  readonly idleMinutes?: number | null;
  readonly percent?: number;
  readonly slices?: readonly GpuState[];
  readonly severity?: CardStatus['severity'];
  readonly users?: readonly Partial<CardUser>[];
}

export interface MadeHost {
  readonly key: string;
  readonly now?: number;
  readonly status?: Partial<HostStatus>;
  readonly cards?: readonly MadeCard[];
  readonly guest?: boolean;
  readonly changes?: Partial<HostRow>;
}

const absent = (reason: 'not_supported' | 'measuring' | 'hidden') => ({ absent: reason }) as const;

export const status = (key: string, now: number, changes: Partial<HostStatus> = {}): HostStatus => ({
  name: key,
  group: '',
  state: 'up',
  state_since_ms: now - 60 * MINUTE,
  trouble: null,
  clock_ahead_ms: null,
  version: '0.1.0',
  maintenance: null,
  ...changes,
});

/** A line of one host, its cards as told. */
export function madeHost({
  key,
  now = 2_000_000_000,
  status: own,
  cards = [],
  guest,
  changes,
}: MadeHost): HostRow {
  const gib = (value: number | null): Reading<number> =>
    value === null ? absent('not_supported') : value * GIB;
  const users = cards.flatMap((card, gpu) => (card.users ?? []).map((user) => madeUser(gpu, now, user)));
  return {
    key,
    status: status(key, now, own),
    taken_at_ms: now,
    hostname: key,
    operating_system: 'Ubuntu 24.04.2 LTS',
    address: `${key}.example`,
    booted_at_ms: now - 41 * 24 * 60 * MINUTE,
    cpu_threads: 128,
    cpu_percent: 38,
    memory_total_bytes: 1008 * GIB,
    memory_percent: 41,
    disk_percent: 63,
    received_bytes_per_second: 1_200_000,
    sent_bytes_per_second: 80_000,
    driver: cards.length > 0 ? 'running' : absent('not_supported'),
    cards:
      cards.length === 0
        ? absent('not_supported')
        : cards.map(({ model = 'NVIDIA A100-SXM4-80GB', totalGib = 80, slices = [] }, index): CardFacts => ({
            index,
            model,
            memory_total_bytes: gib(totalGib),
            slices: slices.map(() => '1g.10gb'),
          })),
    card_status: cards.map(
      ({ state = 'free', idleMinutes = null, severity = null, slices = [] }): CardStatus => ({
        state,
        since_ms: now - 30 * MINUTE,
        idle_since_ms: idleMinutes === null ? absent('measuring') : now - idleMinutes * MINUTE,
        severity,
        xid: state === 'fault' ? 79 : null,
        slices: [...slices],
      }),
    ),
    card_percent: cards.map(({ percent = 0 }) => percent),
    card_memory_bytes: cards.map(({ usedGib = 0 }) => gib(usedGib)),
    card_celsius: cards.map(({ percent = 0 }) => 31 + Math.round(percent / 3)),
    card_watts: cards.map(({ percent = 0 }) => 60 + 3 * percent),
    users: guest ? absent('hidden') : cards.length === 0 ? absent('not_supported') : users,
    ...changes,
  };
}

export const madeUser = (gpu: number, now: number, changes: Partial<CardUser> = {}): CardUser => ({
  gpu,
  user: 'alice',
  user_id: 1001,
  memory_bytes: 21 * GIB,
  processes: 1,
  since_ms: now - 150 * MINUTE,
  process: 'python',
  container: null,
  ...changes,
});

/** Numbers that look random and are the same each time. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

const MODELS = [
  ['NVIDIA H100 80GB HBM3', 80],
  ['NVIDIA A100-SXM4-80GB', 80],
  ['NVIDIA L40S', 48],
  ['NVIDIA GeForce RTX 4090', 24],
] as const;
const NAMES = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi', 'ivan', '<b>judy</b>'];

/** A whole cluster: `hosts` hosts with up to `most` cards each, in all states that there are. */
export function madeCluster(
  hosts: number,
  most: number,
  { now = 2_000_000_000, seed = 7, guest = false } = {},
): OverviewDocument {
  const next = random(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
  const rows = Array.from({ length: hosts }, (_, n) => {
    const key = `gpu-${String(n + 1).padStart(4, '0')}`;
    const [model, totalGib] = MODELS[n % MODELS.length] ?? MODELS[0];
    const cards = Array.from({ length: n % 13 === 12 ? 0 : most }, (): MadeCard => {
      const luck = next();
      const common = { model, totalGib };
      if (luck < 0.3) return { ...common, usedGib: 0.1, idleMinutes: Math.ceil(next() * 600) };
      const users = [{ user: pick(NAMES), ...(next() < 0.5 ? { container: CONTAINER } : {}) }];
      const usedGib = Math.round(totalGib * (0.2 + next() * 0.75));
      const held = {
        ...common,
        usedGib,
        users: users.map((user) => ({ ...user, memory_bytes: usedGib * GIB })),
      };
      if (luck < 0.42) return { ...held, state: 'held', idleMinutes: 12 + Math.ceil(next() * 300) };
      if (luck < 0.44) return { ...common, state: 'fault', severity: 'critical', usedGib: null };
      if (luck < 0.46) return { ...common, state: 'busy', slices: ['free', 'busy', 'free', 'busy'] };
      return { ...held, state: 'busy', percent: Math.round(next() * 100) };
    });
    return madeHost({ key, now, cards, guest, status: stateOf(n, now) });
  });
  return { groups: ['cluster-1', 'cluster-2', 'cluster-3'], hosts: rows };
}

const CONTAINER = { key: 'docker/2f9a', runtime: 'docker', short: '2f9a41c07b3e' } as const;

function stateOf(n: number, now: number): Partial<HostStatus> {
  const group = `cluster-${String((n % 3) + 1)}`;
  if (n % 17 === 5) {
    const trouble = { kind: 'read_timeout', since_ms: now - 42_000, detail: null } as const;
    return { group, state: 'stale', state_since_ms: now - 42_000, trouble };
  }
  if (n % 17 === 9) {
    const trouble = { kind: 'refused', since_ms: now - 3 * MINUTE, detail: null } as const;
    return { group, state: 'down', state_since_ms: now - 3 * MINUTE, trouble };
  }
  if (n % 41 === 20) return { group, state: 'maintenance', maintenance: 'new power supply' };
  return { group };
}
