// Cards: the overview's panel, the tab, one card's page, and what each says where something is missing.
import type { Page } from '@playwright/test';
import type { Gpu, HostDocument } from '../src/lib/api/api';
import { columnOf, exported, rowsOf, toolsOf } from './support/grids';
import { rewriteHost } from './support/rewrite';
import type { Server } from './support/server';
import { gpuProcesses, gpuStrip } from './support/tabs';
import { expect, liveAt, test } from './support/test';

const DEMO = 'demo-gpu-07';
const panel = (page: Page, name: string) => page.getByRole('region', { name, exact: true });

async function tab(page: Page, server: Server, query = ''): Promise<void> {
  await liveAt(page, `${server.url}?tab=gpus${query}`);
  await expect(gpuStrip(page)).toBeVisible();
  await page.mouse.move(2, 2);
}

test('the overview says what is free and leads to each card', async ({ page, demo }) => {
  await liveAt(page, demo.url);
  const gpus = panel(page, 'GPUs');
  await expect(gpus).toContainText(/\d+\s*free of 8/);
  await expect(gpuStrip(page).getByRole('link')).toHaveCount(8);
  await expect(gpus.getByRole('row')).toHaveCount(9);
  await expect(gpus).toContainText('fell off the bus');
  await gpus.getByRole('link', { name: 'GPU 3', exact: true }).click();
  await expect(page).toHaveURL(`${demo.url}host/${DEMO}/gpu/3`);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('GPU 3');
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
  await page.goBack();
  await expect(gpus).toBeVisible();
});

test('the tab shows cards or a table, and the address remembers', async ({ page, demo }) => {
  await tab(page, demo);
  const cards = panel(page, 'Cards');
  await expect(cards.getByRole('heading', { level: 3 })).toHaveCount(8);
  await cards.getByRole('button', { name: 'Table' }).click();
  await expect(cards.getByRole('row')).toHaveCount(9);
  await expect(page).toHaveURL(/\?tab=gpus&view=table$/);
  await page.reload();
  await expect(cards.getByRole('row')).toHaveCount(9);
  await cards.getByRole('button', { name: 'Cards' }).click();
  await expect(page).toHaveURL(/\?tab=gpus$/);
});

test('processes are sorted, filtered and grouped, and the address remembers', async ({ page, demo }) => {
  await tab(page, demo);
  const grid = gpuProcesses(page);
  await expect(rowsOf(grid)).toHaveCount(9);
  await grid.getByRole('button', { name: 'GPU mem' }).click();
  await page.mouse.move(2, 2);
  await expect(page).toHaveURL(/sort=memory&dir=desc/);
  const sizes = async () => (await columnOf(grid, 'GPU mem')).map(parseFloat);
  await expect
    .poll(async () => (await sizes()).every((size, at, all) => at === 0 || size <= (all[at - 1] ?? 0)))
    .toBe(true);
  const tools = toolsOf(page, /^Processes on GPUs$/);
  await tools.getByRole('searchbox').fill('user:alice');
  await expect(rowsOf(grid)).toHaveCount(2);
  await expect(page).toHaveURL(/q=user(%3A|:)alice/);
  await tools.getByRole('searchbox').fill('');
  await tools.getByRole('checkbox', { name: 'By container' }).check();
  const tree = page.getByRole('treegrid', { name: 'Processes on GPUs' });
  await expect(tree).toBeVisible();
  await expect(tree.locator('[data-key^="group"]').first()).toHaveAttribute('aria-expanded', 'true');
  await page.reload();
  await expect(tree).toBeVisible();
  await tree.focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowLeft');
  await expect(tree.locator('[data-key^="group"]').first()).toHaveAttribute('aria-expanded', 'false');
});

test('the CSV file holds what is shown, in plain numbers', async ({ page, demo }) => {
  await tab(page, demo, '&q=user%3Aalice');
  const { header, rows } = await exported(page, toolsOf(page, /^Processes on GPUs$/));
  expect(rows).toHaveLength(2);
  for (const row of rows) {
    expect(row[header.indexOf('User')]).toBe('alice');
    expect(row[header.indexOf('GPU mem')]).toMatch(/^\d+$/);
    expect(row[header.indexOf('Since')]).toMatch(/^\d{4}-\d\d-\d\dT/);
  }
});

