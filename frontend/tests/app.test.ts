// The whole page against a server that is a test: what happens at the edges of a session.
import { render, screen } from '@testing-library/svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import App from '../src/App.svelte';
// Read before the clock is stopped: what is fetched later is there at once then.
import '../src/pages/Home/Home.svelte';
import '../src/pages/Host/Host.svelte';
import '../src/pages/Login/Login.svelte';
import { setLanguage } from '../src/lib/i18n/index.svelte';
import { live } from '../src/lib/live/live';
import { route } from '../src/lib/router.svelte';
import { hostDocument, section } from './documents';
import { FakeSocket, useFakeSocket } from './fake-socket';
import { hello } from './hello';

const answer = vi.fn<typeof fetch>();
const wait = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);
const session = (role: string | null) => new Response(JSON.stringify({ role, signed_in: role !== null }));

beforeEach(async () => {
  vi.useFakeTimers();
  useFakeSocket();
  vi.stubGlobal('fetch', answer);
  answer.mockReset();
  answer.mockImplementation(() => Promise.resolve(session('member')));
  await setLanguage('en');
  live.hello = null;
  live.newestMs = null;
  history.replaceState(null, '', '/');
});

afterEach(() => {
  live.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function openLive(): Promise<void> {
  render(App);
  await wait(0);
  FakeSocket.last.open();
  await FakeSocket.last.say({ type: 'hello', ...hello({ host: 'gpu-1', server_time_ms: Date.now() }) });
  await wait(50);
  const data = hostDocument();
  data.cpu = section(data.cpu.value as never, { taken_at_ms: Date.now() });
  await FakeSocket.last.say({ type: 'full', topic: 'host/gpu-1', seq: 1, server_time_ms: Date.now(), data });
  await wait(50);
}

describe('App', () => {
  it('shows the only host at the start address', async () => {
    await openLive();
    expect(screen.getByRole('heading', { level: 1 })).toHaveTextContent('gpu-1');
    expect(screen.getByRole('region', { name: 'CPU' })).toHaveTextContent('38');
    expect(screen.getByRole('status')).toHaveTextContent('Live');
    expect(document.title).toBe('gpu-1 · smonitor');
  });

  it('keeps the data when the connection is lost, says so once, and marks the title', async () => {
    await openLive();
    FakeSocket.last.drop();
    await wait(3100);
    expect(screen.getByRole('status')).toHaveTextContent('Reconnecting…');
    expect(document.querySelector('header')).toHaveTextContent(/Reconnecting… since \d\d:\d\d:\d\d/);
    expect(screen.getByRole('alert')).toHaveTextContent('Disconnected');
    expect(screen.getByText(/Disconnected – showing data from/)).toBeInTheDocument();
    expect(screen.getByRole('region', { name: 'CPU' })).toHaveTextContent('38');
    expect(document.title).toBe('⚠ gpu-1 · smonitor');
  });

  it('has no words for a restart of under a second', async () => {
    await openLive();
    const said = vi.fn();
    const watch = new MutationObserver(said);
    watch.observe(screen.getByRole('status'), { subtree: true, characterData: true, childList: true });
    FakeSocket.last.drop(1012);
    await wait(900);
    expect(screen.getByRole('main')).not.toHaveClass('lost');
    FakeSocket.last.open();
    await FakeSocket.last.say({ type: 'hello', ...hello({ host: 'gpu-1' }) });
    await wait(2000);
    watch.disconnect();
    expect(said).not.toHaveBeenCalled();
    expect(screen.getByRole('status')).toHaveTextContent('Live');
  });

  it('says after a second that it reconnects, and greys what it shows', async () => {
    await openLive();
    FakeSocket.last.drop();
    await wait(1050);
    expect(screen.getByRole('status')).toHaveTextContent('Reconnecting…');
    expect(screen.getByRole('main')).toHaveClass('lost');
    expect(screen.queryByText(/showing data from/)).toBeNull();
  });

  it('says so at once after a silence, which was long enough', async () => {
    await openLive();
    FakeSocket.answers = false;
    await wait(3600);
    expect(screen.getByRole('status')).toHaveTextContent('Reconnecting…');
  });

  it('says that nothing comes any more', async () => {
    await openLive();
    await wait(7000);
    expect(screen.getByRole('status')).toHaveTextContent('No data');
    expect(screen.getByText(/^No data for/)).toBeInTheDocument();
  });

  it('leads to the login when the session ended, once, and remembers the way back', async () => {
    await openLive();
    const stop = vi.spyOn(live, 'stop');
    FakeSocket.last.drop(4401);
    await wait(100);
    expect(route()).toEqual({ page: 'login' });
    expect(location.search).toBe('?next=%2F');
    expect(stop).toHaveBeenCalledOnce();
  });

  it('leads to the login when the upgrade is refused to a stranger', async () => {
    answer.mockImplementation(() => Promise.resolve(session(null)));
    history.replaceState(null, '', '/host/gpu-1?tab=processes');
    render(App);
    await wait(0);
    FakeSocket.last.drop();
    await wait(100);
    expect(route()).toEqual({ page: 'login' });
    await wait(60_000);
    expect(FakeSocket.all).toHaveLength(1);
  });

  it('stays and tries again when the refusal has another reason', async () => {
    render(App);
    await wait(0);
    FakeSocket.last.drop();
    await vi.waitFor(() => expect(FakeSocket.all.length).toBeGreaterThan(1), { timeout: 20_000 });
    expect(route()).toEqual({ page: 'home' });
  });

  it('explains a closed door', async () => {
    await openLive();
    FakeSocket.last.drop(4403);
    await wait(100);
    expect(screen.getByRole('status')).toHaveTextContent('No access');
    expect(screen.getByRole('alert')).toHaveTextContent('does not let you see');
  });

  it.each([
    ['admin', true],
    ['member', false],
    ['guest', false],
  ] as const)('offers the page "Server" to admins only: %s', async (role, offered) => {
    render(App);
    await wait(0);
    FakeSocket.last.open();
    await FakeSocket.last.say({ type: 'hello', ...hello({ host: 'gpu-1', role }) });
    await wait(50);
    expect(screen.queryByRole('link', { name: 'Server' }) !== null).toBe(offered);
    window.dispatchEvent(new KeyboardEvent('keydown', { key: 'a', cancelable: true }));
    expect(route().page).toBe(offered ? 'server' : 'home');
  });

  it('shows guests no processes', async () => {
    render(App);
    await wait(0);
    FakeSocket.last.open();
    await FakeSocket.last.say({ type: 'hello', ...hello({ host: 'gpu-1', role: 'guest' }) });
    await wait(50);
    expect(screen.queryByRole('link', { name: /^Processes/ })).toBeNull();
    expect(FakeSocket.last.sent.map((each) => each.topic)).toEqual(['host/gpu-1']);
  });
});
