// Storage: the panel of the overview, the tables of the tab, arrays, pools, memory nodes.
import { render, screen, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Filesystem, HostDocument } from '../src/lib/api/api';
import { setLanguage } from '../src/lib/i18n/index.svelte';
import { thresholds } from '../src/lib/model/thresholds.svelte';
import { freezeAges, serverClock, tick as readClock } from '../src/lib/model/time.svelte';
import StorageTab from '../src/pages/Host/StorageTab.svelte';
import DisksPanel from '../src/panels/disk/DisksPanel.svelte';
import DiskTable from '../src/panels/disk/DiskTable.svelte';
import FilesystemTable from '../src/panels/filesystem/FilesystemTable.svelte';
import { filesystemFilter } from '../src/panels/filesystem/filter';
import { important, levelOfRow } from '../src/panels/filesystem/rows';
import SettingsDialog from '../src/shell/SettingsDialog.svelte';
import MemoryNodes from '../src/panels/numa/MemoryNodes.svelte';
import RaidPanel from '../src/panels/raid/RaidPanel.svelte';
import ZfsPanel from '../src/panels/zfs/ZfsPanel.svelte';
import { NOW, hostDocument, memory, section } from './documents';
import {
  array,
  disk,
  disks,
  filesystem,
  filesystems,
  forbidden,
  pool,
  stuck,
  TIB,
} from './storage-documents';

beforeEach(async () => {
  vi.stubGlobal(
    'IntersectionObserver',
    class {
      observe = vi.fn();
      disconnect = vi.fn();
    },
  );
  localStorage.clear();
  history.replaceState(null, '', '/');
  await setLanguage('en');
  serverClock.observe(NOW);
  readClock();
  freezeAges(NOW);
  thresholds.reset();
});
afterEach(() => {
  freezeAges(null);
  vi.unstubAllGlobals();
});

const plain = (text: string) => text.replace(/\s+/g, ' ').trim();
const text = (container: Element) => plain(container.textContent);
const root = filesystem('/', 41, { role: 'system' });
const boot = filesystem('/boot/efi', 1, { role: 'boot', inodes: { absent: 'not_supported' } });

describe('the limits of filesystems', () => {
  it('are set beside the others and outlive a preset', async () => {
    const user = userEvent.setup();
    HTMLDialogElement.prototype.showModal = vi.fn(function (this: HTMLDialogElement) {
      this.open = true;
    });
    render(SettingsDialog, { open: true });
    const warn = within(screen.getByRole('group', { name: 'Filesystems' })).getByRole('spinbutton', {
      name: /high from/,
    });
    await user.clear(warn);
    await user.type(warn, '70');
    expect(thresholds.value.disk).toEqual({ warn: 70, crit: 95 });
    await user.click(screen.getByRole('button', { name: /^60 \/ 80/ }));
    expect(thresholds.value).toMatchObject({ cpu: { warn: 60, crit: 80 }, disk: { warn: 70, crit: 95 } });
    expect(screen.getByRole('button', { name: /^60 \/ 80/ })).toHaveAttribute('aria-pressed', 'true');
    expect(screen.getByRole('group', { name: 'Inodes' })).toBeInTheDocument();
  });
});

