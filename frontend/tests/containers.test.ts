import { render, screen, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Container, Containers, GpuProcess, HostDocument } from '../src/lib/api/api';
import { tableCsv } from '../src/lib/csv';
import { setLanguage, t } from '../src/lib/i18n/index.svelte';
import { freezeAges } from '../src/lib/model/time.svelte';
import { navigate } from '../src/lib/router.svelte';
import ContainersTab from '../src/pages/Host/ContainersTab.svelte';
import { containerColumns } from '../src/panels/container/columns';
import { containerFilter } from '../src/panels/container/filter';
import { hasGpus, joined, memoryOf } from '../src/panels/container/rows';
import { stateText } from '../src/panels/container/state';
import { container, containers, engine, nameless } from './container-documents';
import { NOW, hostDocument, section, unread } from './documents';
import { GIB, gpuProcess, gpus } from './people-documents';

const text = (element: Element) => element.textContent.replace(/[\s\u00a0]+/g, ' ').trim();
const inside = ({ key, runtime, short }: Container) => ({ container: { key, runtime, short } });

const document = (value: Containers, processes: GpuProcess[] = [], changes: Partial<HostDocument> = {}) =>
  hostDocument({ containers: section(value), gpus: section(gpus(processes)), ...changes });

const open = (of: HostDocument) => render(ContainersTab, { host: 'gpu-1', document: of });
const grid = () => screen.getByLabelText('Containers', { selector: '[role=grid]' });
const shown = () =>
  within(grid())
    .getAllByRole('row')
    .slice(1)
    .map((row) => row.dataset['key'] ?? '');

/** A row's cells by the names of their columns. */
function cells(name: string): Record<string, string> {
  const heads = within(grid())
    .getAllByRole('columnheader')
    .map((head) => text(head).replace(/ [▲▼]$/, ''));
  const row = within(grid()).getByText(name).closest('[role=row]');
  return Object.fromEntries([...(row?.children ?? [])].map((cell, at) => [heads[at] ?? '', text(cell)]));
}

beforeEach(async () => {
  await setLanguage('en');
  localStorage.clear();
  freezeAges(NOW);
  navigate('/host/gpu-1?tab=containers', { replace: true });
});
afterEach(async () => {
  freezeAges(null);
  await setLanguage('en');
});