test('the line to use free cards can be copied', async ({ page, context, demo }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await tab(page, demo);
  await page.getByRole('button', { name: 'Copy CUDA_VISIBLE_DEVICES line' }).click();
  await expect
    .poll(() => page.evaluate(() => navigator.clipboard.readText()))
    .toMatch(/^CUDA_VISIBLE_DEVICES=\d+(,\d+)*$/);
});

test('one card lives, and keys lead to the next one and back', async ({ page, demo }) => {
  await liveAt(page, `${demo.url}host/${DEMO}/gpu/0`);
  const power = panel(page, 'Power and heat');
  const before = await power.innerText();
  await expect(power).not.toHaveText(before, { useInnerText: true, timeout: 20_000 });
  await expect(page.locator('.uplot canvas')).toHaveCount(4);
  await page.keyboard.press(']');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('GPU 1');
  await page.keyboard.press('[');
  await page.keyboard.press('[');
  await expect(page).toHaveURL(/gpu\/7$/);
  await expect(page.getByRole('main')).toContainText('fell off the bus');
  await page.keyboard.press('g');
  await expect(page).toHaveURL(`${demo.url}host/${DEMO}?tab=gpus`);
  await expect(gpuStrip(page)).toBeVisible();
});

test('a number that there is none of is told, with the way to those that there are', async ({
  page,
  demo,
}) => {
  await liveAt(page, `${demo.url}host/${DEMO}/gpu/99`);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('No GPU 99 on this machine');
  await page.getByRole('link', { name: `All GPUs of ${DEMO}` }).click();
  await expect(gpuStrip(page)).toBeVisible();
});

test('on a phone nothing is cut off', async ({ page, demo }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  const over = () =>
    page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  for (const path of ['', '?tab=gpus', '?tab=gpus&view=table', `host/${DEMO}/gpu/1`]) {
    await liveAt(page, demo.url + path);
    await expect(page.getByRole('main')).toContainText(/\/\s80\.0\sGiB/);
    expect(await over(), path).toBeLessThanOrEqual(0);
  }
});

/** Changes what the server says of the cards. */
const rewritten = (page: Page, change: (section: HostDocument['gpus']) => void) =>
  rewriteHost(page, ({ gpus }) => {
    if (gpus) change(gpus);
  });

test('a machine without cards has no panel, and the tab says so', async ({ page, demo }) => {
  await rewritten(page, (section) => (section.value = { absent: 'not_supported' }));
  await liveAt(page, demo.url);
  await expect(panel(page, 'Sensors')).toBeVisible();
  await expect(panel(page, 'GPUs')).toHaveCount(0);
  await page.keyboard.press('g');
  await expect(page.getByRole('heading', { name: 'No GPU on this machine' })).toBeVisible();
});

test('a hung driver leaves the last values, greyed, with their age', async ({ page, demo }) => {
  await rewritten(page, (section) => {
    const at = Date.now() - 90_000;
    Object.assign(section, { taken_at_ms: at, problem: { reason: 'not_responding', since_ms: at } });
  });
  await tab(page, demo);
  await expect(panel(page, 'Cards')).toContainText(/stuck for .* not responding/);
  await expect(panel(page, 'Cards').locator('.body')).toHaveCSS('filter', 'grayscale(1)');
  await expect(panel(page, 'Cards')).toContainText('GiB');
});

test('64 cards are shown as a table', async ({ page, demo }) => {
  await rewritten(page, ({ value }) => {
    if ('absent' in value) return;
    const [first] = value.cards;
    if (first === undefined || value.cards.length > 8) return;
    value.cards = Array.from({ length: 64 }, (_, index): Gpu => ({
      ...first,
      index,
      key: `card ${String(index)}`,
    }));
  });
  await tab(page, demo);
  await expect(gpuStrip(page).getByRole('link')).toHaveCount(64);
  await expect(panel(page, 'Cards').getByRole('row')).toHaveCount(65);
});