describe('the filesystems that matter most', () => {
  const limits = thresholds.value;
  const places = (...rows: Filesystem[]) => important(rows, limits).map(({ key }) => key);

  it('are the system’s, then those that do not answer, then the fullest', () => {
    const shown = places(boot, filesystem('/home', 64), stuck('/mnt'), filesystem('/data', 93), root);
    expect(shown).toEqual(['/', '/boot/efi', '/mnt', '/data', '/home']);
  });

  it('are no more than there is room for', () => {
    expect(places(...Array.from({ length: 40 }, (_, at) => filesystem(`/d${String(at)}`, at)))).toHaveLength(
      6,
    );
  });

  it('are not hidden by a server that is gone', () => {
    const gone = Array.from({ length: 20 }, (_, at) => stuck(`/net/${String(at)}`));
    expect(places(root, ...gone, filesystem('/data', 93))).toEqual(['/', '/net/0', '/net/1', '/data']);
    const document = hostDocument({ filesystems: section(filesystems(root, ...gone)) });
    expect(text(render(DisksPanel, { document }).container)).toContain('18 more do not answer');
  });

  it('are in memory, or read-only, only when there is something to say', () => {
    const shm = (used: number) => filesystem('/dev/shm', used, { medium: 'memory' });
    const image = filesystem('/image', 100, { read_only: true });
    expect(places(root, shm(1), image)).toEqual(['/']);
    expect(places(root, shm(90))).toEqual(['/', '/dev/shm']);
    expect(levelOfRow(image, limits)).toBe('normal');
  });

  it('are judged by space and by index nodes', () => {
    const crowded = filesystem('/mail', 10, { inodes: { total: 100, used: 96, free: 4, used_percent: 96 } });
    expect(levelOfRow(crowded, limits)).toBe('critical');
    expect(places(filesystem('/half', 50), crowded)).toEqual(['/mail', '/half']);
  });
});

describe('DisksPanel', () => {
  const panel = (changes: Partial<HostDocument>) =>
    render(DisksPanel, { document: hostDocument({ disks: section(disks(disk('sda'))), ...changes }) })
      .container;

  it('shows each place with its use, its level and the pressure', () => {
    const container = panel({
      filesystems: section(filesystems(root, boot, filesystem('/data', 93), filesystem('/home', 96))),
    });
    const lines = [...container.querySelectorAll('li')].map(text);
    expect(lines).toHaveLength(4);
    expect(lines[0]).toBe('/ 420 GiB / 1.0 TiB 41 %');
    expect(lines[2]).toContain('critical 96 %');
    expect(lines[3]).toContain('high 93 %');
    expect(text(container)).toContain('1.1 % · 0.5 % · 5.0 %');
    expect(screen.getAllByTitle('not supported by this machine or kernel')).toHaveLength(1);
    expect(screen.getByRole('img', { name: /^\/, Used 41.%, high from 85.%/ })).toBeInTheDocument();
    expect(screen.getByRole('link', { name: 'Storage' })).toHaveAttribute('href', '/?tab=storage');
  });

  it('says that a place does not answer, since when, and keeps its last value', () => {
    const container = panel({ filesystems: section(filesystems(root, stuck('/mnt'))) });
    const line = container.querySelectorAll('li')[1] as HTMLElement;
    expect(text(line)).toBe('/mnt not answering, 7 min 71 %');
    expect(line).toHaveClass('old');
    expect(within(line).getByTitle('not answering, 7 min · values 8 min old')).toBeInTheDocument();
  });

  it('counts what it has no room for', () => {
    const many = Array.from({ length: 9 }, (_, at) => filesystem(`/d${String(at)}`, 50));
    panel({ filesystems: section({ ...filesystems(...many), left_out: 2 }) });
    expect(screen.getByRole('link', { name: '5 more filesystems' })).toBeInTheDocument();
  });

  it('never shows a number where there is none', () => {
    const container = panel({
      filesystems: section({ absent: 'read_failed' } as never),
      disks: section({ absent: 'measuring' } as never),
    });
    expect(text(container)).toContain('reading failed');
    expect(text(container)).not.toMatch(/\d %/);
  });

  it('greys only the part that is old', () => {
    const container = panel({
      filesystems: section(filesystems(root), { taken_at_ms: NOW - 42_000 }),
    });
    expect(text(container)).toContain('stale 42 s');
    expect(container.querySelectorAll('div.old')).toHaveLength(1);
    expect(container.querySelector('div.old')).toHaveTextContent('/');
  });
});

const grid = (name: string) => screen.getByLabelText(name, { selector: '[role=grid]' });
const rowsOf = (name: string) => within(grid(name)).getAllByRole('row').slice(1);
const cells = (row: HTMLElement | undefined) => (row ? within(row).getAllByRole('gridcell').map(text) : []);

