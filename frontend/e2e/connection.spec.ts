// A server that dies, hangs, comes back, changes, and frames that get lost.
import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { drawn, expect, liveAt, note, test } from './support/test';
import { grid, rows } from './support/processes';
import { Proxy } from './support/proxy';
import { TABS, tabLink } from './support/tabs';
import { read, Traffic } from './support/traffic';

const DEMO = 'demo-gpu-07';
const banner = (page: Page) => page.getByText(/^\s*Disconnected – showing data from/);
const status = (page: Page, text: string) => page.getByRole('status').filter({ hasText: text });
const REFUSED = /ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|WebSocket connection to/;

test('a killed server is told, what was there stays, and all comes back', async ({ page, start, watch }) => {
  watch.expect(REFUSED);
  const server = await start({ kind: 'demo' });
  await liveAt(page, `${server.url}?tab=processes`);
  const table = grid(page);
  await expect(rows(page).nth(10)).toBeVisible();
  await table.focus();
  for (let i = 0; i < 6; i += 1) await page.keyboard.press('PageDown');
  const scrolled = await table.evaluate((element) => element.scrollTop);
  expect(scrolled).toBeGreaterThan(300);
  const shown = await rows(page).count();

  await server.stop('SIGKILL');
  await expect(banner(page)).toBeVisible();
  await expect(page.getByText(/retry in \d+\ss|trying now/)).toBeVisible();
  await expect(page.getByRole('alert').filter({ hasText: 'Disconnected' })).toBeAttached();
  await expect(page).toHaveTitle(/^⚠ demo-gpu-07/);
  await expect(page.getByRole('main')).toHaveCSS('filter', 'grayscale(1)');
  expect(await rows(page).count()).toBe(shown);

  await server.restart();
  const now = page.getByRole('button', { name: 'Try now' });
  await expect(async () => {
    if (await now.isVisible()) await now.dispatchEvent('click');
    await expect(status(page, 'Live')).toBeVisible({ timeout: 1000 });
  }).toPass();
  await expect(banner(page)).toBeHidden();
  await expect(page).toHaveTitle(/^demo-gpu-07/);
  await expect(page.getByRole('main')).toHaveCSS('filter', 'none');
  expect(await table.evaluate((element) => element.scrollTop)).toBe(scrolled);
  await expect(table).toBeFocused();
});

test('while the server is gone every tab is grey and says so, then lives again', async ({
  page,
  start,
  watch,
}) => {
  test.setTimeout(120_000);
  watch.expect(REFUSED);
  const server = await start({ kind: 'demo' });
  await liveAt(page, server.url);
  for (const tab of TABS) {
    await tabLink(page, tab).click();
    await expect(tab.ready(page)).toBeVisible();
  }
  await server.stop('SIGKILL');
  await expect(banner(page)).toBeVisible();
  for (const tab of TABS) {
    await tabLink(page, tab).click();
    await expect(tab.ready(page)).toBeVisible();
    await expect(banner(page)).toBeVisible();
    await expect(page.getByRole('main')).toHaveCSS('filter', 'grayscale(1)');
    await expect(page.getByRole('main')).not.toContainText('This part of the page failed');
  }
  await server.restart();
  await expect(status(page, 'Live')).toBeVisible({ timeout: 30_000 });
  await expect(banner(page)).toBeHidden();
  for (const tab of TABS) {
    await tabLink(page, tab).click();
    await expect(tab.ready(page)).toBeVisible();
    await expect(page.getByRole('main')).toHaveCSS('filter', 'none');
    const shown = await tab.alive(page).innerText();
    await expect(tab.alive(page)).not.toHaveText(shown, { timeout: 30_000, useInnerText: true });
  }
});

test('the page comes back by itself', async ({ page, start, watch }) => {
  watch.expect(REFUSED);
  const server = await start({ kind: 'demo' });
  await liveAt(page, server.url);
  await drawn(page);
  await server.stop('SIGKILL');
  await expect(banner(page)).toBeVisible();
  await server.restart();
  await expect(status(page, 'Live')).toBeVisible({ timeout: 15_000 });
  await expect(banner(page)).toBeHidden();
});

