import { render, screen, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { OverviewDocument } from '../src/lib/api/api';
import { setLanguage } from '../src/lib/i18n/index.svelte';
import { live } from '../src/lib/live/live';
import { me } from '../src/lib/me.svelte';
import { freezeAges } from '../src/lib/model/time.svelte';
import { startRouter } from '../src/lib/router.svelte';
import Gpus from '../src/pages/Gpus/Gpus.svelte';
import HostStatus from '../src/pages/Host/HostStatus.svelte';
import Users from '../src/pages/Users/Users.svelte';
import { hostStatus, NOW } from './documents';
import { hello } from './hello';
import { madeHost } from './support/made-hosts';

const MINUTE = 60_000;
const plain = (element: Element): string => element.textContent.replace(/[\s\u00a0]+/g, ' ').trim();
let stop: (() => void) | undefined;

function shows(document: OverviewDocument | null, refused: 'forbidden' | null = null): void {
  vi.spyOn(live, 'view').mockReturnValue({ document, serverTimeMs: NOW, refused, gone: false } as never);
  vi.spyOn(live, 'acquire').mockReturnValue(() => undefined);
}

function at(path: string): void {
  window.history.replaceState(null, '', path);
  stop = startRouter();
}

const cluster = (guest = false): OverviewDocument => ({
  groups: [],
  hosts: [
    madeHost({
      key: 'gpu-1',
      now: NOW,
      guest,
      cards: [
        { idleMinutes: 5 },
        { idleMinutes: 9 },
        { state: 'held', idleMinutes: 20, users: guest ? [] : [{ user: '<b>eve</b>' }] },
      ],
    }),
  ],
});

beforeEach(async () => {
  await setLanguage('en');
  freezeAges(NOW);
  live.hello = hello({ host: null });
});
afterEach(() => {
  stop?.();
  live.hello = null;
  me.reset();
});

describe('the finder', () => {
  it('offers what fits, and says what is idle for how long', () => {
    at('/gpus?n=2');
    shows(cluster());
    render(Gpus);
    const region = screen.getByRole('region', { name: 'Find free GPUs' });
    const row = within(region).getByRole('row', { name: /gpu-1/ });
    expect(plain(row)).toContain('CUDA_VISIBLE_DEVICES=0,1');
    expect(plain(row)).toContain('ssh gpu-1.example');
    expect(plain(row)).toContain('5 min');
    expect(plain(region)).toContain('1 host fits');
  });

  it('says what comes closest, and asks for that on demand', async () => {
    at('/gpus?n=3');
    shows(cluster());
    render(Gpus);
    const region = screen.getByRole('region', { name: 'Find free GPUs' });
    expect(plain(region)).toContain('The most that one host has free is 2 of A100-SXM4-80GB, on gpu-1');
    await userEvent.click(within(region).getByRole('button', { name: 'Ask for 2' }));
    expect(location.search).toBe('?n=2');
    expect(plain(region)).toContain('1 host fits');
  });

  it('takes nonsense in the address for what is usual', () => {
    at('/gpus?n=-4&mem=x&sort=nonsense');
    shows(cluster());
    render(Gpus);
    expect(screen.getByLabelText('Number of GPUs')).toHaveValue(1);
    expect(plain(screen.getByRole('region', { name: 'Find free GPUs' }))).toContain('1 host fits');
  });

  it('says so where there is no card at all, or no access', () => {
    at('/gpus');
    shows({ groups: [], hosts: [madeHost({ key: 'cpu-1' })] });
    const { unmount } = render(Gpus);
    expect(screen.getByRole('heading', { name: 'No host has a GPU.' })).toBeVisible();
    unmount();
    shows(null, 'forbidden');
    render(Gpus);
    expect(screen.getByRole('heading', { level: 1, name: 'No access' })).toBeVisible();
  });

  it('has no column of people for guests', () => {
    at('/gpus');
    live.hello = hello({ host: null, role: 'guest' });
    shows(cluster(true));
    render(Gpus);
    expect(screen.queryByRole('columnheader', { name: 'Users' })).toBeNull();
  });
});

describe('the page of a user', () => {
  it('has the cards held, those held idle marked; a name is text', () => {
    at(`/users/${encodeURIComponent('<b>eve</b>')}`);
    shows(cluster());
    render(Users);
    expect(screen.getByRole('heading', { level: 1 })).toHaveTextContent('<b>eve</b>');
    expect(plain(screen.getByRole('row', { name: /gpu-1/ }))).toContain('held idle · idle 20 min');
    expect(document.querySelector('main b, h1 b')).toBeNull();
  });

  it('says that somebody is on no card', () => {
    at('/users/mallory');
    shows(cluster());
    render(Users);
    expect(screen.getByRole('heading', { level: 1 })).toHaveTextContent('“mallory” is on no GPU now');
  });

  it('is remembered as the viewer’s own, who then stands on top of all', async () => {
    at(`/users/${encodeURIComponent('<b>eve</b>')}`);
    shows(cluster());
    const { unmount } = render(Users);
    await userEvent.click(screen.getByRole('button', { name: 'This is me' }));
    expect(localStorage.getItem('sm.me')).toBe(JSON.stringify('<b>eve</b>'));
    unmount();
    stop?.();
    at('/users');
    render(Users);
    expect(plain(screen.getByRole('region', { name: 'Mine' }))).toContain('gpu-1');
  });

  it('is not for guests', () => {
    at('/users/alice');
    live.hello = hello({ host: null, role: 'guest' });
    shows(cluster(true));
    render(Users);
    expect(screen.getByRole('heading', { level: 1 })).toHaveTextContent('Guests do not see');
  });
});

describe('how a host is reached', () => {
  const banner = (changes: Parameters<typeof hostStatus>[0]) =>
    render(HostStatus, { status: hostStatus({ state_since_ms: NOW - 3 * MINUTE, ...changes }) });

  it('is told in words: since when, why, what to do', () => {
    const { container } = banner({
      state: 'down',
      trouble: { kind: 'http_status', since_ms: NOW - 4 * MINUTE, detail: '<i>502</i>' },
    });
    const text = plain(container);
    expect(text).toContain('Down for 3 min');
    expect(text).toContain('it answered with an error (<i>502</i>), for 4 min');
    expect(text).toContain('What to do: Look at the log of smonitor there');
    expect(container.querySelector('i')).toBeNull();
  });

  it('says how far the clock is off, ahead and behind', () => {
    expect(plain(banner({ clock_ahead_ms: 185_000 }).container)).toContain('Its clock is 3 min ahead');
    expect(plain(banner({ clock_ahead_ms: -8000 }).container)).toContain('Its clock is 8 s behind');
  });

  it('says why a host is in maintenance, and nothing while all is well', () => {
    expect(plain(banner({ state: 'maintenance', maintenance: 'new fans' }).container)).toContain('new fans');
    expect(plain(banner({}).container)).toBe('');
  });
});