describe('FilesystemTable', () => {
  const table = (...rows: Filesystem[]) =>
    render(FilesystemTable, { section: section(filesystems(...rows)) });

  it('shows system, boot and others in this order, with all numbers', () => {
    table(filesystem('/data', 93), boot, root, filesystem('/a', 1));
    expect(rowsOf('Filesystems').map((row) => cells(row)[1])).toEqual(['System', 'Boot', 'Others', 'Others']);
    expect(cells(rowsOf('Filesystems')[0])).toEqual([
      '/',
      'System',
      '/dev/sda2',
      'ext4',
      'local',
      '41 %',
      '1.0 TiB',
      '420 GiB',
      '604 GiB',
      '4 %',
      'answering',
    ]);
    expect(cells(rowsOf('Filesystems')[3])[5]).toBe('93 % high');
  });

  it('says why there is no number', () => {
    table(boot, forbidden('/secret'));
    const [efi, secret] = rowsOf('Filesystems');
    expect(cells(efi)[9]).toBe('–not supported by this machine or kernel');
    expect(cells(secret)[6]).toBe('–');
    expect(cells(secret)[10]).toBe('no permission to read it');
    expect(within(secret as HTMLElement).getAllByTitle(/no permission to read it/).length).toBeGreaterThan(3);
    expect(text(secret as HTMLElement)).not.toContain('0 %');
  });

  it('greys a row that does not answer and says how old it is', () => {
    table(root, stuck('/mnt'));
    const [first, second] = rowsOf('Filesystems');
    expect(first).not.toHaveClass('old');
    expect(second).toHaveClass('old');
    expect(cells(second)[10]).toBe('not answering, 7 min · values 8 min old');
    expect(cells(second)[5]).toBe('71 %');
  });

  it('opens all that is known of a row, with all its mount points', async () => {
    const user = userEvent.setup();
    HTMLDialogElement.prototype.showModal = vi.fn(function (this: HTMLDialogElement) {
      this.open = true;
    });
    table(
      filesystem('/data', 50, {
        mount_points: ['/data', '/srv/data'],
        more_mount_points: 3,
        read_only: true,
      }),
    );
    expect(cells(rowsOf('Filesystems')[0])[0]).toContain('read-only');
    await user.click(screen.getByRole('button', { name: '4 more mount points' }));
    const dialog = screen.getByRole('dialog');
    expect(within(dialog).getByText('/srv/data')).toBeInTheDocument();
    expect(within(dialog).getByText('3 more mount points')).toBeInTheDocument();
    expect(text(dialog)).toContain('Inodes used 40');
  });

  it('tells what has no row, and that there is none', async () => {
    const { rerender } = render(FilesystemTable, { section: section({ rows: [root], left_out: 7 }) });
    expect(screen.getByText('7 more filesystems have no row here.')).toBeInTheDocument();
    await rerender({ section: section(filesystems()) });
    expect(screen.getByText('No filesystem that holds files is mounted.')).toBeInTheDocument();
    await rerender({ section: section({ absent: 'read_failed' } as never) });
    expect(screen.getByText('Filesystems cannot be read: reading failed.')).toBeInTheDocument();
  });

  it('draws a window of many rows', () => {
    table(...Array.from({ length: 512 }, (_, at) => filesystem(`/d${String(at)}`, 50)));
    expect(grid('Filesystems')).toHaveAttribute('aria-rowcount', '513');
    expect(rowsOf('Filesystems').length).toBeLessThan(60);
  });

  it('speaks Chinese', async () => {
    await setLanguage('zh-CN');
    table(root, stuck('/mnt'));
    expect(cells(rowsOf('文件系统')[0])[1]).toBe('系统');
    expect(cells(rowsOf('文件系统')[1])[10]).toBe('无响应 7 分钟 · 数值距今 8 分钟');
  });
});

