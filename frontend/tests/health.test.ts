import { render, screen, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { tick } from 'svelte';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClockSync, HostDocument, SourceFinding, SourceHealth, Units } from '../src/lib/api/api';
import { setLanguage } from '../src/lib/i18n/index.svelte';
import { live } from '../src/lib/live/live';
import { freezeAges } from '../src/lib/model/time.svelte';
import { navigate } from '../src/lib/router.svelte';
import HealthTab from '../src/pages/Host/HealthTab.svelte';
import { command } from '../src/panels/sources/health';
import HealthChips from '../src/panels/system/HealthChips.svelte';
import { NOW, hostDocument, section, source } from './documents';
import { hello } from './hello';

const text = (element: Element) => element.textContent.replace(/[\s\u00a0]+/g, ' ').trim();

const ill = (name: string, changes: Partial<SourceHealth>): SourceHealth => ({ ...source(name), ...changes });
const stuck = ill('filesystems', {
  state: 'stuck',
  problem: { reason: 'not_responding', since_ms: NOW - 120_000 },
  remedy: 'repair_or_unmount',
});
const finding = (what: string, changes: Partial<SourceFinding> = {}): SourceFinding => ({
  what,
  problem: { reason: 'not_responding', since_ms: NOW - 660_000 },
  remedy: 'repair_or_unmount',
  ...changes,
});

const clock = (changes: Partial<ClockSync> = {}): ClockSync => ({
  synchronised: true,
  offset_seconds: -0.0004,
  estimated_error_seconds: 0.012,
  maximum_error_seconds: 1.25,
  ...changes,
});

const units: Units = {
  failed: [
    {
      key: 'nfs-server.service',
      description: 'NFS server',
      sub_state: 'failed',
      since_ms: NOW - 7_200_000,
    },
  ],
  left_out: 0,
};

const tab = (changes: Partial<HostDocument>) =>
  render(HealthTab, { host: 'gpu-1', document: hostDocument(changes) });
const troubles = () =>
  within(screen.getByRole('region', { name: 'Stuck, failing or limited' }))
    .queryAllByRole('listitem')
    .map(text);

beforeEach(async () => {
  await setLanguage('en');
  freezeAges(NOW);
  live.hello = hello({ role: 'member' });
  navigate('/host/gpu-1?tab=processes&sort=user', { replace: true });
});
afterEach(async () => {
  live.hello = null;
  await setLanguage('en');
});

describe('HealthChips', () => {
  const chips = (changes: Partial<HostDocument>) =>
    render(HealthChips, { document: hostDocument(changes) }).container;

  it('say nothing while all is well, nor that a machine lacks something', () => {
    const sources = [source('cpu'), ill('zfs', { state: 'not_there' }), ill('raid', { state: 'waiting' })];
    const none = section({ failed: [], left_out: 0 });
    expect(text(chips({ sources, clock: section(clock()), units: none }))).toBe('');
  });

  it('tell what is stuck from what is only limited, and lead to the view', () => {
    const sources = [stuck, ill('sensors', { state: 'forbidden' }), ill('processes', { state: 'partial' })];
    chips({ sources });
    expect(screen.getByRole('link', { name: '1 source stuck or failing' })).toHaveClass('severe');
    const limited = screen.getByRole('link', { name: '2 sources limited' });
    expect(limited).toHaveAttribute('href', '/host/gpu-1?tab=health');
    expect(limited).not.toHaveClass('severe');
  });

  it('count failed services, and name a clock that nobody keeps', () => {
    chips({ units: section({ ...units, left_out: 2 }), clock: section(clock({ synchronised: false })) });
    expect(screen.getByRole('link', { name: '3 failed services' })).toBeInTheDocument();
    expect(screen.getByRole('link', { name: 'clock not in sync' })).toBeInTheDocument();
  });
});

