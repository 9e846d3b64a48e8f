import { cleanup, render, screen, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ServerBody } from '../src/lib/api/api';
import { setLanguage, withTexts } from '../src/lib/i18n/index.svelte';
import { live } from '../src/lib/live/live';
import { freezeAges } from '../src/lib/model/time.svelte';
import { navigate, route } from '../src/lib/router.svelte';
import Server from '../src/pages/Server/Server.svelte';
import { browserName } from '../src/panels/server/browser';
import RestartsNote from '../src/panels/server/RestartsNote.svelte';
import { NOW } from './documents';
import { hello } from './hello';
import { FIREFOX, restart, serverBody, viewer } from './server-body';

const HOUR = 3_600_000;
const text = (element: Element) => element.textContent.replace(/[\s\u00a0]+/g, ' ').trim();
const answer = vi.fn<typeof fetch>();
const json = (body: unknown, status = 200) => Promise.resolve(new Response(JSON.stringify(body), { status }));
const refusal = (code: string, status: number) => json({ error: { code, message: 'no' } }, status);

async function open(body: Partial<ServerBody> = {}): Promise<void> {
  answer.mockImplementation(() => json(serverBody(body)));
  render(Server);
  await screen.findByRole('region', { name: 'This server' });
}
const region = (name: string) => screen.getByRole('region', { name });
const cells = (row: Element) => [...row.querySelectorAll('th, td, [role=gridcell]')].map(text).join(' | ');
const rows = (name: string) => within(region(name)).getAllByRole('row').slice(1).map(cells);

beforeEach(async () => {
  await setLanguage('en');
  vi.stubGlobal('fetch', answer);
  answer.mockReset();
  freezeAges(NOW);
  live.hello = hello({ role: 'admin' });
  navigate('/server', { replace: true });
});
afterEach(async () => {
  cleanup();
  freezeAges(null);
  live.hello = null;
  live.roundTripMs = null;
  vi.unstubAllGlobals();
  await setLanguage('en');
});