describe('the filter of filesystems', () => {
  const rows = [
    root,
    boot,
    filesystem('/data', 93),
    stuck('/mnt'),
    filesystem('/iso', 100, { read_only: true }),
  ];
  it.each([
    ['data', ['/data']],
    ['type:nfs', ['/mnt']],
    ['role:boot', ['/boot/efi']],
    ['use:>85', ['/data', '/iso']],
    ['use:>85%', ['/data', '/iso']],
    ['free:<100G', ['/data', '/iso']],
    ['state:stuck', ['/mnt']],
    ['state:ro', ['/iso']],
    ['inodes:>3 medium:local mount:/d', ['/data']],
  ])('%s', (query, expected) => {
    const test = filesystemFilter(query);
    expect(rows.filter((row) => test?.(row)).map(({ key }) => key)).toEqual(expected);
  });
});

describe('DiskTable', () => {
  it('shows what each device does, and a dash with its reason where nothing is known', () => {
    const quiet = disk('sdb', { activity: { absent: 'measuring' }, rotational: true });
    const mapped = disk('vg0-home', { kind: 'mapped', model: { absent: 'not_supported' }, rotational: { absent: 'not_supported' } }); // prettier-ignore
    render(DiskTable, { section: section(disks(mapped, disk('sda'), quiet)) });
    const [first, second, third] = rowsOf('Disks');
    expect(cells(first)).toEqual([
      'sda',
      'SSD',
      'SAMSUNG MZQL2',
      '1.0 TiB',
      '571 MB/s',
      '0 B/s',
      '21 %',
      '4,355',
      '0',
      '0.2 ms',
      '–',
      '1.1',
      '5.0 TiB',
      '2.0 TiB',
    ]);
    expect(
      within(first as HTMLElement).getByTitle('None finished since the last sample'),
    ).toBeInTheDocument();
    expect(cells(second)[1]).toBe('hard disk');
    expect(within(second as HTMLElement).getAllByTitle(/measuring/).length).toBeGreaterThan(5);
    expect(cells(third).slice(0, 3)).toEqual(['vg0-home', 'mapped', '–']);
  });

  it('filters by name, kind and what is going on', async () => {
    const user = userEvent.setup();
    render(DiskTable, {
      section: section(disks(disk('nvme0n1'), disk('sdb', { activity: { absent: 'gone' } }))),
    });
    await user.type(screen.getByRole('searchbox'), 'busy:>20 kind:ssd');
    expect(rowsOf('Disks').map((row) => row.dataset['key'])).toEqual(['nvme0n1']);
  });
});

describe('RaidPanel', () => {
  const panel = (...arrays: Parameters<typeof array>[]) =>
    text(render(RaidPanel, { section: section({ arrays: arrays.map((each) => array(...each)) }) }).container);

  it('says how an array is and who is in it', () => {
    const words = panel(
      ['md0'],
      [
        'md1',
        {
          state: 'degraded',
          devices_working: 1,
          members: [
            { device: 'sdc1', state: 'active' },
            { device: 'sdd1', state: 'failed' },
            { device: 'sde1', state: 'spare' },
          ],
        },
      ],
    );
    expect(words).toContain('md0 raid1 · 1.0 TiB · 2 of 2 members work clean');
    expect(words).toContain('1 of 2 members work degraded');
    expect(words).toContain('sdd1 failed');
    expect(words).toContain('sde1 spare');
  });

  it('says how far a rebuild is, and that one waits', () => {
    const action = {
      kind: 'recovery',
      done_percent: 42,
      speed_bytes_per_second: 182e6,
      remaining_seconds: 7300,
    };
    expect(panel(['md0', { state: 'recovering', action }])).toContain('rebuild 42 % · 182 MB/s · 2 h left');
    const waiting = { absent: 'measuring' as const };
    const words = panel([
      'md1',
      {
        action: {
          kind: 'check',
          done_percent: waiting,
          speed_bytes_per_second: waiting,
          remaining_seconds: waiting,
        },
      },
    ]);
    expect(words).toContain('check waits its turn');
    expect(words).not.toContain('0 %');
  });
});

