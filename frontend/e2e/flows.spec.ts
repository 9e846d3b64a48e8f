// The ways through the page: live values, tabs and addresses, back and forward, a sub-path.
import { hostname } from 'node:os';
import { expect, liveAt, test } from './support/test';
import { falling, grid, numbers, rowOf, run } from './support/processes';
import { Traffic } from './support/traffic';

const DEMO = 'demo-gpu-07';

test('values change without a reload', async ({ page, node }) => {
  await liveAt(page, node.url);
  await page.evaluate(() => (document.body.dataset['mark'] = 'same page'));
  const cpu = page.getByRole('region', { name: 'CPU', exact: true });
  const before = await cpu.innerText();
  const burner = run(process.execPath, 'e2e-burner', ['-e', 'for (;;);']);
  try {
    await expect(cpu).not.toHaveText(before);
    await page.getByRole('link', { name: /^Processes/ }).click();
    const row = rowOf(page, burner.pid);
    // Busy neighbours may be above it, but it is at the top end, and the order is by CPU.
    await expect(row).toBeVisible();
    await expect.poll(async () => falling(await numbers(page, 'CPU %'))).toBe(true);
    await expect(row).toContainText('e2e-burner');
  } finally {
    burner.end();
  }
  await expect(rowOf(page, burner.pid)).toHaveCount(0);
  await expect(page.locator('body')).toHaveAttribute('data-mark', 'same page');
});

test('the overview names the machine and shows its sections', async ({ page, node }) => {
  await liveAt(page, node.url);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(hostname().toLowerCase());
  for (const name of ['CPU', 'Memory', 'Top by CPU', 'Top by memory']) {
    await expect(page.getByRole('region', { name, exact: true })).toBeVisible();
  }
  await expect(page.getByRole('region', { name: 'CPU', exact: true })).toContainText(/\d+\s%/);
  await expect(page.getByRole('img').or(page.getByRole('slider')).first()).toBeVisible();
});

test('tab, sort and filter stand in the address and survive a reload', async ({ page, demo }) => {
  await liveAt(page, demo.url);
  await page.getByRole('link', { name: /^Processes/ }).click();
  await expect(page).toHaveURL(`${demo.url}?tab=processes`);
  await grid(page).getByRole('button', { name: 'RES' }).click();
  await page.getByRole('searchbox').fill('user:alice');
  await expect(page).toHaveURL(/tab=processes&sort=resident&q=user%3Aalice$/);
  await page.reload();
  await expect(page.getByRole('searchbox')).toHaveValue('user:alice');
  await expect(grid(page).getByRole('columnheader', { name: 'RES' })).toHaveAttribute(
    'aria-sort',
    'descending',
  );
  await expect(grid(page).locator('[data-key]').first()).toContainText('alice');
  await expect(page.getByRole('link', { name: /^Processes/ })).toHaveAttribute('aria-current', 'page');
});

test('back and forward', async ({ page, demo }) => {
  await liveAt(page, demo.url);
  await page.getByRole('link', { name: /^Processes/ }).click();
  await expect(grid(page)).toBeVisible();
  await page.goto(`${demo.url}host/${DEMO}`);
  await expect(page.getByRole('region', { name: 'CPU', exact: true })).toBeVisible();
  await page.goBack();
  await expect(grid(page)).toBeVisible();
  await page.goBack();
  await expect(page.getByRole('region', { name: 'CPU', exact: true })).toBeVisible();
  await page.goForward();
  await expect(grid(page)).toBeVisible();
  await expect(page).toHaveURL(`${demo.url}?tab=processes`);
});

test('links can be opened in a new tab', async ({ page, context, demo }) => {
  await liveAt(page, demo.url);
  const opened = context.waitForEvent('page');
  await page.getByRole('link', { name: /^Processes/ }).click({ button: 'middle' });
  const other = await opened;
  await expect(grid(other)).toBeVisible();
  await expect(page).toHaveURL(demo.url);
});

test('an unknown host and an unknown page say so', async ({ page, demo }) => {
  await page.goto(`${demo.url}host/no-such-host`);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('No host “no-such-host”');
  await page.goto(`${demo.url}no/such/page`);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('There is no such page');
  await expect(page).toHaveTitle('There is no such page · smonitor');
  await page.getByRole('main').getByRole('link').click();
  await expect(page).toHaveURL(demo.url);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(DEMO);
});

test('works below a path, also from a deep link', async ({ page, start }) => {
  const server = await start({ kind: 'demo', config: { server: { base_path: '/mon/' } } });
  expect(server.url).toMatch(/\/mon\/$/);
  const traffic = new Traffic(page);
  await page.goto(`${server.url}host/${DEMO}?tab=processes&q=user:bob`);
  await expect(grid(page).locator('[data-key]').first()).toContainText('bob');
  await page.reload();
  await expect(grid(page).locator('[data-key]').first()).toContainText('bob');
  await page.getByRole('link', { name: 'Overview' }).click();
  await expect(page).toHaveURL(`${server.url}host/${DEMO}`);
  await expect(page.getByRole('region', { name: 'Memory', exact: true })).toContainText(/\d+\s%/);
  await page.getByRole('banner').getByRole('link').click();
  await expect(page).toHaveURL(server.url);
  for (const url of [...traffic.requests, ...traffic.sockets]) {
    expect(new URL(url).pathname).toMatch(/^\/mon\//);
  }
});

test('the name of the site is in title and header, and is only text', async ({ page, start }) => {
  const site_name = 'Lab <b>7</b> & 日本';
  const server = await start({ kind: 'demo', config: { monitor: { site_name } } });
  await liveAt(page, server.url);
  await expect(page).toHaveTitle(`${DEMO} · ${site_name}`);
  await expect(page.getByRole('banner').getByRole('link')).toHaveText(site_name);
  await expect(page.locator('header b')).toHaveCount(0);
});