test('the countdown runs, and "now" does not wait for it', async ({ page, start, watch }) => {
  watch.expect(REFUSED);
  const server = await start({ kind: 'demo' });
  await liveAt(page, server.url);
  await drawn(page);
  await server.stop('SIGKILL');
  // The waits grow: in a later one there is time to see the seconds and to press the button.
  const seconds = async () => Number(/retry in (\d+)\ss/.exec(await banner(page).innerText())?.[1] ?? 0);
  await expect.poll(seconds, { timeout: 20_000, intervals: [100] }).toBeGreaterThan(3);
  const before = await seconds();
  await expect.poll(seconds, { intervals: [100] }).toBeLessThan(before);
  const attempt = page.waitForEvent('websocket');
  const pressed = Date.now();
  await page.getByRole('button', { name: 'Try now' }).click();
  await attempt;
  expect(Date.now() - pressed).toBeLessThan(1000);
});

test('a part that cannot be loaded while the server is gone does not take the rest away', async ({
  page,
  start,
  watch,
}) => {
  watch.expect(REFUSED);
  watch.expect(/Failed to fetch dynamically imported module|Unable to preload CSS/);
  const server = await start({ kind: 'demo' });
  await liveAt(page, server.url);
  await drawn(page);
  await server.stop('SIGKILL');
  await expect(banner(page)).toBeVisible();
  await page.getByRole('link', { name: /^Processes/ }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(DEMO);
  await expect(page.getByText('This part of the page failed')).toBeVisible();
  await expect(banner(page)).toBeVisible();
  await page.getByRole('link', { name: 'Overview' }).click();
  await expect(page.getByRole('region', { name: 'Memory', exact: true })).toContainText(/\d+\s%/);
});

for (const kind of ['demo', 'node'] as const) {
  test(`a ${kind} that hangs as a whole is not taken for live`, async ({ page, start }) => {
    const server = await start({ kind });
    await liveAt(page, server.url);
    server.signal('SIGSTOP');
    try {
      await expect(status(page, 'Reconnecting')).toBeVisible({ timeout: 12_000 });
      await expect(banner(page)).toBeVisible();
    } finally {
      server.signal('SIGCONT');
    }
    await expect(status(page, 'Live')).toBeVisible({ timeout: 15_000 });
    await expect(banner(page)).toBeHidden();
  });
}

/** Promised; a machine that runs two browsers beside it may take its time. */
const BACK_WITHIN_MS = 5000;
/** What is older than this the page may not call live. */
const FRESH_MS = 5500;

for (const signal of ['SIGSTOP', 'SIGKILL'] as const) {
  test(`a worker that gets ${signal} is replaced before anybody has to do anything`, async ({
    page,
    start,
    watch,
  }) => {
    watch.expect(REFUSED);
    const server = await start({ kind: 'node' });
    const heard: number[] = [];
    let isBack = false;
    let began = Infinity;
    page.on('websocket', (socket) => {
      const opened = Date.now();
      socket.on('framereceived', ({ payload }) => {
        const { type } = read(payload);
        if (type !== 'full' && type !== 'patch') return;
        heard.push(Date.now());
        isBack ||= opened > began;
      });
    });
    await liveAt(page, server.url);
    await drawn(page);
    await page.evaluate(() => (document.body.dataset['mark'] = 'before'));
    const before = server.workerPid();
    expect(before).not.toBe(server.pid);
    await expect.poll(() => heard.length).toBeGreaterThan(3);

    began = Date.now();
    server.signalWorker(signal);
    // As long as the page says "Live", what it shows has to be fresh.
    let oldest = 0;
    await expect
      .poll(
        async () => {
          const says = await page.getByRole('status').filter({ hasText: 'Live' }).count();
          if (says > 0) oldest = Math.max(oldest, Date.now() - (heard.at(-1) ?? 0));
          return says > 0 && isBack;
        },
        { timeout: 20_000, intervals: [50] },
      )
      .toBe(true);
    const took = Date.now() - began;
    note(
      `after ${signal} live again in ${String(took)} ms, and shown as live at most ${String(oldest)} ms old`,
    );
    expect(oldest).toBeLessThan(FRESH_MS);
    expect(took).toBeLessThan(BACK_WITHIN_MS);
    expect(server.workerPid()).not.toBe(before);
    await expect(page.locator('body')).toHaveAttribute('data-mark', 'before');
    await expect(banner(page)).toBeHidden();
    const count = heard.length;
    await expect.poll(() => heard.length).toBeGreaterThan(count + 2);
  });
}

test('a changed config reloads the page by itself', async ({ page, start, watch }) => {
  watch.expect(REFUSED);
  const server = await start({ kind: 'demo' });
  await liveAt(page, server.url);
  await drawn(page);
  await expect(page).toHaveTitle(`${DEMO} · smonitor`);
  await page.evaluate(() => (document.body.dataset['mark'] = 'before'));
  await server.restart({ monitor: { site_name: 'Renamed' } });
  await expect(page).toHaveTitle(`${DEMO} · Renamed`, { timeout: 15_000 });
  await expect(page.locator('body')).not.toHaveAttribute('data-mark');
});

test('a hidden tab goes on taking frames and is current when it is shown', async ({ page, demo }) => {
  const traffic = new Traffic(page);
  await liveAt(page, demo.url);
  const cpu = page.getByRole('region', { name: 'CPU', exact: true });
  await expect(cpu).toContainText(/\d+\s%/);
  const hide = (hidden: boolean) =>
    page.evaluate((value) => {
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => value });
      document.dispatchEvent(new Event('visibilitychange'));
    }, hidden);
  await hide(true);
  const shown = await cpu.innerText();
  const begun = traffic.frames(`host/${DEMO}`);
  await expect.poll(() => traffic.frames(`host/${DEMO}`), { timeout: 12_000 }).toBeGreaterThan(begun + 5);
  expect(traffic.countSent('unsubscribe')).toBe(0);
  await hide(false);
  await expect(cpu).not.toContainText('stale', { timeout: 1000 });
  expect(await cpu.innerText()).not.toBe(shown);
  expect(traffic.countSent('resync')).toBe(0);
  // The chart has no hole: as many points as frames came.
  await cpu.getByRole('button', { name: 'Table' }).click();
  const points = await cpu.getByRole('table').getByRole('row').count();
  expect(points).toBeGreaterThan(5);
});