describe('the page "Server"', () => {
  it('is asked of the API, and tells what answers and since when', async () => {
    live.roundTripMs = 3.2;
    await open();
    expect(String(answer.mock.lastCall?.[0])).toBe('http://localhost/api/v1/server');
    expect(text(region('This server'))).toContain('4 min ago');
    expect(text(region('This server'))).toContain('smonitor’s manager');
    expect(text(region('This server'))).toContain('3.2 ms');
  });

  it('warns where nobody starts it again', async () => {
    await open({ restarted_by: 'nobody' });
    expect(text(region('This server'))).toContain('If it dies it stays down.');
  });

  it('tells of each guard in words, and what is left open', async () => {
    await open();
    const guards = within(region('Sandbox')).getAllByRole('listitem').map(text);
    expect(guards).toEqual([
      'Starting programs, unusual system calls prevented',
      'Writing outside of its own folder prevented in part files can still be moved',
      'Connecting to other machines not supported This kernel cannot prevent it.',
    ]);
  });

  it('lists restarts with their reasons, and counts those of a day', async () => {
    await open({
      restarts: [
        restart(),
        restart({ at_ms: NOW - 5 * HOUR, reason: 'reloaded', detail: 'SIGHUP' }),
        restart({
          at_ms: NOW - 50 * HOUR,
          reason: 'not_up',
          back_after_seconds: { absent: 'measuring' },
          version: { absent: 'measuring' },
        }),
      ],
    });
    expect(text(region('Restarts'))).toContain('2 in the last 24 hours');
    const [first, second, third] = rows('Restarts');
    expect(first).toBe(
      '5 min ago | ended by a signal | killed by signal 9 (SIGKILL) | 12 min | 410 ms | 0.4.0 | 4242',
    );
    expect(second).toContain('settings read anew');
    expect(third).toContain('did not come up');
    expect(third).toContain('–measuring');
  });

  it('shows the first ten restarts, then all', async () => {
    await open({ restarts: Array.from({ length: 12 }, (_, at) => restart({ at_ms: NOW - at * HOUR })) });
    expect(rows('Restarts')).toHaveLength(10);
    await userEvent.click(screen.getByRole('button', { name: 'All 12' }));
    expect(rows('Restarts')).toHaveLength(12);
  });

  it('knows "none" from "nobody writes them down"', async () => {
    await open();
    expect(text(region('Restarts'))).toContain('It has not been restarted.');
    cleanup();
    await open({ restarts: { absent: 'not_collected' } });
    expect(text(region('Restarts'))).toContain('leave manager.mode at “self”');
    cleanup();
    await open({ restarts: { absent: 'not_collected' }, restarted_by: 'systemd' });
    expect(text(region('Restarts'))).toContain('journalctl -u smonitor');
  });

  it('lists viewers: who, with what, since when, at what', async () => {
    await open({
      viewers: [
        viewer('1'),
        viewer('2', { user_agent: { absent: 'not_supported' }, topics: [], since_ms: NOW - 60_000 }),
      ],
      viewers_left_out: 3,
    });
    expect(rows('Viewers')).toEqual([
      '10.1.2.2 | member | – | 1 min ago | no live values now | 12 ms | 2.5 MB',
      '10.1.2.1 | member | Firefox 132 · Linux | 2 min ago | gpu-1, processes of gpu-1 | 12 ms | 2.5 MB',
    ]);
    expect(screen.getByText('Firefox 132 · Linux')).toHaveAttribute('title', FIREFOX);
    expect(text(region('Viewers'))).toContain('3 more connections are not listed.');
  });

  it('finds viewers, with the filter in the address', async () => {
    await open({ viewers: [viewer('1'), viewer('2', { role: 'guest', topics: ['overview'] })] });
    const field = within(region('Viewers')).getByRole('searchbox');
    for (const [query, found] of [
      ['role:guest', '10.1.2.2'],
      ['address:10.1.2.1', '10.1.2.1'],
      ['all hosts', '10.1.2.2'],
    ] as const) {
      await userEvent.clear(field);
      await userEvent.type(field, query);
      expect(rows('Viewers')).toEqual([expect.stringContaining(found)]);
    }
    expect(location.search).toBe('?q=all+hosts');
  });

  it('keeps what it has when the server does not answer, and calls it old', async () => {
    await open();
    answer.mockImplementation(() => Promise.reject(new TypeError('gone')));
    freezeAges(NOW + 12_000);
    document.dispatchEvent(new Event('visibilitychange'));
    await screen.findByText(/It does not answer/);
    expect(text(region('Viewers'))).toContain('stale 12 s');
    expect(rows('Viewers')).toHaveLength(1);
  });

  it('says so when there is nothing at all', async () => {
    answer.mockImplementation(() => refusal('unavailable', 503));
    render(Server);
    expect(await screen.findByText(/It answered “unavailable”/)).toBeInTheDocument();
  });

  it('takes no other answer for its own', async () => {
    answer.mockImplementation(() => json({ hello: 'I am a proxy' }));
    render(Server);
    expect(await screen.findByText(/It answered “unexpected”/)).toBeInTheDocument();
  });

  it.each(['member', 'guest'] as const)('is not for a %s, who asks nothing', (role) => {
    live.hello = hello({ role });
    render(Server);
    expect(screen.getByRole('heading', { level: 1 })).toHaveTextContent('for administrators');
    expect(answer).not.toHaveBeenCalled();
  });

  it('leads to the login when nobody is known any more', async () => {
    answer.mockImplementation(() => refusal('unauthorized', 401));
    render(Server);
    await vi.waitFor(() => expect(route()).toEqual({ page: 'login' }));
  });

  it('speaks Chinese, though its texts come late', async () => {
    await setLanguage('zh-CN');
    await withTexts(() => Promise.resolve());
    answer.mockImplementation(() => json(serverBody({ restarts: [restart()] })));
    render(Server);
    expect(text(await screen.findByRole('region', { name: '重启' }))).toContain('被信号终止');
  });
});

describe('the note about restarts', () => {
  const note = async (...restarts: ServerBody['restarts'][]): Promise<string> => {
    answer.mockImplementation(() => json(serverBody({ restarts: restarts[0] ?? [] })));
    const { container } = render(RestartsNote);
    await vi.waitFor(() => expect(answer).toHaveBeenCalledOnce());
    await new Promise((resolve) => setTimeout(resolve, 20));
    return text(container);
  };

  it('tells of the last hour', async () => {
    const both = [restart(), restart({ at_ms: NOW - HOUR / 2 }), restart({ at_ms: NOW - 2 * HOUR })];
    expect(await note(both)).toBe(
      'smonitor was restarted 2 times in the last hour, last 5 min ago: ended by a signal Details',
    );
  });

  it.each([
    ['an hour ago', [restart({ at_ms: NOW - HOUR - 1 })]],
    ['never', []],
    ['nobody knows', { absent: 'not_collected' }],
  ] as const)('is silent: %s', async (_, restarts) => {
    expect(await note(restarts as ServerBody['restarts'])).toBe('');
  });
});

describe('the name of a browser', () => {
  it.each([
    [FIREFOX, 'Firefox 132 · Linux'],
    [
      'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0',
      'Edge 131 · Windows',
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.1 Safari/605.1.15',
      'Safari 18 · macOS',
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605 Version/18.1 Mobile/15E148 Safari/604.1',
      'Safari 18 · iPhone',
    ],
    [
      'Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/131.0.0.0 Mobile Safari/537.36',
      'Chrome 131 · Android',
    ],
    [
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/131.0.0.0 Safari/537.36',
      'Chrome 131 · Linux',
    ],
    ['curl/8.5.0', 'curl/8.5.0'],
    ['\u202eevil agent', '�evil'],
    ['', ''],
  ])('%s', (agent, name) => expect(browserName(agent)).toBe(name));
});
