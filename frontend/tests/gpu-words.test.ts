import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type {
  DriverState,
  GpuFinding,
  GpuState,
  Place,
  Severity,
  Throttle,
  XidAction,
  XidClass,
} from '../src/lib/api/api';
import '../src/lib/i18n/en/gpu-details';
import { setLanguage, t, type Language } from '../src/lib/i18n/index.svelte';
import {
  GPU_SHAPES,
  GPU_STATES,
  cellOf,
  cellWords,
  countStates,
  stateKey,
  stripWords,
} from '../src/lib/model/gpu-state';
import { findingWords } from '../src/panels/gpu/advice';
import {
  freeDevices,
  heatLevel,
  idleWords,
  importantCards,
  ownerText,
  powerText,
  stateWords,
  visibleDevices,
} from '../src/panels/gpu/cards';
import { driverWords, throttleWords } from '../src/panels/gpu/findings';
import { clockText, energyText, throttleText } from '../src/panels/gpu/clocks';
import { utcDay } from '../src/panels/people/account';
import { nobody } from '../src/panels/people/who';
import { placeKey, placeWords } from '../src/panels/gpu/places';
import { NOW } from './documents';
import { GIB, MINUTE, freeGpu, gpu, gpuProcess, gpus, heldGpu, lostGpu, not, slice } from './gpu-documents';

// By type complete: a value that the server learns does not compile until it stands here.
const STATES: Record<GpuState, true> = { free: true, busy: true, held: true, fault: true, unknown: true };
const DRIVERS: Record<DriverState, Severity | null> = {
  running: null,
  library_missing: 'warning',
  not_loaded: 'warning',
  version_mismatch: 'warning',
  forbidden: 'warning',
  asleep: 'info',
  failing: 'critical',
};
const CLASSES: Record<XidClass, true> = {
  program: true,
  driver: true,
  memory: true,
  bus: true,
  nv_link: true,
  hardware: true,
  thermal: true,
  unknown: true,
};
const ACTIONS: Record<XidAction, true> = {
  check_program: true,
  watch: true,
  reset_card: true,
  restart_machine: true,
  check_hardware: true,
  replace: true,
  look_up: true,
};
const THROTTLES: Record<Throttle, true> = {
  idle: true,
  applications_clocks: true,
  power_cap: true,
  hardware_slowdown: true,
  sync_boost: true,
  software_thermal: true,
  hardware_thermal: true,
  power_brake: true,
  display_clock: true,
  other: true,
};
const names = <K extends string>(of: Record<K, unknown>) => Object.keys(of) as K[];

const xid = (changes: Partial<GpuFinding & { kind: 'xid' }> = {}): GpuFinding => ({
  kind: 'xid',
  code: 79,
  class: 'bus',
  action: 'check_hardware',
  severity: 'critical',
  at_ms: NOW - 3 * MINUTE,
  count: 1,
  ...changes,
});

const FINDINGS: { readonly [Kind in GpuFinding['kind']]: GpuFinding & { kind: Kind } } = {
  lost: { kind: 'lost', since_ms: NOW - MINUTE },
  xid: xid() as GpuFinding & { kind: 'xid' },
  uncorrected_memory_errors: { kind: 'uncorrected_memory_errors', count: 12 },
  row_remap_failed: { kind: 'row_remap_failed' },
  memory_repair_pending: { kind: 'memory_repair_pending' },
  hot: { kind: 'hot', celsius: 90, slowdown_celsius: 92, severity: 'critical' },
  throttled: {
    kind: 'throttled',
    reason: 'power_cap',
    share_percent: 63,
    over_ms: 10 * MINUTE,
    severity: 'info',
  },
  link_below_maximum: {
    kind: 'link_below_maximum',
    generation: 3,
    most_generation: 4,
    width: 8,
    most_width: 16,
  },
  nv_link_down: { kind: 'nv_link_down', links: [2, 5] },
  nv_link_errors: { kind: 'nv_link_errors', links: [3], count: 7 },
  ghost_memory: {
    kind: 'ghost_memory',
    bytes: 22 * GIB,
    holders: [{ pid: 4711, name: 'python', user: 'bob' }],
  },
};