test('lost frames are noticed, and the page ends equal to the document', async ({ page, demo }) => {
  const topic = `host/${DEMO}/processes`;
  const proxy = await Proxy.before(demo.url);
  try {
    const traffic = new Traffic(page);
    await liveAt(page, `${proxy.url}?tab=processes&sort=pid&dir=asc`);
    await expect.poll(() => traffic.frames(topic)).toBeGreaterThan(1);
    for (let round = 0; round < 3; round += 1) {
      const [lost, asked] = [proxy.lost, traffic.countSent('resync')];
      proxy.keep = (message) => message.topic !== topic || message.type !== 'patch';
      await expect.poll(() => proxy.lost).toBeGreaterThan(lost);
      proxy.keep = () => true;
      await expect.poll(() => traffic.countSent('resync')).toBeGreaterThan(asked);
    }
    const last = traffic.sent.findLastIndex(({ type }) => type === 'resync');
    expect(traffic.sent[last]).toEqual({ type: 'resync', topic });
    // The document moves on each second, so both are read until they are of the same one.
    await expect(async () => {
      const [there, here] = await Promise.all([expected(demo.url), exported(page)]);
      expect(here).toEqual(there);
    }).toPass({ timeout: 20_000 });
  } finally {
    proxy.close();
  }
});

/** PIDs, owners and states of all rows of the page, as it would export them. */
async function exported(page: Page): Promise<string[]> {
  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: 'CSV' }).click();
  const text = await readFile(await (await downloading).path(), 'utf8');
  return (
    text
      .split('\r\n')
      .slice(1, -1)
      .map((line) => line.split(','))
      // Where it belongs stands between.
      .map(([pid, user, , state]) => [pid, user, state].join(' '))
  );
}

/** The same from the document itself. */
async function expected(url: string): Promise<string[]> {
  const answer = await fetch(new URL(`api/v1/hosts/${DEMO}/processes`, url));
  const { processes } = (await answer.json()) as {
    processes: { pid: number; user: string; state: string }[];
  };
  return processes
    .toSorted((a, b) => a.pid - b.pid)
    .map(({ pid, user, state }) => `${String(pid)} ${user} ${state}`);
}

test('one viewer leaving does not stop the other', async ({ page, context, demo }) => {
  const other = await context.newPage();
  await liveAt(other, demo.url);
  const traffic = new Traffic(page);
  await liveAt(page, demo.url);
  await other.close();
  const topic = `host/${DEMO}`;
  const begun = traffic.frames(topic);
  await expect.poll(() => traffic.frames(topic)).toBeGreaterThan(begun + 3);
  await expect(status(page, 'Live')).toBeVisible();
});
