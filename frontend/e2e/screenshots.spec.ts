// The pictures of the README, of made-up data only: no real process list is ever in them.
//
//   npm run screenshots     writes them to screenshots/ (SCREENSHOTS_DIR names another folder)
//
// Without that variable the same code runs into a folder that is thrown away and waits less, so that
// it cannot rot unseen.
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page, TestInfo } from '@playwright/test';
import { drawn, expect, liveAt, test, type Watch } from './support/test';
import { rows } from './support/processes';
import { cutOff } from './support/screens';
import type { Server } from './support/server';
import { TABS, gpuStrip } from './support/tabs';

const folder = process.env['SCREENSHOTS_DIR'];
/** Long enough for charts to show something. */
const WAIT_MS = folder === undefined ? 2_000 : 75_000;
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

interface Picture {
  readonly name: string;
  readonly look: BrowserContextOptions;
  prepare(page: Page, demo: Server): Promise<void>;
}

async function overview(page: Page, demo: Server): Promise<void> {
  await liveAt(page, demo.url);
  await expect(gpuStrip(page)).toBeVisible();
  // On a phone the first chart is below what is seen, and drawn only once it is.
  await page.locator('figure').first().scrollIntoViewIfNeeded();
  await drawn(page);
  await page.evaluate(() => window.scrollTo(0, 0));
}

async function processes(page: Page, demo: Server): Promise<void> {
  await liveAt(page, `${demo.url}?tab=processes`);
  await expect(rows(page).nth(10)).toBeVisible();
}

/** A tab of the host, by its id. */
function tab(wanted: string): Picture['prepare'] {
  return async (page, demo) => {
    const found = TABS.find(({ id }) => id === wanted);
    if (found === undefined) throw new Error(`no tab ${wanted}`);
    await liveAt(page, `${demo.url}?tab=${wanted}`);
    await expect(found.ready(page)).toBeVisible();
  };
}

/** A card that is busy and warm. */
async function gpu(page: Page, demo: Server): Promise<void> {
  await liveAt(page, `${demo.url}host/demo-gpu-07/gpu/1`);
  await drawn(page);
}

/** A page of a site, at this address below its own. */
function site(path: string): Picture['prepare'] {
  return async (page, { url }) => {
    await page.goto(url + path);
    await expect(
      page
        .getByRole('link', { name: /^gpu-a100-/ })
        .or(page.locator('canvas'))
        .first(),
    ).toBeVisible();
  };
}

const light = { colorScheme: 'light' } as const;
const dark = { colorScheme: 'dark' } as const;

const PICTURES: readonly Picture[] = [
  { name: 'host-light', look: light, prepare: overview },
  { name: 'host-dark', look: dark, prepare: overview },
  { name: 'processes-light', look: light, prepare: processes },
  { name: 'processes-dark', look: dark, prepare: processes },
  { name: 'phone-light', look: { ...light, ...PHONE }, prepare: overview },
  { name: 'phone-dark', look: { ...dark, ...PHONE }, prepare: processes },
  { name: 'storage-light', look: light, prepare: tab('storage') },
  { name: 'network-dark', look: dark, prepare: tab('network') },
  { name: 'sensors-light', look: light, prepare: tab('sensors') },
  { name: 'users-zh', look: { ...light, locale: 'zh-CN' }, prepare: tab('users') },
  { name: 'health-light', look: light, prepare: tab('health') },
  { name: 'gpus-light', look: light, prepare: tab('gpus') },
  { name: 'gpus-dark', look: dark, prepare: tab('gpus') },
  { name: 'gpu-light', look: light, prepare: gpu },
  { name: 'containers-light', look: light, prepare: tab('containers') },
  { name: 'phone-gpus-light', look: { ...light, ...PHONE }, prepare: tab('gpus') },
  { name: 'phone-storage-light', look: { ...light, ...PHONE }, prepare: tab('storage') },
  { name: 'host-zh', look: { ...light, locale: 'zh-CN' }, prepare: overview },
];

/** Of a demo of many hosts. */
const SITE_PICTURES: readonly Picture[] = [
  { name: 'site-light', look: light, prepare: site('') },
  { name: 'site-dark', look: dark, prepare: site('') },
  { name: 'site-rows-zh', look: { ...light, locale: 'zh-CN' }, prepare: site('?view=rows') },
  { name: 'site-map-light', look: light, prepare: site('?view=map') },
  { name: 'finder-light', look: light, prepare: site('gpus?n=2&mem=40') },
  { name: 'people-dark', look: dark, prepare: site('users') },
  { name: 'phone-site-light', look: { ...light, ...PHONE }, prepare: site('') },
];

const BASE = { viewport: { width: 1440, height: 900 }, locale: 'en-GB', timezoneId: 'UTC' };

async function open(browser: Browser, look: BrowserContextOptions, watch: Watch): Promise<Page> {
  const context = await browser.newContext({ ...BASE, ...look });
  await watch.follow(context);
  return context.newPage();
}

/** Puts pictures where they belong. */
function shooting(info: TestInfo): (page: Page, name: string) => Promise<void> {
  const target = folder ?? info.outputPath('screenshots');
  mkdirSync(target, { recursive: true });
  return async (page, name) => {
    const path = join(target, `${name}.png`);
    await page.screenshot({ path });
    expect(statSync(path).size, name).toBeGreaterThan(10_000);
  };
}

test('every picture of a site can be taken', async ({ browser, start, watch }, info) => {
  test.setTimeout(120_000);
  const shoot = shooting(info);
  const many = await start({ kind: 'demo', seed: 7, nodes: 40, gpus: 8 });
  for (const { name, look, prepare } of SITE_PICTURES) {
    const page = await open(browser, look, watch);
    await prepare(page, many);
    // Bars and maps are drawn a moment after their data came.
    await page.waitForTimeout(1_500);
    await shoot(page, name);
    await page.context().close();
  }
});

test('every picture can be taken', async ({ browser, start, watch }, info) => {
  test.setTimeout(WAIT_MS + 180_000);
  watch.expect(/WebSocket|status of 401/);
  const shoot = shooting(info);
  const demo = await start({ kind: 'demo', seed: 7 });
  const guarded = await start({ kind: 'demo', config: { auth: { mode: 'token' } } });
  const login = await open(browser, light, watch);
  await login.goto(guarded.url);
  await expect(login.getByRole('heading', { level: 1, name: 'Sign in' })).toBeVisible();

  const pages: [Picture, Page][] = [];
  for (const picture of PICTURES) {
    const page = await open(browser, picture.look, watch);
    await picture.prepare(page, demo);
    pages.push([picture, page]);
  }
  const lost = await open(browser, light, watch);
  const cut = await cutOff(lost, demo);
  // The charts fill by the real clock; there is no event for "enough".
  await login.waitForTimeout(WAIT_MS);

  for (const [{ name }, page] of pages) {
    await expect(page.getByText('Demo data').or(page.getByText('演示数据'))).toBeVisible();
    await shoot(page, name);
  }
  await shoot(login, 'login');
  await cut();
  await expect(lost.getByText(/retry in [2-9]\ss/)).toBeVisible({ timeout: 20_000 });
  await shoot(lost, 'disconnected');
  for (const context of browser.contexts()) await context.close();
});