const plain = (text: string) => text.replace(/[\s\u00a0]+/g, ' ');
const words = (finding: GpuFinding) => findingWords(finding, 3, NOW);
const told = (finding: GpuFinding) => [plain(words(finding).title), ...(words(finding).advice ?? [])];
/** A key that has no text (gpu.wake is a setting), or a place that nothing was put into. */
const RAW = /gpus?\.(?!wake)\w|\{\w+\}|undefined|NaN/;

beforeEach(() => setLanguage('en'));
afterEach(() => setLanguage('en'));

describe.each<Language>(['en', 'zh-CN'])('in %s', (language) => {
  beforeEach(() => setLanguage(language));
  const own = (text: string) => {
    expect(text).not.toBe('');
    expect(text).not.toMatch(RAW);
    // A Chinese sentence has Chinese in it.
    expect(/\p{Script=Han}/u.test(text)).toBe(language === 'zh-CN');
    return text;
  };

  it('every state has a word and a shape of its own', () => {
    const all = names(STATES);
    expect([...GPU_STATES].sort()).toEqual([...all].sort());
    expect(new Set(all.map((state) => own(t(stateKey(state))))).size).toBe(all.length);
    expect(new Set(all.map((state) => GPU_SHAPES[state])).size).toBe(all.length);
  });

  it.each(names(FINDINGS))('a finding is told with what to do: %s', (kind) => {
    const { title, advice } = words(FINDINGS[kind]);
    own(title);
    expect(advice?.length).toBeGreaterThan(0);
    advice?.forEach(own);
  });

  it('every kind of finding is told apart', () => {
    const titles = names(FINDINGS).map((kind) => words(FINDINGS[kind]).title);
    expect(new Set(titles).size).toBe(titles.length);
  });

  it('every class of an XID is told apart', () => {
    const titles = names(CLASSES).map((each) => own(words(xid({ class: each })).title));
    expect(new Set(titles).size).toBe(titles.length);
  });

  it('every action of an XID is told apart', () => {
    const advice = names(ACTIONS).map((action) => own(words(xid({ action })).advice?.join(' ') ?? ''));
    expect(new Set(advice).size).toBe(advice.length);
  });

  it('every reason to run slower is told apart, and what helps', () => {
    const reasons = names(THROTTLES);
    expect(new Set(reasons.map((reason) => own(throttleWords(reason)))).size).toBe(reasons.length);
    for (const reason of reasons) {
      const finding = { ...FINDINGS.throttled, reason };
      expect(words(finding).title).toContain(throttleWords(reason));
      own(words(finding).advice?.join(' ') ?? '');
    }
  });

  it('every state of the driver but a sound one is told with what to do', () => {
    const seen = names(DRIVERS).map((driver) => {
      const said = driverWords(driver);
      expect(said?.severity ?? null).toBe(DRIVERS[driver]);
      if (said) own(said.title + (said.advice?.join(' ') ?? ''));
      return said?.title;
    });
    expect(new Set(seen).size).toBe(seen.length);
  });
});

