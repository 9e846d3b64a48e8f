// What a guest sees of the tabs: load, and nothing that names anybody or leads to a machine.
import type { Page } from '@playwright/test';
import { columnOf, rowsOf } from './support/grids';
import type { Server } from './support/server';
import { TABS, filesystems, interfaces, tabLink, tabs } from './support/tabs';
import { Traffic } from './support/traffic';
import { expect, liveAt, test } from './support/test';

const DEMO = 'demo-gpu-07';
const GUEST = { kind: 'demo', config: { auth: { mode: 'none', role: 'guest' } } } as const;
/** What members see of the demo: people, addresses, machines, places. */
const NAMES =
  /alice|carol|10\.20\.0\.17|192\.0\.2\.|198\.51\.100|2001:db8|02:00:5e|nas-0|\/home|\/mnt|\/opt|\/scratch|backup-home|energy_uj/;

async function open(page: Page, server: Server, id: string): Promise<void> {
  await liveAt(page, `${server.url}?tab=${id}`);
  await expect(tabs(page)).toBeVisible();
}

test('there is no tab of users, and its address leads to the overview', async ({ page, start }) => {
  const server = await start(GUEST);
  await open(page, server, 'users');
  await expect(page.getByRole('region', { name: 'CPU', exact: true })).toContainText(/\d+\s%/);
  await expect(tabs(page).locator('[aria-current="page"]')).toHaveText('Overview');
  await expect(tabLink(page, { link: /^Users/ })).toHaveCount(0);
  await expect(page.getByRole('region', { name: 'Logged in' })).toHaveCount(0);
  await expect(tabs(page).getByRole('link')).toHaveText([
    'Overview',
    /^GPUs/,
    'Storage',
    'Network',
    'Sensors',
    'Health',
  ]);
  await page.keyboard.press('u');
  await expect(page).not.toHaveURL(/users.*users/);
  await expect(page.getByRole('region', { name: 'CPU', exact: true })).toBeVisible();
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog').getByText('Users', { exact: true })).toHaveCount(0);
});

test('every tab of a guest is without names, in the page and in the bytes', async ({ page, start }) => {
  test.setTimeout(90_000);
  const server = await start(GUEST);
  const traffic = new Traffic(page);
  for (const { id, ready } of TABS.filter(({ id }) => id !== 'users' && id !== 'containers')) {
    await open(page, server, id);
    await expect(ready(page)).toBeVisible();
    const text = await page.locator('html').innerHTML();
    expect(NAMES.exec(text)?.[0], id).toBeUndefined();
  }
  const frames = traffic.frames(`host/${DEMO}`);
  await expect.poll(() => traffic.frames(`host/${DEMO}`)).toBeGreaterThan(frames + 2);
  expect(NAMES.exec(JSON.stringify(traffic.received))?.[0]).toBeUndefined();
  const answer = await fetch(new URL(`api/v1/hosts/${DEMO}`, server.url));
  expect(NAMES.exec(await answer.text())?.[0]).toBeUndefined();
});

test('a guest sees the filesystems of the system, the rates, and why the rest is not there', async ({
  page,
  start,
}) => {
  const server = await start(GUEST);
  await open(page, server, 'storage');
  await expect(rowsOf(filesystems(page)).first()).toBeVisible();
  expect((await columnOf(filesystems(page), 'Group')).filter((group) => group === 'Others')).toEqual([]);
  await expect(rowsOf(filesystems(page)).first()).toContainText(/\d+\s%/);

  await open(page, server, 'network');
  const row = rowsOf(interfaces(page)).first();
  await expect(row).toContainText(/bit\/s/);
  await expect(row).toContainText('hidden: your role may not see it');
  await row.click();
  await expect(page.getByRole('dialog')).toContainText('hidden: your role may not see it');
  await page.keyboard.press('Escape');

  await open(page, server, 'health');
  await expect(page.getByText('What exactly is missing is shown to members only.').first()).toBeVisible();
  await expect(page.getByRole('region', { name: 'Failed services' })).toContainText(
    'hidden: your role may not see it',
  );
  await expect(page.getByRole('button', { name: 'Copy command' })).toHaveCount(0);
});
