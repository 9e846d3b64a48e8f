// Live, stopped, and once: what goes over the wire in each.
import { expect, liveAt, test } from './support/test';
import { Traffic } from './support/traffic';

const DEMO = 'demo-gpu-07';
/** Nothing must come for longer than any interval; there is no event for nothing. */
const QUIET_MS = 3500;

test('while stopped nothing is asked and nothing comes', async ({ page, demo }) => {
  const traffic = new Traffic(page);
  await liveAt(page, demo.url);
  await expect.poll(() => traffic.frames()).toBeGreaterThan(2);
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Paused' })).toBeVisible();
  await expect.poll(() => traffic.countSent('unsubscribe')).toBe(2);
  const shown = await page.getByRole('main').innerText();
  const before = [traffic.frames(), traffic.requests.length, traffic.sockets.length];
  await page.waitForTimeout(QUIET_MS);
  expect([traffic.frames(), traffic.requests.length, traffic.sockets.length]).toEqual(before);
  expect(await page.getByRole('main').innerText()).toBe(shown);
});

test('refresh once brings newer values, then is quiet again', async ({ page, demo }) => {
  const traffic = new Traffic(page);
  await liveAt(page, demo.url);
  await expect.poll(() => traffic.frames(`host/${DEMO}`)).toBeGreaterThan(0);
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect.poll(() => traffic.countSent('unsubscribe')).toBe(2);
  const shown = await page.getByRole('main').innerText();
  const before = traffic.frames();
  await page.getByRole('button', { name: 'Refresh once' }).click();
  await expect.poll(() => traffic.countSent('unsubscribe')).toBe(4);
  await expect(page.getByRole('status').filter({ hasText: 'Paused' })).toBeVisible();
  await expect.poll(() => page.getByRole('main').innerText()).not.toBe(shown);
  const after = traffic.frames();
  // Two topics; the first frame of each may be an old one.
  expect(after - before).toBeGreaterThanOrEqual(2);
  expect(after - before).toBeLessThanOrEqual(6);
  await page.waitForTimeout(QUIET_MS);
  expect(traffic.frames()).toBe(after);
});

test('live again, and live only once however often it was asked for', async ({ page, demo }) => {
  const traffic = new Traffic(page);
  await liveAt(page, demo.url);
  const pause = page.getByRole('button', { name: 'Pause' });
  const resume = page.getByRole('button', { name: 'Resume' });
  for (let i = 0; i < 6; i += 1) {
    await pause.click();
    await resume.click();
  }
  await expect(page.getByRole('status').filter({ hasText: 'Live' })).toBeVisible();
  const begun = traffic.frames(`host/${DEMO}`);
  await expect.poll(() => traffic.frames(`host/${DEMO}`)).toBeGreaterThan(begun);
  const [from, at] = [traffic.frames(`host/${DEMO}`), Date.now()];
  await expect.poll(() => traffic.frames(`host/${DEMO}`), { timeout: 30_000 }).toBeGreaterThan(from + 9);
  const seconds = (Date.now() - at) / 1000;
  const frames = traffic.frames(`host/${DEMO}`) - from;
  // A frame a second, not two; on a busy machine some come late and close together.
  expect(frames).toBeLessThanOrEqual(seconds + 4);
  expect(traffic.sockets).toHaveLength(1);
  expect(traffic.countSent('subscribe') - traffic.countSent('unsubscribe')).toBe(2);
});

test('a view opened while stopped is filled once', async ({ page, demo }) => {
  const traffic = new Traffic(page);
  await liveAt(page, `${demo.url}?tab=processes`);
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect.poll(() => traffic.countSent('unsubscribe')).toBeGreaterThan(0);
  await page.getByRole('link', { name: 'Overview' }).click();
  await expect(page.getByRole('region', { name: 'Top by memory' }).getByRole('row').nth(3)).toContainText(
    /\d/,
  );
  await expect(page.getByRole('status').filter({ hasText: 'Paused' })).toBeVisible();
});
