// The screens of the page and how to come to each, for tests that look at all of them.
import type { Page } from '@playwright/test';
import { drawn, expect, liveAt } from './test';
import { rowWith, rowsOf } from './grids';
import { rows } from './processes';
import { rewriteHost } from './rewrite';
import { TABS, containers, filesystems, interfaces, logins, tabLink, type Tab } from './tabs';
import type { Server } from './server';

export interface Servers {
  readonly demo: Server;
  /** Asks for a token. */
  readonly guarded: Server;
}

export interface Screen {
  readonly name: string;
  /** Widths it is checked at. */
  readonly widths: readonly number[];
  open(page: Page, servers: Servers): Promise<void>;
  close?(page: Page): Promise<void>;
}

const ALL = [360, 390, 768, 1440, 1920];
const TWO = [390, 1440];

/** Waits until an overview of the demo says everything: its parts come one after the other. */
export async function filled(page: Page): Promise<void> {
  await drawn(page);
  await expect(tabLink(page, { link: /^(Processes|进程)/ })).toHaveText(/\d/);
  await expect(page.getByRole('region', { name: /^(Sensors|传感器)$/ })).toContainText('°C');
  await expect(page.getByRole('region', { name: /^(Logged in|登录用户)$/ })).toContainText(/\d/);
  await expect(page.getByText(/^(Loading…|加载中…|正在加载…)$/)).toHaveCount(0);
}

async function overview(page: Page, { demo }: Servers): Promise<void> {
  await liveAt(page, demo.url);
  await filled(page);
}

async function processes(page: Page, { demo }: Servers): Promise<void> {
  await liveAt(page, `${demo.url}?tab=processes`);
  await expect(rows(page).nth(5)).toBeVisible();
}

async function tab(page: Page, { demo }: Servers, { id, ready }: Tab): Promise<void> {
  await liveAt(page, `${demo.url}?tab=${id}`);
  await expect(ready(page)).toBeVisible();
}

/** Pages that are shown a machine which has little. A route of a socket cannot be taken back. */
const bare = new WeakSet<Page>();