describe('a finding', () => {
  it('says what, and what to do', () => {
    expect(told(xid())).toEqual([
      'XID 79: the connection to the machine failed, 3 min ago',
      'Check cables, seating and power of the card, then restart the machine.',
    ]);
    expect(told(xid({ count: 3 }))[0]).toBe(
      'XID 79: the connection to the machine failed, 3 times, last 3 min ago',
    );
    expect(told(FINDINGS.hot)[0]).toBe('90 °C: it slows down at 92 °C');
    expect(told(FINDINGS.throttled)[0]).toBe(
      'held back for 63 % of the time it computed in the last 10 min: power limit',
    );
    expect(told(FINDINGS.link_below_maximum)[0]).toBe('PCIe 3.0 ×8 where 4.0 ×16 is possible');
    expect(told(FINDINGS.nv_link_down)[0]).toBe('NVLinks 2, 5 do not work');
    expect(told(FINDINGS.nv_link_errors)[0]).toBe('7 errors on NVLink 3 since smonitor watches');
    expect(told(FINDINGS.uncorrected_memory_errors)[0]).toMatch(/^12 memory errors that could not/);
  });

  it('names who holds memory that nobody seems to use, or why that is not known', () => {
    expect(told(FINDINGS.ghost_memory)[1]).toBe('Held open by python 4711 (bob).');
    expect(told({ ...FINDINGS.ghost_memory, holders: [] })[1]).toMatch(/^Nobody has its device file open/);
    expect(told({ ...FINDINGS.ghost_memory, holders: { absent: 'permission_denied' } })[1]).toBe(
      'Who holds it is not known: no permission to read it.',
    );
  });

  it('gives the command for this card, and none where none helps', () => {
    expect(words(xid({ action: 'reset_card' })).command).toBe('sudo nvidia-smi -r -i 3');
    expect(words(FINDINGS.nv_link_down).command).toBe('nvidia-smi nvlink -s -i 3');
    expect(words(xid({ action: 'replace' })).command).toBeNull();
    expect(words(FINDINGS.hot).command).toBeNull();
  });

  it('is as bad as the server says, and worst where the card cannot be used', () => {
    expect(words(xid({ severity: 'info' })).severity).toBe('info');
    expect(words(FINDINGS.lost).severity).toBe('critical');
    expect(words(FINDINGS.link_below_maximum).severity).toBe('warning');
  });
});

describe('a cell', () => {
  it('says its state and its numbers', () => {
    expect(plain(cellWords(cellOf(gpu(3))))).toBe('GPU 3: in use, use 74 %, memory 50 %');
    expect(
      plain(cellWords(cellOf(gpu(3, { utilisation: { ...gpu(0).utilisation, gpu_percent: not } })))),
    ).toBe('GPU 3: in use, memory 50 %');
  });

  it('has no number where nothing is known, whatever the last one was', () => {
    expect(cellWords(cellOf(gpu(1, { state: 'unknown' })))).toBe('GPU 1: unknown');
    expect(cellWords(cellOf(gpu(1, { state: 'fault' })))).toBe('GPU 1: fault');
    expect(cellOf(lostGpu(1)).memory).toBeNull();
  });

  it('says what its slices are', () => {
    const cell = cellOf(gpu(0, { slices: [slice(0), slice(1, { state: 'busy' }), slice(2)] }));
    expect(plain(cellWords(cell))).toMatch(/^GPU 0: in use, MIG, 3 slices: 2 free, 1 in use/);
  });

  it('is one of a strip that counts', () => {
    const cells = [gpu(0), freeGpu(1), freeGpu(2), heldGpu(3), lostGpu(4)].map(cellOf);
    expect(stripWords(cells)).toBe('5 GPUs: 2 free, 1 in use, 1 held idle, 1 fault');
    expect(countStates([])).toEqual([]);
  });
});

describe('a card', () => {
  it('is in a state since then, where that is known', () => {
    expect(plain(stateWords(freeGpu(0), NOW))).toBe('free for 12 min');
    expect(stateWords(freeGpu(0, { state_since_ms: { absent: 'measuring' } }), NOW)).toBe('free');
    expect(plain(idleWords(heldGpu(0), NOW) ?? '')).toBe('computes nothing for 3 h');
    expect(idleWords(freeGpu(0), NOW)).toBeNull();
    expect(idleWords(gpu(0), NOW)).toBeNull();
  });

  it.each([
    [81.9, 92, 'normal'],
    [82, 92, 'high'],
    [89, 92, 'critical'],
    [200, not, 'normal'],
    [{ absent: 'gone' as const }, 92, 'normal'],
  ])('of %j °C that slows down at %j is %s', (celsius, slowdown, level) => {
    const temperature = { ...gpu(0).temperature, gpu_celsius: celsius, slowdown_celsius: slowdown };
    expect(heatLevel(gpu(0, { temperature }))).toBe(level);
  });

  it('draws, runs and is held back in words; what is absent stays absent', () => {
    expect(powerText(gpu(0))).toBe('297\u00a0/\u00a0400\u00a0W');
    expect(powerText(gpu(0, { power: { ...gpu(0).power, limit_watts: not } }))).toBe('297\u00a0W');
    expect(powerText(lostGpu(0))).toEqual({ absent: 'gone' });
    expect(clockText(gpu(0).clocks.sm)).toBe('1,395 of 1,410\u00a0MHz');
    expect(clockText({ now_hertz: not, most_hertz: 1e9 })).toEqual(not);
    expect(throttleText(gpu(0))).toBe('nothing');
    expect(throttleText(gpu(0, { throttle: ['power_cap', 'software_thermal'] }))).toBe('power limit, heat');
    expect(throttleText(gpu(0, { throttle: not }))).toEqual(not);
    expect(energyText(3.6e6)).toBe('1.0\u00a0kWh');
  });

  it('of very many, those with trouble are shown, in their order', () => {
    const cards = Array.from({ length: 64 }, (_, at) => (at === 40 ? lostGpu(at) : gpu(at)));
    const shown = importantCards(cards, 4).map(({ index }) => index);
    expect(shown).toEqual([0, 1, 2, 40]);
    expect(importantCards(cards, 64)).toBe(cards);
  });
});

