// The page needs nothing but its server: no other origin, no relaxed policy, no secure context.
import { networkInterfaces } from 'node:os';
import { drawn, expect, liveAt, note, test } from './support/test';
import { grid, rows } from './support/processes';
import { TABS, tabLink } from './support/tabs';
import { Traffic } from './support/traffic';

test('every screen keeps the policy and asks only its own server', async ({ page, demo }) => {
  const traffic = new Traffic(page);
  await page.addInitScript(() => {
    const violations: string[] = [];
    Object.assign(window, { violations });
    document.addEventListener('securitypolicyviolation', (event) => {
      violations.push(`${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  const answer = await page.goto(demo.url);
  const policy = answer?.headers()['content-security-policy'] ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("require-trusted-types-for 'script'");
  expect(policy).not.toMatch(/unsafe|\*|https?:/);
  await drawn(page);
  const dialog = page.getByRole('dialog');
  for (const key of [',', '?']) {
    await page.keyboard.press(key);
    await expect(dialog).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(dialog).toBeHidden();
  }
  for (const tab of TABS) {
    await tabLink(page, tab).click();
    await expect(tab.ready(page)).toBeVisible();
    // Rows of people and of processes on cards have no details of their own.
    if ((await page.getByRole('grid').count()) === 0 || ['users', 'gpus'].includes(tab.id)) continue;
    await tab.ready(page).click();
    await expect(dialog).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(dialog).toBeHidden();
  }
  await page.getByRole('link', { name: /^Processes/ }).click();
  await rows(page).first().click();
  await expect(dialog).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await page.getByRole('checkbox', { name: 'Tree' }).check();
  await page.getByRole('button', { name: '中文' }).click();
  await expect(page.getByRole('link', { name: /^进程/ })).toBeVisible();
  expect(await page.evaluate(() => (window as unknown as { violations: string[] }).violations)).toEqual([]);
  await page.goto(`${demo.url}login`);
  await page.goto(`${demo.url}no/such/page`);
  expect(await page.evaluate(() => (window as unknown as { violations: string[] }).violations)).toEqual([]);
  const { host } = new URL(demo.url);
  for (const url of [...traffic.requests, ...traffic.sockets]) {
    expect(url.startsWith('blob:') || url.startsWith('data:') || new URL(url).host === host, url).toBe(true);
  }
});

test('all that the page loads is in the program, and kept as long as it may be', async ({ page, demo }) => {
  const seen = new Map<string, { status: number; headers: Record<string, string> }>();
  page.on('response', (answer) => {
    seen.set(new URL(answer.url()).pathname, { status: answer.status(), headers: answer.headers() });
  });
  await liveAt(page, demo.url);
  await drawn(page);
  for (const tab of TABS) {
    await tabLink(page, tab).click();
    await expect(tab.ready(page)).toBeVisible();
  }
  await page.getByRole('link', { name: /^Processes/ }).click();
  await expect(grid(page)).toBeVisible();
  await page.getByRole('button', { name: '中文' }).click();
  await expect(page.getByRole('link', { name: /^进程/ })).toBeVisible();
  const assets = [...seen].filter(([path]) => path.startsWith('/assets/'));
  expect(assets.length).toBeGreaterThan(5);
  for (const [path, { status, headers }] of assets) {
    expect(status, path).toBe(200);
    expect(headers['cache-control'], path).toBe('public, max-age=31536000, immutable');
    expect(headers['content-type'], path).toMatch(/^text\/(css|javascript)/);
    expect(headers['x-content-type-options'], path).toBe('nosniff');
  }
  for (const path of ['/', '/boot.js']) {
    expect(seen.get(path)?.headers['cache-control'], path).toBe('no-cache');
    expect(seen.get(path)?.headers['etag'], path).toMatch(/^"[0-9a-f]{16}"$/);
  }
});

test('an unchanged page is not sent twice, a missing file is no page', async ({ demo }) => {
  for (const coding of ['identity', 'gzip', 'br']) {
    const headers = { 'accept-encoding': coding };
    const first = await fetch(demo.url, { headers });
    await first.text();
    const etag = first.headers.get('etag') ?? '';
    expect(first.headers.get('content-encoding') ?? 'identity').toBe(coding);
    expect(first.headers.get('vary')).toMatch(/accept-encoding/i);
    const again = await fetch(demo.url, { headers: { ...headers, 'if-none-match': etag } });
    expect(again.status).toBe(304);
    expect(await again.text()).toBe('');
  }
  const missing = await fetch(new URL('assets/index-00000000.js', demo.url));
  expect(missing.status).toBe(404);
  expect(await missing.text()).not.toContain('<html');
  const api = await fetch(new URL('api/v1/hosts', demo.url));
  expect(api.headers.get('cache-control')).toBe('no-store');
});

const lan = Object.values(networkInterfaces())
  .flat()
  .find((address) => address?.family === 'IPv4' && !address.internal)?.address;
const noLan = 'this machine has no address but loopback, so there is no insecure origin to test';

test('works where the browser grants no secure context, copying included', async ({ page, start, watch }) => {
  if (lan === undefined) note(noLan);
  test.skip(lan === undefined, noLan);
  watch.allow(lan ?? '');
  watch.expect(/Unexpected response code: 401|status of 401/);
  const server = await start({ kind: 'demo', host: lan ?? '' });
  const traffic = new Traffic(page);
  await page.goto(server.link ?? '');
  await expect(page.getByRole('status').filter({ hasText: 'Live' })).toBeVisible();
  expect(await page.evaluate(() => isSecureContext)).toBe(false);
  expect(await page.evaluate(() => 'clipboard' in navigator)).toBe(false);
  await drawn(page);
  await page.getByRole('link', { name: /^Processes/ }).click();
  await rows(page).first().click();
  const drawer = page.getByRole('dialog');
  const command = await drawer.locator('pre').innerText();
  await drawer.getByRole('button', { name: 'Copy command' }).click();
  await expect(drawer.getByRole('status')).toHaveText(/^(Copied|Selected: press Ctrl\+C)$/);
  await page.keyboard.press('Escape');
  // What was copied can be pasted.
  await page.getByRole('searchbox').focus();
  await page.keyboard.press('Control+V');
  expect((await page.getByRole('searchbox').inputValue()).trim()).toBe(command.trim());
  await expect.poll(() => traffic.frames()).toBeGreaterThan(3);
});
