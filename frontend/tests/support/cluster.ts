// A made-up site: as many hosts with as many cards as are asked for, in all states a host and a card can
// be in. The same seed makes the same site. For unit tests, and for pages whose server is the test.
import type {
  CardUser,
  GpuState,
  HostRow,
  HostState,
  OverviewDocument,
  Patch,
  TroubleKind,
} from '../../src/lib/api/api';

export interface Wanted {
  readonly hosts: number;
  /** Cards of each host. */
  readonly gpus?: number;
  readonly groups?: readonly string[];
  readonly seed?: number;
  readonly now?: number;
  /** All hosts are up, and all cards well. */
  readonly calm?: boolean;
  /** What a guest is told. */
  readonly guest?: boolean;
}

const MODELS = [
  ['NVIDIA H100 80GB HBM3', 80],
  ['NVIDIA A100-SXM4-80GB', 80],
  ['NVIDIA L40S', 48],
  ['NVIDIA GeForce RTX 4090', 24],
] as const;
const USERS = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi', '李雷'] as const;
const TROUBLES: readonly TroubleKind[] = ['refused', 'read_timeout', 'wrong_certificate', 'unauthorized'];
const GIB = 1024 ** 3;

/** Numbers between 0 and 1 that look random and are not. */
export function numbers(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 12), 0x297a2d39);
    mixed = (mixed ^ (mixed >>> 15)) >>> 0;
    return mixed / 2 ** 32;
  };
}

const pick = <T>(all: readonly T[], random: () => number): T => {
  const found = all[Math.floor(random() * all.length)];
  if (found === undefined) throw new Error('nothing to pick from');
  return found;
};

function stateOf(place: number, { calm = false }: Wanted): HostState {
  if (calm) return 'up';
  const states: Readonly<Record<number, HostState>> = {
    5: 'stale',
    9: 'down',
    17: 'maintenance',
    23: 'waiting',
  };
  return states[place % 40] ?? 'up';
}

function cardState(place: number, card: number, random: () => number, { calm = false }: Wanted): GpuState {
  if (!calm && place % 13 === 3 && card === 1) return 'fault';
  const at = random();
  return at < 0.34 ? 'free' : at < 0.44 && !calm ? 'held' : 'busy';
}

/** Host number `place` of the site. */
export function hostRow(place: number, wanted: Wanted): HostRow {
  const { gpus = 8, groups = [], now = Date.now(), seed = 1, guest = false } = wanted;
  const random = numbers(seed * 7919 + place * 104_729 + 1);
  for (let warm = 0; warm < 8; warm += 1) random();
  const state = stateOf(place, wanted);
  const heard = state !== 'waiting';
  const ageMs = { up: 600, stale: 42_000, down: 190_000, waiting: 0, maintenance: 900 }[state];
  const [model, gib] = MODELS[Math.floor(place / 4) % MODELS.length] ?? MODELS[0];
  const key = `gpu-${String(place + 1).padStart(3, '0')}`;
  const cards = Array.from({ length: heard ? gpus : 0 }, (_, card) => cardState(place, card, random, wanted));
  const use = cards.map((card) => (card === 'busy' ? Math.round(20 + random() * 80) : 0));
  const memory = cards.map((card) => (card === 'free' ? 0.4 : 4 + random() * (gib - 6)) * GIB);
  const users: CardUser[] = cards.flatMap((card, gpu) =>
    card === 'free'
      ? []
      : [
          {
            gpu,
            user: pick(USERS, random),
            user_id: 1000,
            memory_bytes: memory[gpu] ?? { absent: 'not_collected' },
            processes: 1,
            since_ms: now - 3_600_000,
            process: 'python',
            container:
              random() < 0.4 ? { key: `docker/${key}train`, runtime: 'docker', short: 'train' } : null,
          } satisfies CardUser,
        ],
  );
  const reading = <T>(value: T) => (heard ? value : ({ absent: 'not_collected' } as const));
  return {
    key,
    status: {
      name: key,
      group: groups.length === 0 ? '' : (groups[place % groups.length] ?? ''),
      state,
      state_since_ms: now - ageMs,
      trouble:
        state === 'stale' || state === 'down' || state === 'waiting'
          ? { kind: TROUBLES[place % TROUBLES.length] ?? 'refused', since_ms: now - ageMs, detail: null }
          : null,
      clock_ahead_ms: null,
      version: '0.1.0',
      maintenance: state === 'maintenance' ? 'new power supply' : null,
    },
    taken_at_ms: reading(now - ageMs),
    hostname: reading(key),
    operating_system: reading('Ubuntu 24.04'),
    address: `${key}.lab:8999`,
    booted_at_ms: reading(now - 30 * 86_400_000),
    cpu_threads: reading(128),
    cpu_percent: reading(Math.round(random() * 1000) / 10),
    memory_total_bytes: reading(1008 * GIB),
    memory_percent: reading(Math.round(random() * 960) / 10),
    disk_percent: reading(Math.round(random() * 980) / 10),
    received_bytes_per_second: reading(Math.round(random() * 2e8)),
    sent_bytes_per_second: reading(Math.round(random() * 4e7)),
    driver: gpus > 0 ? reading('running' as const) : { absent: 'not_supported' },
    cards:
      gpus === 0
        ? { absent: 'not_supported' }
        : reading(cards.map((_, index) => ({ index, model, memory_total_bytes: gib * GIB, slices: [] }))),
    card_status: cards.map((card) => ({
      state: card,
      since_ms: now - 600_000,
      idle_since_ms: card === 'busy' ? { absent: 'gone' } : now - 600_000,
      severity: card === 'fault' ? 'critical' : null,
      xid: card === 'fault' ? 79 : null,
      slices: [],
    })),
    card_percent: use,
    card_memory_bytes: memory,
    card_celsius: use.map((percent) => Math.round(30 + percent / 2)),
    card_watts: use.map((percent) => Math.round(60 + percent * 3)),
    users: guest ? { absent: 'hidden' } : gpus === 0 ? { absent: 'not_supported' } : users,
  };
}

export function overview(wanted: Wanted): OverviewDocument {
  const groups = [...(wanted.groups ?? [])];
  return { groups, hosts: Array.from({ length: wanted.hosts }, (_, place) => hostRow(place, wanted)) };
}

/** What changes from one moment to the next: every host that is up says new numbers. */
export function nextPatch(wanted: Wanted, step: number): Patch {
  const now = (wanted.now ?? Date.now()) + step * 2000;
  const changed = Array.from({ length: wanted.hosts }, (_, place) => place)
    .filter((place) => stateOf(place, wanted) === 'up')
    .map((place) => {
      const { key, taken_at_ms, cpu_percent, memory_percent, received_bytes_per_second, card_percent } =
        hostRow(place, { ...wanted, now, seed: (wanted.seed ?? 1) + step });
      const before = hostRow(place, wanted);
      return {
        key,
        taken_at_ms,
        cpu_percent,
        memory_percent,
        received_bytes_per_second,
        // Which cards are in use stays as it is; how much is in use changes.
        card_percent: before.card_status.map(({ state }, at) =>
          state === 'busy' ? card_percent[at] || 50 : (before.card_percent[at] ?? 0),
        ),
      };
    });
  return { replace: {}, tables: { hosts: { changed, dropped: [] } } };
}