describe('ContainersTab', () => {
  it('shows what a container does, what it may, and the cards that it is on', () => {
    const train = container('train', { health: 'healthy' });
    open(
      document(containers([train]), [
        gpuProcess(1, 10, { place: inside(train) }),
        gpuProcess(0, 10, { place: inside(train) }),
        gpuProcess(7, 11, { place: { slurm_job: '12' } }),
      ]),
    );
    expect(cells('train')).toMatchObject({
      Name: 'train Docker',
      State: 'healthy',
      'CPU %': '350.3 / 400',
      Throttled: '3.2 %',
      Memory: '1.0 / 4.0 GiB 1.0 GiB',
      '↓ net': '1.0 Mbit/s',
      '↑ net': '100 kbit/s',
      Read: '1.2 MB/s',
      Written: '40.0 kB/s',
      Tasks: '42 / 1,000',
      'OOM kills': '0',
      GPUs: '0, 1',
      'GPU mem': '16.0 GiB',
      Since: '2 h',
    });
  });

  it('has no columns of cards on a machine without', () => {
    open(
      hostDocument({
        containers: section(containers([container('web')])),
        gpus: section({ absent: 'not_supported' } as never),
      }),
    );
    expect(cells('web')).not.toHaveProperty('GPUs');
    expect(hasGpus({ absent: 'not_supported' })).toBe(false);
    expect(hasGpus({ absent: 'permission_denied' })).toBe(true);
    expect(hasGpus(gpus([]))).toBe(false);
  });

  it('shows what is absent as absent, never as 0, with the reason', () => {
    const denied = { absent: 'permission_denied' } as const;
    const row = container('odd', {
      cpu_percent: { absent: 'measuring' },
      memory_bytes: denied,
      tasks: denied,
      oom_kills: { absent: 'not_supported' },
      received_bytes_per_second: denied,
      started_at_ms: { absent: 'not_collected' },
    });
    open(document(containers([row])));
    const of = cells('odd');
    expect(of['CPU %']).toBe('–measuring: a rate needs a second sample / 400');
    expect(of['Memory']).toContain('–no permission to read it');
    expect(of['Tasks']).toContain('–no permission to read it');
    expect(of['OOM kills']).toBe('–not supported by this machine or kernel');
    expect(of['↓ net']).toBe('–');
    expect(of['Since']).toBe('–not read yet');
    for (const value of Object.values(of)) expect(value).not.toMatch(/^0\b/);
  });

  it('says that one shares the network of the machine instead of showing its traffic', () => {
    open(document(containers([container('web', { shares_network: true })])));
    expect(cells('web')['↓ net']).toBe('–');
    expect(
      screen.getAllByTitle('It shares the network of the machine and has no traffic of its own'),
    ).toHaveLength(2);
  });

  it('marks what somebody should look at by shape and word', () => {
    const { container: page } = open(
      document(
        containers([
          container('dying', { oom_kills: 3, oom_kills_per_second: 0.5 }),
          container('once', { oom_kills: 1 }),
          container('sick', { health: 'unhealthy', restarts: 4 }),
          container('frozen', { state: 'paused' }),
          container('full', { tasks: 950, tasks_limit: 1000 }),
          container('tight', { memory_percent: 96 }),
        ]),
      ),
    );
    expect(cells('dying')['OOM kills']).toBe('3 · now');
    expect(cells('dying')['Name']).toContain('Its memory ran out: processes of it are being killed now');
    expect(cells('once')['OOM kills']).toBe('1');
    expect(page.querySelectorAll('[data-key^="docker/once"] .mark.trouble')).toHaveLength(1);
    expect(cells('sick')['State']).toBe('unhealthy · restarted 4 times');
    expect(cells('sick')['Name']).toMatch(/^unhealthy/);
    expect(cells('frozen')['State']).toBe('paused');
    expect(cells('full')['Tasks']).toContain('soon it can start no more');
    expect(cells('tight')['Memory']).toMatch(/^critical/);
  });

  it('calls memory high only of a limit of its own', () => {
    open(document(containers([container('big', { memory_percent: 96, memory_limit_bytes: null })])));
    expect(cells('big')['Memory']).toBe('1.0 GiB 1.0 GiB');
    expect(
      screen.getByTitle(/^96.% of the machine’s memory; it has no limit of its own$/),
    ).toBeInTheDocument();
  });

  it('keeps the order of names, and sorts by a click as the address remembers', async () => {
    const user = userEvent.setup();
    const rows = [
      container('gpu-10', { cpu_percent: 5 }),
      container('gpu-2', { cpu_percent: { absent: 'measuring' } }),
      container('gpu-1', { cpu_percent: 50 }),
    ];
    const { rerender } = open(document(containers(rows)));
    const names = () => shown().map((key) => /gpu-\d+/.exec(key)?.[0]);
    expect(names()).toEqual(['gpu-1', 'gpu-2', 'gpu-10']);
    await rerender({ document: document(containers([...rows].reverse())) });
    expect(names()).toEqual(['gpu-1', 'gpu-2', 'gpu-10']);
    await user.click(screen.getByRole('button', { name: /^CPU %/ }));
    expect(names()).toEqual(['gpu-1', 'gpu-10', 'gpu-2']);
    expect(location.search).toContain('sort=cpu&dir=desc');
  });

  it('opens one with id, limits, labels, and its processes by card', async () => {
    const train = container('train', { swap_bytes: 2 * GIB, pod: 'ab-12' });
    open(
      document(containers([train]), [
        gpuProcess(0, 10, { place: inside(train) }),
        gpuProcess(0, 11, { place: inside(train), user: { absent: 'gone' } }),
        gpuProcess(3, 11, { place: inside(train), memory_bytes: { absent: 'not_supported' } }),
        gpuProcess(3, 12, { place: {} }),
      ]),
    );
    await userEvent.click(within(grid()).getByText('train'));
    const dialog = screen.getByRole('dialog', { name: 'train' });
    expect(text(dialog)).toContain('Swap 2.0 GiB');
    expect(text(dialog)).toContain('train-0123456789abcdef');
    expect(text(dialog)).toContain('ab-12');
    expect(within(dialog).getByRole('rowheader', { name: 'owner' }).closest('tr')).toHaveTextContent('alice');
    const table = within(dialog).getByRole('group', { name: 'Processes on GPUs' });
    const groups = within(table).getAllByRole('rowheader');
    expect(groups.map((head) => [text(head), head.getAttribute('rowspan')])).toEqual([
      ['0 16.0 GiB', '2'],
      ['3', '1'],
    ]);
    expect(within(table).getAllByRole('link')).toHaveLength(3);
    expect(within(table).getAllByTitle('not supported by this machine or kernel')).toHaveLength(1);
    expect(within(dialog).getByRole('link', { name: 'All its processes' })).toHaveAttribute(
      'href',
      '/host/gpu-1?tab=processes&q=container%3Atrain-012345',
    );
  });

  it('keeps an open one, with its last values, when it is gone', async () => {
    const { rerender } = open(document(containers([container('brief')])));
    await userEvent.click(within(grid()).getByText('brief'));
    await rerender({ document: document(containers([])) });
    expect(text(screen.getByRole('dialog', { name: 'brief' }))).toContain('pytorch/pytorch:2.5');
  });

  it('tells short ids where no engine is asked, and how to ask one', () => {
    const { container: page } = open(document(containers([nameless('0123456789ab')], { engines: [] })));
    expect(cells('0123456789ab')['State']).toContain('Known to its engine only, and none is asked');
    expect(screen.getByText('0123456789ab')).toHaveAttribute(
      'title',
      expect.stringContaining('containers.engines'),
    );
    expect(text(page)).toContain('No engine is asked, so names, images and states are missing.');
  });

  it('does not ask for engines where all names are known without', () => {
    const { container: page } = open(
      document(containers([container('web', { runtime: 'lxc' })], { engines: [] })),
    );
    expect(text(page)).not.toContain('No engine');
  });

  it.each([
    ['permission_denied', 'smonitor’s user may not open the socket'],
    ['not_installed', 'Nothing is at this address'],
    ['not_responding', 'look at its log, or restart it'],
    ['read_failed', 'the log of smonitor has the error'],
    ['malformed', 'is it an engine at all?'],
  ] as const)('says what to do with an engine that is %s', (reason, advice) => {
    const broken = { ...engine, version: { absent: reason }, problem: { reason, since_ms: NOW - 180_000 } };
    const { container: page } = open(document(containers([container('web')], { engines: [broken] })));
    const line = within(page).getByRole('list', { name: 'Engines' });
    expect(text(line)).toContain(t(`reason.${reason}`));
    expect(text(line)).toContain('for 3 min');
    expect(text(line)).toContain(advice);
    expect(text(line)).toContain('Figures go on');
    expect(cells('web')['CPU %']).toBe('350.3 / 400');
  });

  it('greys what is stuck, and keeps it', () => {
    const stuck = section(containers([container('web')]), {
      taken_at_ms: NOW - 42_000,
      problem: { reason: 'not_responding', since_ms: NOW - 40_000 },
    });
    const { container: page } = open(hostDocument({ containers: stuck }));
    expect(text(page)).toContain('stuck for 40 s · last value 42 s old');
    expect(page.querySelector('.old')).not.toBeNull();
    expect(shown()).toHaveLength(1);
  });

  it('says that there is none, and why they cannot be read', () => {
    const first = open(document(containers([])));
    expect(text(first.container)).toContain('No container is running.');
    first.unmount();
    const denied = section({ absent: 'permission_denied' } as never);
    const second = open(hostDocument({ containers: denied }));
    expect(text(second.container)).toContain('Containers cannot be read: no permission to read it.');
    second.unmount();
    expect(text(open(hostDocument({ containers: unread() })).container)).toContain('Loading…');
  });

  it('draws five hundred no slower than those in view, and tells of those left out', () => {
    const rows = Array.from({ length: 500 }, (_, at) => container(`w${String(at)}`));
    const { container: page } = open(document(containers(rows, { left_out: 12 })));
    expect(text(page)).toContain('500 of 500');
    expect(shown().length).toBeLessThan(100);
    expect(grid()).toHaveAttribute('aria-rowcount', '501');
    expect(text(page)).toContain('12 more containers are not listed.');
  });

  it('shows hostile names as text', async () => {
    const evil = '<img src=x>\u202eexe';
    const row = container('x', { name: evil, image: evil, labels: [{ name: evil, value: evil }] });
    const { container: page } = open(document(containers([row])));
    await userEvent.click(within(grid()).getByText('<img src=x>�exe'));
    expect(page.querySelector('img')).toBeNull();
    expect(text(page)).not.toContain('\u202e');
    expect(text(screen.getByRole('dialog'))).toContain('<img src=x>�exe');
  });

  it('speaks Chinese', async () => {
    await setLanguage('zh-CN');
    const { container: page } = open(document(containers([container('web', { state: 'paused' })])));
    expect(text(page)).toContain('已暂停');
    expect(text(page)).toContain('正常应答');
  });
});

