// The page about the server itself: what an administrator sees, and nobody else.
import type { Page } from '@playwright/test';
import { violations } from './support/axe';
import { expect, liveAt, test } from './support/test';

const ADMIN = { auth: { role: 'admin' } };
const section = (page: Page, name: string) => page.getByRole('region', { name, exact: true });

test('restarts, viewers and the sandbox, as they are', async ({ page, start, watch }) => {
  watch.expect(/WebSocket connection to|ERR_/);
  const server = await start({ kind: 'node', config: ADMIN });
  await liveAt(page, server.url);
  await page.keyboard.press('a');
  await expect(page).toHaveURL(`${server.url}server`);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Server');
  await expect(section(page, 'Restarts')).toContainText('It has not been restarted');
  await expect(section(page, 'This server')).toContainText('smonitor’s manager');
  await expect(section(page, 'This server')).toContainText(String(server.workerPid()));
  for (const guard of ['Starting programs', 'Writing outside', 'Connecting to other machines']) {
    await expect(section(page, 'Sandbox')).toContainText(guard);
  }
  const viewers = section(page, 'Viewers');
  await expect(viewers).toContainText('127.0.0.1');
  await expect(viewers).toContainText('Chrome');

  const before = server.workerPid();
  server.signalWorker('SIGKILL');
  await expect(section(page, 'Restarts')).toContainText('ended by a signal', { timeout: 15_000 });
  await expect(section(page, 'Restarts')).toContainText('SIGKILL');
  await expect(section(page, 'Restarts')).toContainText(String(before));
  await expect(section(page, 'Restarts')).toContainText('1 in the last 24 hours');
  await expect(section(page, 'This server')).toContainText(String(server.workerPid()));
});

for (const locale of ['en-GB', 'zh-CN']) {
  test.describe(locale, () => {
    test.use({ locale });
    test('anybody can read it', async ({ page, start }) => {
      const server = await start({ kind: 'node', config: ADMIN });
      await page.goto(`${server.url}server`);
      await expect(page.getByRole('region').nth(3)).toContainText('127.0.0.1');
      const found: string[] = [];
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        for (const width of [320, 390, 1440]) {
          await page.setViewportSize({ width, height: 900 });
          found.push(...(await violations(page, `${colorScheme}, ${String(width)} px`)));
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          expect(wide, `${String(width)} px`).toBeLessThanOrEqual(0);
        }
      }
      expect(found).toEqual([]);
    });
  });
}

test('it is not for others', async ({ page, demo, watch }) => {
  watch.expect(/status of 403/);
  await liveAt(page, demo.url);
  await expect(page.getByRole('link', { name: 'Server', exact: true })).toHaveCount(0);
  await page.goto(`${demo.url}server`);
  await expect(page.getByText('This page is for administrators')).toBeVisible();
  await expect(page.getByText('Restarts')).toHaveCount(0);
  const answer = await page.request.get(`${demo.url}api/v1/server`);
  expect(answer.status()).toBe(403);
});