describe('HealthTab', () => {
  it('says that all is well', () => {
    tab({});
    expect(screen.getByText('Everything smonitor reads here is well.')).toBeInTheDocument();
    expect(troubles()).toEqual([]);
  });

  it('has the worst first, and says since when, why and what to do', () => {
    tab({ sources: [source('cpu'), ill('sensors', { state: 'slow' }), stuck] });
    const [first, second] = troubles();
    expect(first).toMatch(/^stuck Filesystems filesystems for 2 min/);
    expect(first).toContain('not responding: stuck in the kernel or a driver');
    expect(first).toContain('Bring the server or program behind the mount back');
    expect(second).toMatch(/^slow Sensors sensors ?It takes 12 ms of its interval of 1\.0 s/);
    const names = screen.getAllByRole('row').map((row) => row.querySelector('code')?.textContent);
    expect(names).toEqual([undefined, 'filesystems', 'sensors', 'cpu']);
  });

  it('lists what is missing with the command for it', () => {
    tab({
      sources: [
        ill('filesystems', { state: 'partial', findings: [finding('/mnt/old data'), finding('/srv/x')] }),
      ],
    });
    expect(screen.getByText("sudo umount -l '/mnt/old data'")).toBeInTheDocument();
    expect(screen.getByText("sudo umount -l '/srv/x'")).toBeInTheDocument();
    expect(troubles()[1]).toContain('for 11 min');
  });

  it('says the same remedy once, and shows many findings on demand', async () => {
    const findings = Array.from({ length: 20 }, (_, at) =>
      finding(`/proc/${String(at)}/io`, {
        remedy: 'grant_ptrace',
        problem: { reason: 'permission_denied', since_ms: NOW },
      }),
    );
    tab({ sources: [ill('processes', { state: 'partial', findings })] });
    expect(screen.getAllByText(/other users’ processes/)).toHaveLength(1);
    expect(troubles()).toHaveLength(7);
    await userEvent.click(screen.getByRole('button', { name: 'All 20' }));
    expect(troubles()).toHaveLength(21);
  });

  it('tells guests the state only', async () => {
    live.hello = hello({ role: 'guest' });
    tab({ sources: [stuck] });
    await tick();
    expect(troubles()[0]).toContain('What exactly is missing is shown to members only.');
    expect(screen.queryByText(/^sudo/)).toBeNull();
  });

  it('shows how long each takes of its interval', () => {
    tab({});
    const row = [...screen.getByRole('row', { name: /^CPU/ }).querySelectorAll('td')].map(text);
    expect(row).toEqual(['well', '12 ms', '1.2 %', '1 s', '1 s ago', '10', '0', '0']);
  });

  it('knows sources that this page has no name for', () => {
    tab({ sources: [source('constructor')] });
    expect(screen.getByRole('row', { name: /constructor/ })).toBeInTheDocument();
  });

  it('tells how far the clock may be off, and when nobody keeps it', () => {
    const good = tab({ clock: section(clock()) });
    expect(text(good.container)).toMatch(/Offset ?−400 µs/);
    expect(text(good.container)).toContain('kept right by a time service');
    good.unmount();
    const unknown = { absent: 'not_supported' as const };
    const bad = clock({
      synchronised: false,
      estimated_error_seconds: unknown,
      maximum_error_seconds: unknown,
    });
    tab({ clock: section(bad) });
    expect(screen.getByText('not synchronised')).toHaveClass('bad');
    expect(screen.getByText(/No time service/)).toBeInTheDocument();
  });

  it('lists failed services, says that there are none, and why it cannot know', () => {
    const some = tab({ units: section(units) });
    const row = screen.getByRole('row', { name: /nfs-server/ });
    expect(text(row)).toMatch(/^nfs-server\.service ?failed ?2 h ago · .* ?NFS server$/);
    some.unmount();
    const none = tab({ units: section({ failed: [], left_out: 0 }) });
    expect(screen.getByText('No unit of systemd has failed.')).toBeInTheDocument();
    none.unmount();
    tab({ units: { ...section(units), value: { absent: 'not_installed' } } });
    expect(screen.getByText('systemd does not run on this machine.')).toBeInTheDocument();
  });

  it('greys what is old, and speaks Chinese', async () => {
    await setLanguage('zh-CN');
    const { container } = tab({
      units: section(units, { taken_at_ms: NOW - 42_000 }),
      sources: [stuck],
    });
    expect(container.querySelector('.old')).toHaveTextContent('nfs-server.service');
    expect(text(container)).toContain('卡住');
  });
});

describe('command', () => {
  it('quotes what it names, whatever that is', () => {
    expect(command('repair_or_unmount', "/mnt/a'; reboot; '")).toBe(
      String.raw`sudo umount -l '/mnt/a'\''; reboot; '\'''`,
    );
  });

  it.each(['mnt', '/mnt/a\nreboot', '/mnt/\u202etxt', null])('names no %j to paste', (what) => {
    expect(command('repair_or_unmount', what)).toBeNull();
  });
});