export const SCREENS: readonly Screen[] = [
  { name: 'overview', widths: ALL, open: overview },
  {
    name: 'overview with a table open',
    widths: TWO,
    async open(page, servers) {
      await overview(page, servers);
      await page
        .getByRole('button', { name: /^(Table|表格)/ })
        .first()
        .click();
    },
  },
  { name: 'processes', widths: ALL, open: processes },
  {
    name: 'processes as a tree',
    widths: TWO,
    async open(page, { demo }) {
      await liveAt(page, `${demo.url}?tab=processes&tree=1`);
      await expect(page.getByRole('treegrid')).toBeVisible();
      await expect(page.locator('[data-key]').nth(5)).toBeVisible();
    },
  },
  {
    name: 'no process found',
    widths: TWO,
    async open(page, { demo }) {
      await liveAt(page, `${demo.url}?tab=processes&q=no-such-thing`);
      await expect(page.getByText('no-such-thing')).toBeVisible();
    },
  },
  {
    name: 'process drawer',
    widths: TWO,
    async open(page, servers) {
      // A process that is always there and has a parent.
      await liveAt(page, `${servers.demo.url}?tab=processes&q=${encodeURIComponent('"[listener] 0"')}`);
      await rows(page).first().click();
      await expect(page.getByRole('dialog')).toBeVisible();
    },
  },
  ...TABS.map((each) => ({
    name: each.id,
    widths: ALL,
    open: (page: Page, servers: Servers) => tab(page, servers, each),
  })),
  {
    name: 'one GPU',
    widths: ALL,
    async open(page, { demo }) {
      await liveAt(page, `${demo.url}host/demo-gpu-07/gpu/1`);
      await expect(page.getByRole('region', { name: /^(Identity|标识)$/ })).toBeVisible();
      await drawn(page);
    },
  },
  {
    name: 'a divided GPU',
    widths: TWO,
    async open(page, { demo }) {
      await liveAt(page, `${demo.url}host/demo-gpu-07/gpu/4`);
      await expect(page.getByRole('region', { name: /^(MIG slices|MIG 切片)$/ })).toBeVisible();
    },
  },
  {
    name: 'GPU processes by container',
    widths: TWO,
    async open(page, { demo }) {
      await liveAt(page, `${demo.url}?tab=gpus&group=1&view=table`);
      await expect(page.getByRole('treegrid')).toBeVisible();
    },
  },
  {
    name: 'no such GPU',
    widths: TWO,
    async open(page, { demo }) {
      await liveAt(page, `${demo.url}host/demo-gpu-07/gpu/99`);
      await expect(page.getByRole('heading', { level: 1 })).toContainText('99');
    },
  },
  {
    name: 'filesystem details',
    widths: TWO,
    async open(page, { demo }) {
      await liveAt(page, `${demo.url}?tab=storage`);
      await rowWith(filesystems(page), '/mnt/archive').click();
      await expect(page.getByRole('dialog')).toBeVisible();
    },
  },
  {
    name: 'interface details',
    widths: TWO,
    async open(page, { demo }) {
      await liveAt(page, `${demo.url}?tab=network&others=1`);
      await rowWith(interfaces(page), 'bond0').click();
      await expect(page.getByRole('dialog')).toBeVisible();
    },
  },
  {
    name: 'container details',
    widths: TWO,
    async open(page, { demo }) {
      await liveAt(page, `${demo.url}?tab=containers`);
      await rowWith(containers(page), 'llm-serve').click();
      await expect(page.getByRole('dialog')).toBeVisible();
    },
  },
  {
    name: 'nothing found in the tables of the tabs',
    widths: TWO,
    async open(page, { demo }) {
      await liveAt(page, `${demo.url}?tab=storage&q=no-such-thing&diskq=no-such-disk`);
      await expect(page.getByText('no-such-thing')).toBeVisible();
      await expect(page.getByText('no-such-disk')).toBeVisible();
      await expect(rowsOf(filesystems(page))).toHaveCount(0);
    },
  },
  {
    name: 'nothing there',
    widths: TWO,
    async open(page, { demo }) {
      bare.add(page);
      await rewriteHost(page, (part) => {
        if (!bare.has(page)) return;
        const absent = { absent: 'not_supported' } as const;
        if (part.sensors) part.sensors.value = absent;
        if (part.logins) part.logins.value = { origin: 'utmp', sessions: [], left_out: 0 };
        if (part.disks) part.disks.value = absent;
      });
      await liveAt(page, `${demo.url}?tab=users`);
      await expect(page.getByText(/^(Nobody is logged in\.|目前没有人登录。)$/)).toBeVisible();
      await expect(rowsOf(logins(page))).toHaveCount(0);
    },
    close: (page) => {
      bare.delete(page);
      return Promise.resolve();
    },
  },
  {
    name: 'settings',
    widths: TWO,
    async open(page, servers) {
      await overview(page, servers);
      await page.keyboard.press(',');
      await expect(page.getByRole('dialog')).toBeVisible();
    },
  },
  {
    name: 'shortcuts',
    widths: TWO,
    async open(page, servers) {
      await overview(page, servers);
      await page.keyboard.press('?');
      await expect(page.getByRole('dialog')).toBeVisible();
    },
  },
  {
    name: 'login',
    widths: TWO,
    async open(page, { guarded }) {
      await page.goto(`${guarded.url}login`);
      await page.getByRole('button', { name: /^(Sign in|登录)$/ }).click();
      await expect(page.getByRole('alert')).not.toBeEmpty();
    },
  },
  {
    name: 'no such page',
    widths: TWO,
    async open(page, { demo }) {
      await page.goto(`${demo.url}no/such/page`);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      await expect(page.getByRole('status')).toHaveText(/Live|实时/);
    },
  },
  {
    name: 'no such host',
    widths: TWO,
    async open(page, { demo }) {
      await page.goto(`${demo.url}host/nobody`);
      await expect(page.getByRole('heading', { level: 1 })).toContainText('nobody');
    },
  },
  {
    name: 'disconnected',
    widths: TWO,
    async open(page, servers) {
      const cut = await cutOff(page, servers.demo);
      await cut();
      // What is read every second grows old a moment later; what is read less often, long after that.
      const old = page.getByRole('paragraph').filter({ hasText: /^(stale|过期) / });
      await expect(old).toHaveCount(7);
      await tryNow(page);
    },
    close: (page) => page.unrouteAll({ behavior: 'ignoreErrors' }),
  },
];

/** Waits until the page offers to try at once, as it does between two attempts. */
async function tryNow(page: Page): Promise<void> {
  const button = page.getByRole('button', { name: /^(Try now|立即重试)$/ });
  await expect(button).toBeVisible({ timeout: 10_000 });
}

/** An overview whose connection the returned function cuts for good; the server lives on for others. */
export async function cutOff(page: Page, server: Server): Promise<() => Promise<void>> {
  const open: { close(): Promise<void> }[] = [];
  let lost = false;
  await page.routeWebSocket(/\/ws/, (socket) => {
    if (lost) {
      void socket.close();
      return;
    }
    socket.connectToServer();
    open.push(socket);
  });
  await liveAt(page, server.url);
  await filled(page);
  return async () => {
    lost = true;
    await Promise.all(open.map((socket) => socket.close()));
    await expect(page).toHaveTitle(/^⚠/);
    // What lasts is told in words a moment later.
    await tryNow(page);
  };
}
