import { render, screen, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { tick } from 'svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Gpu, Gpus, HostDocument, Reading } from '../src/lib/api/api';
import '../src/lib/i18n/en/gpu-details';
import { setLanguage, withTexts } from '../src/lib/i18n/index.svelte';
import { live } from '../src/lib/live/live';
import { pressed } from '../src/lib/keys.svelte';
import { freezeAges } from '../src/lib/model/time.svelte';
import { navigate, startRouter } from '../src/lib/router.svelte';
import GpuPage from '../src/pages/Gpu/Gpu.svelte';
import Overview from '../src/pages/Host/Overview.svelte';
import GpusTab from '../src/pages/Host/GpusTab.svelte';
import GpuPanel from '../src/panels/gpu/GpuPanel.svelte';
import { PANELS_FIRST } from '../src/panels/registry';
import GpuCell from '../src/ui/GpuCell.svelte';
import GpuStrip from '../src/ui/GpuStrip.svelte';
import { cellOf } from '../src/lib/model/gpu-state';
import { NOW } from './documents';
import {
  GIB,
  MINUTE,
  freeGpu,
  gpu,
  gpuHost,
  gpuProcess,
  gpuUser,
  gpus,
  heldGpu,
  lostGpu,
  not,
  slice,
  withFindings,
} from './gpu-documents';
import { hello } from './hello';

const plain = (words: string) => words.replace(/[\s\u00a0]+/g, ' ').trim();
const text = (element: Element) => plain(element.textContent);
/** With a blank between cells and other parts, as the eye sees them. */
const spaced = (element: Element): string =>
  plain(
    [...element.childNodes]
      .map((node) => (node instanceof Element ? ` ${spaced(node)} ` : node.textContent))
      .join(''),
  );
const region = (name: string) => screen.getByRole('region', { name });
const tab = (document: HostDocument) => render(GpusTab, { host: 'gpu-1', document });
const panel = (document: HostDocument) => render(GpuPanel, { document });
const withCards = (...cards: Gpu[]) => gpuHost(gpus({ cards }));
/** The line of a card in the overview. */
const line = (index: number) =>
  spaced(screen.getByRole('link', { name: `GPU ${String(index)}` }).closest('tr') as Element);

beforeEach(async () => {
  await setLanguage('en');
  freezeAges(NOW);
  live.hello = hello();
  window.history.replaceState(null, '', '/host/gpu-1?tab=gpus');
});
afterEach(async () => {
  live.hello = null;
  await setLanguage('en');
});

describe('GpuCell', () => {
  const box = (card: Gpu) => render(GpuCell, { cell: cellOf(card) }).container;

  it('is hollow where the card is free: no 0 in it', () => {
    const drawn = box(freeGpu(0));
    expect(drawn.querySelector('.hollow')).not.toBeNull();
    expect(text(drawn)).toBe('');
  });

  it('is filled with its number, and has a line for memory', () => {
    const drawn = box(gpu(0));
    expect(drawn.querySelector('.filled.u3')).toHaveTextContent('74');
    expect(drawn.querySelector<HTMLElement>('.memory')?.style.width).toBe('50%');
  });

  it.each([
    [0, 'u0'],
    [24, 'u1'],
    [49, 'u2'],
    [74, 'u3'],
    [75, 'u4'],
  ])('takes the step of the ramp for %i %%: %s', (gpu_percent, step) => {
    const drawn = box(gpu(0, { utilisation: { ...gpu(0).utilisation, gpu_percent } }));
    expect(drawn.querySelector('.filled')).toHaveClass(step);
  });

  it('has a dash where use is not known, and no line where memory is not', () => {
    const drawn = box(
      gpu(0, {
        utilisation: { ...gpu(0).utilisation, gpu_percent: not },
        memory: { ...gpu(0).memory, used_percent: not },
      }),
    );
    expect(text(drawn)).toBe('–');
    expect(drawn.querySelector('.memory')).toBeNull();
  });

  it('is hatched, crossed, dashed or divided', () => {
    expect(box(heldGpu(0)).querySelector('.hatched')).not.toBeNull();
    expect(box(lostGpu(0)).querySelector('.crossed svg')).not.toBeNull();
    expect(box(gpu(0, { state: 'unknown' })).querySelector('.dashed')).not.toBeNull();
    const divided = box(gpu(0, { slices: [slice(0), slice(1, { state: 'busy' }), slice(2)] }));
    expect(divided.querySelectorAll('.hollow')).toHaveLength(2);
    expect(divided.querySelectorAll('.filled')).toHaveLength(1);
  });
});

it('a strip says in words what it shows, and leads to each card', () => {
  const cells = [gpu(0), freeGpu(1)].map(cellOf);
  render(GpuStrip, { cells, href: ({ index }) => `/gpu/${String(index)}` });
  expect(screen.getByRole('list', { name: '2 GPUs: 1 free, 1 in use' })).toBeInTheDocument();
  const [first] = screen.getAllByRole('link');
  expect(first).toHaveAttribute('href', '/gpu/0');
  expect(text(first as Element)).toBe('74 GPU 0: in use, use 74 %, memory 50 %');
});

describe('the panel of the overview', () => {
  const [entry] = PANELS_FIRST;

  it.each<[Reading<Gpus>, boolean]>([
    [gpus(), true],
    [not, false],
    [{ absent: 'not_installed' }, false],
    [{ absent: 'not_collected' }, false],
    [{ absent: 'permission_denied' }, true],
    [{ absent: 'not_responding' }, true],
  ])('of %j is shown: %s', (value, shown) => {
    expect(entry?.shown?.(gpuHost(value))).toBe(shown);
  });

  it('has a line for each card, what is free first of all', () => {
    panel(withCards(gpu(0), freeGpu(1), heldGpu(2), lostGpu(3)));
    const all = region('GPUs');
    expect(text(all)).toContain('1 free of 4');
    expect(text(all)).toContain('CUDA_VISIBLE_DEVICES=1');
    expect(line(0)).toMatch(
      /^0 A100-SXM4-80GB in use for 3 h 74 % .*40\.0 \/ 80\.0 GiB 47 °C 297 \/ 400 W carol → train-28$/,
    );
    expect(line(1)).toMatch(/free for 12 min 0 % .*nobody$/);
    expect(line(2)).toMatch(/held idle for 3 h .*computes nothing for 3 h$/);
    expect(line(3)).toMatch(/fault for 1 min.*critical fell off the bus 1 min ago$/);
  });

  it('offers nothing of a host that gives no news', () => {
    const last = withCards(gpu(0), freeGpu(1));
    panel({ ...last, status: { ...last.status, state: 'down' } });
    const all = text(region('GPUs'));
    expect(all).not.toContain('CUDA_VISIBLE_DEVICES');
    expect(all).not.toContain('free of 2');
    expect(line(1)).toMatch(/free for 12 min/);
  });

  it('shows a lost card without a single number', () => {
    panel(withCards(lostGpu(0)));
    expect(screen.getAllByTitle('gone').length).toBeGreaterThanOrEqual(4);
    expect(line(0)).not.toMatch(/\d\s?(%|GiB|°C|W)/);
  });

  it('has what is wrong before who is on it, and only what somebody should look at', () => {
    const warm = withFindings({ kind: 'hot', celsius: 84, slowdown_celsius: 92, severity: 'warning' });
    const capped = withFindings({
      kind: 'throttled',
      reason: 'power_cap',
      share_percent: 63,
      over_ms: 10 * MINUTE,
      severity: 'info',
    });
    panel(withCards(gpu(0, warm), gpu(1, capped)));
    expect(line(0)).toMatch(/warning 84 °C: it slows down at 92 °C carol → train-28$/);
    expect(line(1)).not.toContain('power limit');
  });

  it('is greyed with its age while the driver hangs, and keeps the last values', () => {
    const problem = { reason: 'not_responding', since_ms: NOW - 90_000 } as const;
    const { container } = panel(gpuHost(gpus(), { taken_at_ms: NOW - 91_000, problem }));
    expect(container.querySelector('.body.old')).not.toBeNull();
    expect(text(container)).toContain('stuck for 1 min · last value 1 min old');
    expect(line(0)).toContain('74 %');
  });

  it('of 64 cards shows them all as cells, those with trouble as lines, and how many more', () => {
    panel(withCards(...Array.from({ length: 64 }, (_, at) => (at === 63 ? lostGpu(at) : gpu(at)))));
    expect(within(screen.getByRole('list', { name: /^64 GPUs/ })).getAllByRole('link')).toHaveLength(64);
    expect(screen.getAllByRole('row')).toHaveLength(17);
    expect(line(63)).toContain('fault');
    expect(text(region('GPUs'))).toContain('48 more cards are in the tab.');
  });

  it('says why the cards cannot be read', () => {
    panel(gpuHost({ absent: 'permission_denied' }));
    expect(text(region('GPUs'))).toContain('The GPUs cannot be read: no permission to read it');
  });

  it('says what is wrong with the driver, what to do, and claims nothing free', () => {
    const unknown = gpu(0, { state: 'unknown', process_count: { absent: 'not_installed' } });
    panel(gpuHost(gpus({ driver: 'not_loaded', cards: [unknown], processes: [], people: [] })));
    const all = text(region('GPUs'));
    expect(all).toContain('warning The kernel module of the NVIDIA driver is not loaded');
    expect(all).toContain('sudo modprobe nvidia');
    expect(all).not.toMatch(/free of|nobody/);
  });

  it('speaks Chinese', async () => {
    await setLanguage('zh-CN');
    panel(withCards(gpu(0), freeGpu(1)));
    expect(text(region('GPU'))).toContain('1 空闲，共 2 张');
  });
});

describe('the overview', () => {
  const overview = (document: HostDocument) => render(Overview, { host: 'gpu-1', document });

  it('waits a moment to know whether there are cards, and no longer', async () => {
    vi.useFakeTimers();
    overview(gpuHost({ absent: 'not_collected' }));
    expect(screen.queryByRole('region', { name: 'CPU' })).toBeNull();
    await vi.advanceTimersByTimeAsync(3000);
    expect(region('CPU')).toBeInTheDocument();
    vi.useRealTimers();
  });

  it('does not wait where there are none, or where the driver hangs', () => {
    const first = overview(gpuHost(not));
    expect(region('CPU')).toBeInTheDocument();
    first.unmount();
    const problem = { reason: 'not_responding', since_ms: NOW } as const;
    overview(gpuHost({ absent: 'not_collected' }, { problem }));
    expect(region('CPU')).toBeInTheDocument();
  });
});

describe('the tab', () => {
  const card = (index: number) =>
    text(screen.getByRole('heading', { name: `GPU ${String(index)}` }).closest('li') as Element);

  it.each([['not_supported'], ['not_installed']] as const)(
    'of a machine without GPU says so: %s',
    (absent) => {
      tab(gpuHost({ absent }));
      expect(screen.getByRole('heading', { name: 'No GPU on this machine' })).toBeInTheDocument();
      expect(screen.queryByRole('grid')).toBeNull();
    },
  );

  it('says why the cards cannot be read', () => {
    tab(gpuHost({ absent: 'hidden' }));
    expect(screen.getByText('hidden: your role may not see it')).toBeInTheDocument();
  });

  it('waits for the first reading, and says when that hangs', () => {
    const waiting = tab(gpuHost({ absent: 'not_collected' }));
    expect(text(waiting.container)).toBe('Loading…');
    waiting.unmount();
    const problem = { reason: 'not_responding', since_ms: NOW - 9000 } as const;
    tab(gpuHost({ absent: 'not_collected' }, { problem }));
    expect(screen.getByRole('heading', { name: 'The GPUs cannot be read' })).toBeInTheDocument();
    expect(screen.getByText(/^not responding/)).toBeInTheDocument();
  });

  it('has all about a card, absent values with their reason', () => {
    const unified = { ...gpu(0).memory, total_bytes: not, used_percent: not, used_bytes: not };
    tab(withCards(gpu(0), gpu(1, { memory: unified, power: { ...gpu(0).power, draw_watts: not } })));
    expect(card(0)).toContain('slows down at 92 °C');
    expect(card(0)).toContain('Held back by nothing');
    expect(card(0)).toContain('PCIe 4.0 ×16');
    expect(card(0)).toContain('Clocks 1,395 of 1,410 MHz');
    expect(card(1)).toContain('Memory shares the memory of the machine –');
    expect(card(1)).toMatch(/Power –/);
    expect(card(1)).not.toMatch(/0 B|0 W/);
  });

  it('says what is wrong with a card and what to do, with the command', () => {
    tab(withCards(gpu(3, withFindings({ kind: 'memory_repair_pending' }))));
    expect(card(3)).toContain('bad memory is replaced once the card is reset');
    expect(card(3)).toContain('sudo nvidia-smi -r -i 3');
  });

  it('changes to a table on demand, which the address remembers; with very many it begins as one', async () => {
    const stop = startRouter();
    const first = tab(withCards(gpu(0), gpu(1)));
    expect(screen.queryByRole('group', { name: 'GPUs' })).toBeNull();
    await userEvent.click(screen.getByRole('button', { name: 'Table' }));
    expect(location.search).toBe('?tab=gpus&view=table');
    expect(screen.getByRole('group', { name: 'GPUs' })).toBeInTheDocument();
    first.unmount();
    navigate('/host/gpu-1?tab=gpus');
    tab(withCards(...Array.from({ length: 17 }, (_, at) => gpu(at))));
    expect(screen.getByRole('button', { name: 'Table' })).toHaveAttribute('aria-pressed', 'true');
    stop();
  });

  it('lists people with their cards, and when the account ends, in UTC', () => {
    const people = [
      gpuUser({ key: 'a', user: 'alice', gpus: [0, 1], held_gpus: [1] }),
      gpuUser({
        key: 'b',
        user: 'bob',
        account_end: { kind: 'at', at_ms: Date.UTC(2027, 2, 1), expired: false },
      }),
      gpuUser({
        key: 'c',
        user: 'carol',
        account_end: { kind: 'at', at_ms: Date.UTC(2025, 2, 1), expired: true },
      }),
      gpuUser({
        key: 'd',
        user: { absent: 'gone' },
        user_id: { absent: 'gone' },
        since_ms: { absent: 'gone' },
        memory_bytes: not,
        account_end: { absent: 'permission_denied' },
      }),
    ];
    tab(gpuHost(gpus({ people })));
    const rows = within(screen.getByRole('group', { name: 'People on GPUs' }))
      .getAllByRole('row')
      .slice(1);
    expect(rows.map(spaced)).toEqual([
      'alice 0, 1 39.0 GiB 1 3 h 1 train-28 never',
      'bob 0 39.0 GiB 1 3 h none train-28 Mar 1, 2027 UTC',
      'carol 0 39.0 GiB 1 3 h none train-28 ended Mar 1, 2025 UTC',
      'unknown user 0 – not supported by this machine or kernel 1 – gone none train-28 – no permission to read it',
    ]);
    expect(rows[2]?.querySelector('.expired .mark')).not.toBeNull();
  });

  it.each<[string, HostDocument, 'guest' | 'member', RegExp]>([
    [
      'nobody',
      gpuHost(gpus({ cards: [freeGpu(0)], processes: [], people: [] })),
      'member',
      /^Nobody is on a GPU/,
    ],
    ['a guest', gpuHost(gpus({ processes: [], people: [] })), 'guest', /^Guests do not see/],
    [
      'no driver',
      gpuHost(gpus({ driver: 'failing', cards: [lostGpu(0)], processes: [], people: [] })),
      'member',
      /^Who is on the cards cannot be told/,
    ],
  ])('says whether there is nobody, or nobody to be seen: %s', (_, document, role, words) => {
    live.hello = hello({ role });
    tab(document);
    expect(text(region('People on GPUs')).replace('People on GPUs', '').trim()).toMatch(words);
  });

  it('a guest sees how many processes a card has, and not whose', () => {
    live.hello = hello({ role: 'guest' });
    tab(gpuHost(gpus({ processes: [], people: [] })));
    expect(card(0)).toMatch(/1 process, whose: hidden$/);
  });

  it('lists errors of the driver with what to do', () => {
    const event = { at_ms: NOW, gpu: 1, code: 79, class: 'bus', action: 'check_hardware' } as const;
    tab(gpuHost(gpus({ events: [event] })));
    const errors = spaced(region('Errors reported by the driver'));
    expect(errors).toContain('GPU 1 79 the connection to the machine failed Check cables');
  });
});

describe('the table of processes', () => {
  const three = () =>
    gpuHost(
      gpus({
        processes: [
          gpuProcess(10),
          gpuProcess(11, { key: '1-11-100', gpu: 1, memory_bytes: 2 * GIB, gpu_percent: 5 }),
          gpuProcess(12, {
            key: '0-12-100',
            user: { absent: 'gone' },
            user_id: { absent: 'gone' },
            place: { absent: 'gone' },
            command: { absent: 'gone' },
            name: { absent: 'gone' },
            memory_bytes: not,
            gpu_percent: not,
          }),
        ],
      }),
    );
  const rows = () =>
    [...document.querySelectorAll('[data-key]')].map((row) =>
      [...row.querySelectorAll('[role="gridcell"]')].map(text).join(' | '),
    );

  it('has who, where, memory and share, and a dash for what is not known', () => {
    tab(three());
    const all = rows();
    expect(all).toHaveLength(3);
    expect(all[0]).toMatch(
      /^train-28 \| 0 \| 10 \| carol \| .* \| 39\.0 GiB \| 72\.0 \| 101\.5 \| 9\.0 GiB \| python train/,
    );
    const unknown = all.find((row) => row.includes('| 12 |'));
    expect(unknown).toMatch(/^–No reading: gone \| 0 \| 12 \| unknown user \|/);
    expect(unknown).toMatch(/\| – \| – \|/);
  });

  it('groups by container on demand, with sums, and the address remembers', async () => {
    const stop = startRouter();
    tab(three());
    await userEvent.click(screen.getByRole('checkbox', { name: 'By container' }));
    expect(location.search).toContain('group=1');
    expect(screen.getByRole('treegrid')).toBeInTheDocument();
    const all = rows();
    expect(all.find((row) => row.includes('2 processes'))).toMatch(
      /train-28 \| 0, 1 \| +\| carol \| .* \| 41\.0 GiB \| 77\.0 \| 203\.0 \| +\| 2 processes$/,
    );
    // Two places, and the three processes below them.
    expect(all).toHaveLength(5);
    stop();
  });

  it.each([
    ['user:carol', 2],
    ['gpu:1', 1],
    ['mem:>10G', 1],
    ['mem:<1G', 0],
    ['sm:>1', 2],
    ['where:train', 2],
    ['python', 2],
  ])('is filtered by %s', async (query, count) => {
    const stop = startRouter();
    tab(three());
    await userEvent.type(screen.getByRole('searchbox'), query);
    expect(rows()).toHaveLength(count);
    stop();
  });
});

describe('the page of a card', () => {
  let stop: () => void;
  const show = async (document: HostDocument | null, path = '/host/gpu-1/gpu/0') => {
    vi.spyOn(live, 'view').mockReturnValue({
      document: document as never,
      serverTimeMs: NOW,
      refused: null,
      gone: false,
    });
    vi.spyOn(live, 'acquire').mockReturnValue(() => undefined);
    vi.stubGlobal('fetch', () => Promise.reject(new Error('no server')));
    window.history.replaceState(null, '', path);
    stop = startRouter();
    const shown = render(GpuPage);
    await tick();
    return shown;
  };
  afterEach(() => {
    stop();
    vi.unstubAllGlobals();
  });

  it('has what it is, how it is, and what to write to use it', async () => {
    await show(withCards(gpu(0), freeGpu(1)));
    expect(screen.getByRole('heading', { level: 1 })).toHaveTextContent('GPU 0');
    const identity = text(region('Identity'));
    expect(identity).toContain('CUDA_VISIBLE_DEVICES=0');
    expect(identity).toContain('GPU-849d0000-0000-0000-0000-000000000000');
    expect(identity).toContain('Compute mode any number of processes');
    expect(text(region('Connection'))).toContain('Link now 4.0 ×16');
    expect(text(region('Memory errors'))).toContain('Replaced rows 1 corrected, 0 not corrected');
    expect(text(region('Power and heat'))).toContain('Energy 1,000 kWh');
    expect(spaced(region('NVLink'))).toMatch(/0 works 3 25\.0 GB\/s .* 0 1 does not work 3 –/);
    expect(screen.getByRole('link', { name: 'All GPUs of gpu-1' })).toHaveAttribute(
      'href',
      '/host/gpu-1?tab=gpus',
    );
  });

  it('has its slices where it is divided', async () => {
    await show(withCards(gpu(0, { mig: true, slices: [slice(1, { state: 'busy', process_count: 2 })] })));
    expect(spaced(region('MIG slices'))).toMatch(/1g\.10gb 0:1 in use 8 \/ 0 0 B \/ 10\.0 GiB 2 MIG-1/);
  });

  it('of a lost card says so, and shows no number', async () => {
    await show(withCards(lostGpu(0)));
    const main = document.body;
    expect(text(main)).toContain('critical fell off the bus 1 min ago');
    expect(text(region('Engines'))).not.toMatch(/\d\s?(%|[KMG]?i?B)/);
  });

  it.each([['/host/gpu-1/gpu/7'], ['/host/gpu-1/gpu/9999']])(
    'of a number that does not exist: %s',
    async (path) => {
      await show(withCards(gpu(0)), path);
      expect(screen.getByRole('heading', { level: 1 })).toHaveTextContent(/^No GPU \d+ on this machine$/);
      expect(screen.getByRole('link', { name: 'All GPUs of gpu-1' })).toBeInTheDocument();
    },
  );

  it('goes to the next and the previous card by keys, around the end', async () => {
    await show(withCards(gpu(0), gpu(1), gpu(2)));
    const key = (name: string) => pressed(new KeyboardEvent('keydown', { key: name }));
    key(']');
    expect(location.pathname).toBe('/host/gpu-1/gpu/1');
    await tick();
    expect(screen.getByRole('heading', { level: 1 })).toHaveTextContent('GPU 1');
    key('[');
    await tick();
    key('[');
    expect(location.pathname).toBe('/host/gpu-1/gpu/2');
    key('g');
    expect(location.pathname + location.search).toBe('/host/gpu-1?tab=gpus');
  });

  it('speaks Chinese', async () => {
    await withTexts(() => Promise.resolve());
    await setLanguage('zh-CN');
    await show(withCards(gpu(0)));
    expect(text(region('标识'))).toContain('计算模式');
  });
});
