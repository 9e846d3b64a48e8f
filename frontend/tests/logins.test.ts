import { render, screen, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Login, Logins } from '../src/lib/api/api';
import { setLanguage } from '../src/lib/i18n/index.svelte';
import { freezeAges } from '../src/lib/model/time.svelte';
import { navigate } from '../src/lib/router.svelte';
import UsersTab from '../src/pages/Host/UsersTab.svelte';
import LoginsPanel from '../src/panels/login/LoginsPanel.svelte';
import { NOW, hostDocument, section } from './documents';

const text = (element: Element) => element.textContent.replace(/[\s\u00a0]+/g, ' ').trim();
const cells = (row: Element) => [...row.querySelectorAll('th, td, [role=gridcell]')].map(text).join(' | ');
const none = { absent: 'not_supported' as const };

const session = (user: string, changes: Partial<Login> = {}): Login => ({
  key: `${user}-${String(changes.pid ?? 100)}`,
  user,
  terminal: 'pts/3',
  from: '10.1.2.3',
  login_at_ms: NOW - 7_200_000,
  pid: 4711,
  idle_seconds: 125,
  ...changes,
});

const logins = (sessions: Login[], changes: Partial<Logins> = {}): Logins => ({
  origin: 'utmp',
  sessions,
  left_out: 0,
  ...changes,
});

const tab = (value: Logins) =>
  render(UsersTab, { host: 'gpu-1', document: hostDocument({ logins: section(value) }) });
const rows = () =>
  within(screen.getByLabelText('Logged in', { selector: '[role=grid]' }))
    .getAllByRole('row')
    .slice(1);

beforeEach(async () => {
  await setLanguage('en');
  freezeAges(NOW);
  navigate('/host/gpu-1?tab=users&sort=idle', { replace: true });
});
afterEach(() => setLanguage('en'));

describe('UsersTab', () => {
  it('tells who, where, from where, since when, and for how long idle', () => {
    tab(logins([session('alice')]));
    const row = rows()[0] as HTMLElement;
    expect(cells(row)).toMatch(/^alice \| pts\/3 \| 10\.1\.2\.3 \| 2 h ago ?· .+ \| 2 min \| 4711$/);
    expect(within(row).getByRole('link')).toHaveAttribute('href', '/host/gpu-1?tab=processes&q=pid%3A4711');
    expect(screen.getByText('The list is that of /run/utmp.')).toBeInTheDocument();
  });

  it('knows a login at the machine itself from a value that is missing', () => {
    tab(
      logins([
        session('alice', { from: none, terminal: none }),
        session('bob', { from: { absent: 'read_failed' }, pid: none }),
      ]),
    );
    expect(text(rows()[0] as Element)).toContain('this machine');
    expect(screen.getByTitle('No reading: reading failed')).toHaveTextContent('–');
    expect(screen.getAllByRole('link')).toHaveLength(1);
  });

  it('says plainly that a login lies in the future', () => {
    tab(logins([session('alice', { login_at_ms: NOW + 3_600_000 })]));
    expect(screen.getByText(/in the future/)).toHaveClass('future');
    expect(rows()[0]).not.toHaveTextContent('ago');
  });

  it('says that nobody is there, and why nobody can be seen', () => {
    tab(logins([])).unmount();
    tab(logins([]));
    expect(screen.getByText('Nobody is logged in.')).toBeInTheDocument();
    const denied = { ...section(logins([])), value: { absent: 'permission_denied' as const } };
    const { container } = render(UsersTab, { host: 'gpu-1', document: hostDocument({ logins: denied }) });
    expect(text(container)).toContain('Who is logged in cannot be read: no permission to read it.');
  });

  it('filters, and counts what has no row', async () => {
    tab(logins([session('alice'), session('bob')], { origin: 'logind', left_out: 7 }));
    await userEvent.type(screen.getByRole('searchbox'), 'user:bob');
    expect(rows()).toHaveLength(1);
    expect(screen.getByText(/7 more sessions/)).toHaveTextContent('logind');
  });

  it('shows names as they are, whatever they contain', () => {
    tab(logins([session('eve\u202e', { from: 'a\u0007b' })]));
    expect(cells(rows()[0] as Element)).toMatch(/^eve� \| pts\/3 \| a␇b/);
  });

  it('speaks Chinese', async () => {
    await setLanguage('zh-CN');
    const { container } = tab(logins([]));
    expect(text(container)).toContain('目前没有人登录。');
  });
});

describe('LoginsPanel', () => {
  const panel = (value: Logins, changes = {}) =>
    render(LoginsPanel, { document: hostDocument({ logins: section(value, changes) }) });
  const lines = () => screen.getAllByRole('row').slice(1).map(cells);

  it('has a line for each person, those who typed last first', () => {
    panel(
      logins([
        session('alice', { idle_seconds: 4000, pid: 1 }),
        session('bob', { idle_seconds: 60 }),
        session('alice', { idle_seconds: 5, from: none, pid: 2 }),
      ]),
    );
    expect(lines()).toEqual(['alice ×2 | this machine | 2 h ago | 5 s', 'bob | 10.1.2.3 | 2 h ago | 1 min']);
    expect(screen.getByRole('link')).toHaveTextContent('3 sessions');
  });

  it('leaves many to the tab', () => {
    panel(logins(Array.from({ length: 40 }, (_, at) => session(`user${String(at)}`))));
    expect(lines()).toHaveLength(6);
    expect(screen.getByRole('link')).toHaveTextContent('40 sessions');
  });

  it('greys what is old, and says that nobody is there', () => {
    const { container } = panel(logins([]), { taken_at_ms: NOW - 42_000 });
    expect(text(container)).toContain('stale 42 s');
    expect(container.querySelector('.old')).toHaveTextContent('Nobody is logged in.');
  });
});