describe('ZfsPanel', () => {
  it('shows pools and the cache, and what it does not know', () => {
    const cache = { size_bytes: TIB / 1024, target_bytes: TIB / 512, limit_bytes: TIB / 16, hits_total: 97, misses_total: 3 }; // prettier-ignore
    const pools = [pool('tank'), pool('old', { state: { absent: 'not_supported' }, space: { absent: 'not_supported' } })]; // prettier-ignore
    const { container } = render(ZfsPanel, { section: section({ pools, cache }) });
    expect(text(container)).toContain('tank 2.0 / 4.0 TiB online 50 %');
    expect(text(container)).toContain('read 1.0 MB/s –measuring');
    expect(text(container)).toContain('old not supported by this machine or kernel');
    expect(text(container)).toContain('aims at 2.0 GiB, at most 64.0 GiB');
    expect(text(container)).toContain('Hit rate 97 %');
  });
});

describe('MemoryNodes', () => {
  const node = (key: string) => ({
    key,
    cpus: key === '0' ? '0-31' : '',
    total_bytes: TIB,
    free_bytes: TIB / 10,
    used_percent: 90,
    misses_per_second: { absent: 'measuring' as const },
    distances: [10, 32],
  });

  it('are a table where there are several', () => {
    const huge_pages = { page_bytes: 2 * 1024 ** 2, total: 512, free: 128, reserved: 64 };
    const { container } = render(MemoryNodes, {
      document: hostDocument({
        numa: section({ nodes: [node('0'), node('1')] }),
        memory: section({ ...memory, huge_pages }),
      }),
    });
    expect(text(screen.getByRole('row', { name: /^0 / }))).toContain('0-31 90 % 102 GiB–measuring');
    expect(text(screen.getByRole('row', { name: /^1 / }))).toContain('none');
    expect(text(container)).toContain('1.0 GiB 384 of 512 used, 64 promised · 2.0 MiB each');
  });

  it('are not spoken of where there is one', () => {
    const { container } = render(MemoryNodes, {
      document: hostDocument({ numa: section({ nodes: [node('0')] }) }),
    });
    expect(screen.queryByRole('table')).toBeNull();
    expect(text(container)).toContain('Huge pages none set aside');
  });
});

describe('StorageTab', () => {
  const tab = (changes: Partial<HostDocument>) =>
    render(StorageTab, { host: 'gpu-1', document: hostDocument(changes) }).container;
  const gone = (reason: string) => section({ absent: reason } as never);
  const some = {
    filesystems: section(filesystems(root)),
    disks: section(disks(disk('sda'))),
    raid: gone('not_supported'),
    zfs: gone('not_installed'),
  };

  it('waits for all its parts, but not for ever', async () => {
    vi.useFakeTimers();
    tab({ ...some, raid: gone('not_collected') });
    expect(screen.queryByRole('heading', { name: 'Filesystems' })).toBeNull();
    await vi.advanceTimersByTimeAsync(3000);
    expect(screen.getByRole('heading', { name: 'Filesystems' })).toBeInTheDocument();
    vi.useRealTimers();
  });

  it('has no place for what the machine does not have', () => {
    tab(some);
    expect(screen.queryByRole('region', { name: 'RAID arrays' })).toBeNull();
    expect(screen.queryByRole('region', { name: 'ZFS pools' })).toBeNull();
    expect(screen.getByRole('region', { name: 'Disk traffic' })).toBeInTheDocument();
  });

  it('says why something that may be there cannot be shown', () => {
    tab({
      ...some,
      raid: gone('permission_denied'),
      zfs: section({ pools: [], cache: { absent: 'gone' } } as never),
    });
    expect(screen.getByRole('region', { name: 'RAID arrays' })).toHaveTextContent('no permission to read it');
    expect(screen.queryByRole('region', { name: 'ZFS pools' })).toBeNull();
  });

  it('keeps the sorts and filters of both tables apart, in the address', async () => {
    const user = userEvent.setup();
    tab(some);
    await user.type(screen.getByRole('searchbox', { name: 'Disks' }), 'sda');
    await user.click(within(grid('Filesystems')).getByRole('button', { name: 'Size' }));
    expect(location.search).toBe('?diskq=sda&sort=size&dir=desc');
  });
});
