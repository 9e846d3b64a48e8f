// Where can I run now: the finder of free cards and the table of all of them, on a made-up cluster.
import type { Page } from '@playwright/test';
import type { FreeBody, OverviewDocument } from '../src/lib/api/api';
import { violations } from './support/axe';
import { columnOf, exported, gridOf, rowsOf, toolsOf } from './support/grids';
import type { Server } from './support/server';
import { expect, liveAt, test } from './support/test';

const finder = (page: Page) => page.getByRole('region', { name: 'Find free GPUs' });
const offers = (page: Page) => finder(page).getByRole('row').filter({ hasText: 'CUDA_VISIBLE_DEVICES=' });
const fleet = (page: Page) => gridOf(page, /All GPUs/);

async function open(page: Page, server: Server, query = ''): Promise<void> {
  await liveAt(page, `${server.url}gpus${query}`);
  await expect(finder(page)).toBeVisible();
}

async function overview(server: Server): Promise<OverviewDocument> {
  const answer = await fetch(new URL('api/v1/hosts', server.url));
  return (await answer.json()) as OverviewDocument;
}

/** Hosts with so many free whole cards of one model, as the server's lines have it. */
function hostsWith({ hosts }: OverviewDocument, wanted: number): string[] {
  return hosts
    .filter(({ status, cards, card_status }) => {
      if (status.state !== 'up' || !Array.isArray(cards)) return false;
      const counts = new Map<string, number>();
      cards.forEach(({ model, slices }, at) => {
        if (card_status[at]?.state === 'free' && slices.length === 0)
          counts.set(JSON.stringify(model), (counts.get(JSON.stringify(model)) ?? 0) + 1);
      });
      return Math.max(0, ...counts.values()) >= wanted;
    })
    .map(({ status }) => status.name);
}

test('offers hosts that have what is asked for, with the lines to copy', async ({ page, cluster }) => {
  await open(page, cluster, '?n=2');
  await expect(offers(page).first()).toBeVisible();
  const expected = hostsWith(await overview(cluster), 2);
  const first = await offers(page).first().getByRole('link').first().innerText();
  expect(expected).toContain(first);
  await expect(offers(page).first()).toContainText(/ssh \S+/);
  await expect(offers(page).first()).toContainText(/CUDA_VISIBLE_DEVICES=\d+,\d+/);
  await expect(finder(page)).toContainText(/→\s*\d+ hosts? fits?/);
});

test('answers as the server does', async ({ page, cluster }) => {
  const answer = await fetch(new URL('api/v1/gpus/free?gpus=2', cluster.url));
  expect(answer.status).toBe(200);
  const { offers: told } = (await answer.json()) as FreeBody;
  await open(page, cluster, '?n=2');
  await expect(offers(page).first()).toBeVisible();
  const shown = await offers(page).getByRole('rowheader').allInnerTexts();
  // Cards come and go between the two questions: most of them agree, and begin with the same kind.
  const names = told.slice(0, shown.length).map(({ name }) => name);
  expect(shown.filter((name) => names.includes(name.trim())).length).toBeGreaterThanOrEqual(
    Math.ceil(shown.length * 0.6),
  );
});

test('the question stands in the address, and comes back from it', async ({ page, cluster }) => {
  await open(page, cluster);
  await finder(page).getByLabel('Number of GPUs').fill('3');
  await finder(page).getByLabel('Free memory on each, GiB').fill('20');
  await finder(page).getByLabel('on one host').uncheck();
  await expect(page).toHaveURL(/n=3/);
  await expect(page).toHaveURL(/mem=20/);
  await expect(page).toHaveURL(/same=0/);
  await page.reload();
  await expect(finder(page).getByLabel('Number of GPUs')).toHaveValue('3');
  await expect(finder(page).getByLabel('Free memory on each, GiB')).toHaveValue('20');
  await expect(finder(page).getByLabel('on one host')).not.toBeChecked();
});

test('says what comes closest where nothing fits', async ({ page, cluster }) => {
  await open(page, cluster, '?n=64');
  await expect(finder(page)).toContainText('nothing fits');
  await expect(finder(page)).toContainText('The most that one host has free is');
  await finder(page)
    .getByRole('button', { name: /^Ask for \d+$/ })
    .click();
  await expect(offers(page).first()).toBeVisible();
  await open(page, cluster, '?mem=4000');
  await expect(finder(page)).toContainText(/nothing fits/);
});

test('a line is copied where the browser offers no clipboard', async ({ page, cluster }) => {
  await page.addInitScript(() => {
    Object.defineProperty(navigator, 'clipboard', { value: undefined });
  });
  await open(page, cluster);
  const line = await offers(page).first().locator('code').last().innerText();
  await offers(page)
    .first()
    .getByRole('button', { name: /CUDA_VISIBLE_DEVICES/ })
    .click();
  await expect(offers(page).first().getByRole('status').last()).toHaveText(/Copied|Selected/);
  expect(await page.evaluate(() => String(getSelection()))).toBe(line);
});

test('models that are ticked are shown, and no others', async ({ page, cluster }) => {
  await open(page, cluster);
  await expect(rowsOf(fleet(page)).first()).toBeVisible();
  const box = page.getByRole('group', { name: 'Show only these models' }).getByRole('checkbox').first();
  await box.check();
  await expect(page).toHaveURL(/models=/);
  await expect.poll(async () => new Set(await columnOf(fleet(page), 'Model')).size).toBe(1);
  await page.reload();
  await expect(box).toBeChecked();
  await box.uncheck();
  await expect(page).not.toHaveURL(/models=/);
});

test('all cards are filtered, sorted and exported', async ({ page, cluster }) => {
  await open(page, cluster, '?q=state:free');
  await expect(rowsOf(fleet(page)).first()).toBeVisible();
  expect(new Set(await columnOf(fleet(page), 'State'))).toEqual(new Set(['free']));
  await fleet(page).getByRole('columnheader', { name: 'Memory free' }).getByRole('button').click();
  await expect(page).toHaveURL(/sort=free&dir=desc/);
  const file = await exported(page, toolsOf(page, /All GPUs/));
  expect(file.header.slice(0, 2)).toEqual(['Host', 'GPU']);
  const names = (await overview(cluster)).hosts.map(({ status }) => status.name);
  expect(file.rows.every(([host]) => names.includes(host ?? ''))).toBe(true);
});

test('a guest sees cards and no people', async ({ page, start }) => {
  const server = await start({
    kind: 'demo',
    nodes: 40,
    gpus: 8,
    config: { auth: { mode: 'none', role: 'guest' } },
  });
  await open(page, server);
  await expect(rowsOf(fleet(page)).first()).toBeVisible();
  await expect(fleet(page).getByRole('columnheader', { name: 'Users' })).toHaveCount(0);
});

test('has nothing that axe finds', async ({ page, cluster }) => {
  test.setTimeout(90_000);
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [390, 1440]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      await open(page, cluster, '?n=2');
      found.push(...(await violations(page, `${colorScheme} ${String(width)}`)));
    }
  }
  expect(found).toEqual([]);
});