describe('what processes of a container do on cards', () => {
  it('is joined by the key, not by what is shown', () => {
    const a = container('a');
    const b = { ...container('b'), short: a.short };
    const rows = joined(containers([a, b]), gpus([gpuProcess(2, 1, { place: inside(b) })]));
    expect(rows.map(({ gpu }) => gpu && !('absent' in gpu) && gpu.cards)).toEqual([null, [2]]);
  });

  it('is absent where the cards are', () => {
    const [row] = joined(containers([container('a')]), { absent: 'not_responding' });
    expect(row?.gpu).toEqual({ absent: 'not_responding' });
  });

  it('has the memory of those that tell it, and a reason where none does', () => {
    const silent = gpuProcess(0, 1, { memory_bytes: { absent: 'not_supported' } });
    expect(memoryOf([silent, gpuProcess(0, 2)])).toBe(8 * GIB);
    expect(memoryOf([silent])).toEqual({ absent: 'not_supported' });
  });
});

describe('the words for a state', () => {
  it('say how it does where that is checked, and the state where it does not run', () => {
    const words = (changes: Partial<Container>) => stateText(container('a', changes));
    expect(words({})).toBe('running');
    expect(words({ health: 'starting' })).toBe('first check');
    expect(words({ health: 'unhealthy', state: 'restarting', restarts: 1 })).toBe(
      'restarting · unhealthy · restarted once',
    );
    expect(words({ state: { absent: 'not_collected' } })).toEqual({ absent: 'not_collected' });
  });
});

