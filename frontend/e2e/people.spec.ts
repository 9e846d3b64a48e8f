// Who is on what: the board of users and the page of one, on a made-up cluster.
import type { Page } from '@playwright/test';
import type { OverviewDocument } from '../src/lib/api/api';
import { violations } from './support/axe';
import { rowsOf } from './support/grids';
import { expect, liveAt, test } from './support/test';

const board = (page: Page) => page.getByRole('treegrid', { name: 'Who is on which GPU' });
const flat = (page: Page) => page.getByRole('grid', { name: 'Who is on which GPU' });

async function namesOf(url: string): Promise<string[]> {
  const { hosts } = (await (await fetch(new URL('api/v1/hosts', url))).json()) as OverviewDocument;
  return [
    ...new Set(
      hosts.flatMap(({ users }) =>
        Array.isArray(users) ? users.flatMap(({ user }) => (typeof user === 'string' ? [user] : [])) : [],
      ),
    ),
  ];
}

test('the board has users above their cards, and all there is of each', async ({ page, cluster }) => {
  await liveAt(page, `${cluster.url}users`);
  await expect(rowsOf(board(page)).first()).toContainText(/\d+ GPUs?.*\d+ process/s);
  const names = await namesOf(cluster.url);
  expect(names).toContain((await rowsOf(board(page)).first().getByRole('link').first().innerText()).trim());
  await expect(
    board(page)
      .getByRole('link', { name: /^GPU \d+$/ })
      .first(),
  ).toHaveAttribute('href', /\/host\/.+\/gpu\/\d+$/);
});

test('by card it is sorted by any column', async ({ page, cluster }) => {
  await liveAt(page, `${cluster.url}users`);
  await page.getByRole('button', { name: 'By GPU' }).click();
  await expect(page).toHaveURL(/by=gpu/);
  await expect(rowsOf(flat(page)).first()).toBeVisible();
  await flat(page).getByRole('columnheader', { name: 'User' }).getByRole('button').click();
  await expect(page).toHaveURL(/sort=user/);
  const users = await rowsOf(flat(page)).evaluateAll((rows) =>
    rows.map((row) => row.querySelector('[role="gridcell"]')?.textContent.trim() ?? ''),
  );
  const compare = new Intl.Collator('en', { numeric: true }).compare;
  expect(users).toEqual([...users].sort(compare));
});

test('who I am is remembered, and mine stand on top', async ({ page, cluster }) => {
  await liveAt(page, `${cluster.url}users`);
  const [name = ''] = await namesOf(cluster.url);
  await page.getByLabel('I am').selectOption(name);
  const mine = page.getByRole('region', { name: 'Mine' });
  await expect(mine.getByRole('link', { name, exact: true })).toBeVisible();
  await expect(mine.getByRole('row').nth(1)).toBeVisible();
  await page.reload();
  await expect(mine).toBeVisible();
  await mine.getByRole('link', { name, exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
  await expect(page.getByText('This is you')).toBeVisible();
  await page.getByRole('button', { name: 'Somebody else' }).click();
  await expect(page.getByRole('button', { name: 'This is me' })).toBeVisible();
});

test('a user who is on no card is said to be so, whatever the name', async ({ page, cluster }) => {
  for (const name of ['nobody-at-all', '<img src=x onerror="window.pwned=1">', '../../etc']) {
    await liveAt(page, `${cluster.url}users/${encodeURIComponent(name)}`);
    await expect(page.getByRole('heading', { level: 1 })).toContainText(`“${name}” is on no GPU now`);
    expect(await page.evaluate(() => 'pwned' in window)).toBe(false);
  }
});

test('guests are told that they may not see people', async ({ page, start }) => {
  const server = await start({
    kind: 'demo',
    nodes: 10,
    gpus: 8,
    config: { auth: { mode: 'none', role: 'guest' } },
  });
  for (const path of ['users', 'users/alice']) {
    await liveAt(page, server.url + path);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Guests do not see who is on the GPUs');
  }
  await page.getByRole('link', { name: 'To the GPUs' }).click();
  await expect(page).toHaveURL(/\/gpus$/);
});

test('has nothing that axe finds', async ({ page, cluster }) => {
  test.setTimeout(90_000);
  const [name = ''] = await namesOf(cluster.url);
  const found: string[] = [];
  for (const path of ['users', 'users?by=gpu', `users/${encodeURIComponent(name)}`, 'users/nobody-at-all']) {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width: colorScheme === 'light' ? 1440 : 390, height: 900 });
      await liveAt(page, cluster.url + path);
      found.push(...(await violations(page, `${path} ${colorScheme}`)));
    }
  }
  expect(found).toEqual([]);
});