describe('what is free', () => {
  it('is named as CUDA takes it: whole cards by number', () => {
    const divided = gpu(2, { slices: [slice(0)] });
    expect(visibleDevices(freeDevices([freeGpu(0), gpu(1), divided, freeGpu(3)]))).toBe(
      'CUDA_VISIBLE_DEVICES=0,3',
    );
  });

  it('is a single slice where there is no card: CUDA takes no more', () => {
    const divided = gpu(0, { slices: [slice(0, { state: 'busy' }), slice(1), slice(2)] });
    expect(freeDevices([divided, gpu(1)])).toEqual(['MIG-1']);
    expect(freeDevices([{ ...divided, state: 'unknown' }, lostGpu(1)])).toEqual([]);
  });
});

describe('who and where', () => {
  it('is a name, a number, or unknown; never invented', () => {
    const gone = { absent: 'gone' } as const;
    expect(ownerText(gpuProcess(1))).toBe('carol');
    expect(ownerText(gpuProcess(1, { user: gone }))).toBe('user 1001');
    expect(ownerText(gpuProcess(1, { user: gone, user_id: gone }))).toBe('unknown user');
  });

  it.each<[Place, string]>([
    [{ container: { key: 'docker/abc', runtime: 'docker', short: 'abcdef012345' } }, 'train-28'],
    [{ container: { key: 'docker/x', runtime: 'docker', short: 'abcdef012345' } }, 'abcdef012345'],
    [
      {
        container: { key: 'crio/x', runtime: 'crio', short: '0123' },
        pod: '6f1c0b1e-aaaa',
        unit: 'kubepods.slice',
      },
      '0123 · pod 6f1c0b1e',
    ],
    [{ slurm_job: '1234', unit: 'slurmstepd.scope' }, 'Slurm job 1234'],
    [{ unit: 'jupyterhub.service' }, 'jupyterhub.service'],
    [{ session: '42' }, 'session 42'],
    [{}, 'the machine itself'],
  ])('%j is %s', (place, expected) => {
    expect(placeWords(place, new Map([['docker/abc', 'train-28']]))).toBe(expected);
  });

  it('is the same place for the same container, whatever else differs', () => {
    const container = { key: 'docker/abc', runtime: 'docker', short: 'a' } as const;
    expect(placeKey({ container, unit: 'a' })).toBe(placeKey({ container, unit: 'b' }));
    expect(placeKey({ session: '1' })).not.toBe(placeKey({ unit: '1' }));
  });

  it('is nobody only where the driver says so', () => {
    const none = gpus();
    expect(nobody(none, [0, 0], false)).toBe('none');
    expect(nobody(none, [0, 2], true)).toBe('hidden');
    expect(nobody(none, [0, 2], false)).toBe('unknown');
    expect(nobody(none, [{ absent: 'gone' }], false)).toBe('unknown');
    expect(nobody(gpus({ driver: 'not_loaded' }), [0], false)).toBe('unknown');
  });
});

it('the day of an account is that of UTC', () => {
  expect(utcDay(Date.UTC(2027, 2, 1))).toBe('Mar 1, 2027\u00a0UTC');
});