describe('the filter', () => {
  const alice = container('train-28', { cpu_percent: 120, memory_percent: 80, oom_kills: 2, restarts: 1 });
  const web = container('web', {
    runtime: 'podman',
    image: 'nginx:1.27',
    labels: [{ name: 'tier', value: 'front' }],
    cpu_percent: { absent: 'measuring' },
    memory_bytes: 4 * GIB,
    health: 'unhealthy',
  });
  const rows = joined(
    containers([alice, web]),
    gpus([gpuProcess(1, 1, { place: inside(alice) }), gpuProcess(10, 1, { place: inside(alice) })]),
  );
  const found = (query: string) => {
    const test = containerFilter(query);
    return rows.filter((row) => test?.(row) ?? true).map((row) => row.container.short.split('-')[0]);
  };

  it.each([
    ['train', ['train']],
    ['alice', ['train']],
    ['user:alice', ['train']],
    ['nginx', ['web']],
    ['image:pytorch', ['train']],
    ['front', ['web']],
    ['label:tier=', ['web']],
    ['runtime:podman', ['web']],
    ['state:unhealthy', ['web']],
    ['state:running', ['train', 'web']],
    ['cpu:>50', ['train']],
    ['cpu:<1000', ['train']],
    ['mem:>2G', ['web']],
    ['mem:>50%', ['train']],
    ['kills:>0', ['train']],
    ['restarts:1', ['train']],
    ['gpu:1', ['train']],
    ['gpu:0', []],
    ['gpu:>9', ['train']],
    ['gpumem:>10G', ['train']],
    ['name:train-28-0123456789abcdef', ['train']],
  ])('understands %s', (query, expected) => expect(found(query)).toEqual(expected));
});

describe('the exported file', () => {
  it('holds plain numbers, nothing for what is absent or has no limit, and no formulas', () => {
    const row = container('=cmd()', {
      cpu_limit_percent: null,
      tasks: { absent: 'permission_denied' },
      started_at_ms: Date.UTC(2026, 10, 20),
    });
    const rows = joined(
      containers([row]),
      gpus([gpuProcess(0, 1, { place: inside(row) }), gpuProcess(2, 1, { place: inside(row) })]),
    );
    const [head = '', line = ''] = tableCsv(containerColumns(true), rows, t).split('\r\n');
    const fields = Object.fromEntries(head.split(',').map((name, at) => [name, line.split(',')[at]]));
    expect(fields).toMatchObject({
      Name: "'=cmd()",
      'Made by': 'docker',
      State: 'running',
      'CPU %': '350.25',
      'CPU limit': '',
      Memory: String(GIB),
      'Memory limit': String(4 * GIB),
      Tasks: '',
      'OOM kills': '0',
      GPUs: '0 2',
      'GPU mem': String(16 * GIB),
      Since: '2026-11-20T00:00:00.000Z',
    });
  });
});
