// The map of hosts, and the way from one host to another, on a made-up cluster.
import type { Page } from '@playwright/test';
import type { OverviewDocument } from '../src/lib/api/api';
import { violations } from './support/axe';
import { rewriteHost } from './support/rewrite';
import type { Server } from './support/server';
import { expect, liveAt, test } from './support/test';

const map = (page: Page) => page.getByRole('listbox', { name: /^Map of all hosts/ });

async function openMap(page: Page, server: Server): Promise<void> {
  await liveAt(page, `${server.url}?view=map`);
  await expect(map(page)).toBeVisible();
}

const overview = async (server: Server): Promise<OverviewDocument> =>
  (await (await fetch(new URL('api/v1/hosts', server.url))).json()) as OverviewDocument;

test('walks from host to host by arrow keys and opens one', async ({ page, cluster }) => {
  await openMap(page, cluster);
  await map(page).focus();
  await page.keyboard.press('ArrowRight');
  const option = map(page).getByRole('option');
  await expect(option).toHaveAttribute('aria-selected', 'true');
  const first = await option.textContent();
  await page.keyboard.press('ArrowRight');
  await expect(option).toHaveAttribute('aria-posinset', '2');
  await expect(option).not.toHaveText(first ?? '');
  const { hosts } = await overview(cluster);
  await expect(option).toHaveAttribute('aria-setsize', String(hosts.length));
  const name = ((await option.textContent()) ?? '').split(',')[0] ?? '';
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/host\//);
  await expect(page.getByRole('heading', { level: 1, name, exact: true })).toBeVisible();
});

test('tells of the host under the pointer, and leads to it', async ({ page, cluster }) => {
  await openMap(page, cluster);
  const box = await page.locator('canvas[aria-hidden]').first().boundingBox();
  if (box === null) throw new Error('there is no map');
  await page.mouse.move(box.x + 4, box.y + 30);
  const spot = page.locator('a.spot');
  await expect(spot).toBeVisible();
  const to = await spot.getAttribute('href');
  await page.mouse.down();
  await page.mouse.up();
  await expect(page).toHaveURL(new RegExp(`${to ?? '?'}$`));
});

test('is there in words', async ({ page, cluster }) => {
  await openMap(page, cluster);
  await page.getByText('The map as text').click();
  const { hosts } = await overview(cluster);
  await expect(page.locator('details').getByRole('listitem')).toHaveCount(hosts.length);
});

test('has nothing that axe finds', async ({ page, cluster }) => {
  test.setTimeout(90_000);
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width: colorScheme === 'light' ? 1440 : 390, height: 900 });
    await openMap(page, cluster);
    found.push(...(await violations(page, colorScheme)));
  }
  expect(found).toEqual([]);
});

test('from a host another one is found by name, and its neighbours by key', async ({ page, cluster }) => {
  const { hosts } = await overview(cluster);
  const [one, other] = hosts.filter(({ status }) => status.state === 'up');
  if (one === undefined || other === undefined) throw new Error('too few hosts');
  await liveAt(page, `${cluster.url}host/${one.key}`);
  await page.getByRole('button', { name: one.status.name }).click();
  const dialog = page.getByRole('dialog', { name: 'Go to another host' });
  await dialog.getByRole('searchbox').fill(other.status.name);
  await expect(dialog.getByRole('link').first()).toContainText(other.status.name);
  await expect(dialog.getByRole('link').first()).toContainText(/%/);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: other.status.name, exact: true })).toBeVisible();
  await page.keyboard.press('l');
  await expect(page.getByRole('heading', { level: 1, name: other.status.name, exact: true })).toBeHidden();
  await page.keyboard.press('h');
  await expect(page.getByRole('heading', { level: 1, name: other.status.name, exact: true })).toBeVisible();
});

test('a host that gives no news says why, since when, and what to do', async ({ page, cluster }) => {
  const { hosts } = await overview(cluster);
  const [host] = hosts;
  if (host === undefined) throw new Error('there is no host');
  await rewriteHost(page, (part) => {
    if (part.status === undefined) return;
    const since = Date.now() - 190_000;
    Object.assign(part.status, {
      state: 'down',
      state_since_ms: since,
      trouble: { kind: 'other_host', since_ms: since, detail: '<b>gpu-42</b>' },
      clock_ahead_ms: 185_000,
    });
  });
  await liveAt(page, `${cluster.url}host/${host.key}`);
  const banner = page.getByRole('region', { name: 'down' });
  await expect(banner).toContainText(/Down for 3\smin/);
  await expect(banner).toContainText(/another host answers at its address \(<b>gpu-42<\/b>\)/);
  await expect(banner).toContainText('What to do:');
  await expect(banner).toContainText(/Its clock is 3\smin ahead/);
  await expect(page.locator('.view.old')).toHaveCSS('filter', 'grayscale(1)');
});

test('a host that is not in the cluster is not found', async ({ page, cluster }) => {
  await page.goto(`${cluster.url}host/no-such-host`);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('No host “no-such-host”');
});
