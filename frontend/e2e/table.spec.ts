// The process table: sort, filter, columns, CSV, tree, the pause under the pointer, the drawer.
import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { expect, liveAt, test } from './support/test';
import { column, falling, grid, numbers, rising, rowOf, rows, run } from './support/processes';

test.beforeEach(async ({ page, demo }) => {
  await liveAt(page, `${demo.url}?tab=processes`);
  await expect(rows(page).first()).toBeVisible();
});

const header = (page: Page, name: string) => grid(page).getByRole('columnheader', { name });
const away = (page: Page) => page.mouse.move(2, 2);
const filter = (page: Page) => page.getByRole('searchbox');

test('a click on a header sorts, another reverses', async ({ page }) => {
  await expect(header(page, 'CPU %')).toHaveAttribute('aria-sort', 'descending');
  await grid(page).getByRole('button', { name: 'Thr' }).click();
  await expect(header(page, 'Thr')).toHaveAttribute('aria-sort', 'descending');
  await expect(header(page, 'CPU %')).toHaveAttribute('aria-sort', 'none');
  await away(page);
  await expect.poll(async () => falling(await numbers(page, 'Thr'))).toBe(true);
  await grid(page).getByRole('button', { name: 'Thr' }).click();
  await away(page);
  await expect(header(page, 'Thr')).toHaveAttribute('aria-sort', 'ascending');
  await expect.poll(async () => rising(await numbers(page, 'Thr'))).toBe(true);
  await expect(page).toHaveURL(/sort=threads&dir=asc/);
});

test('headers and rows work by keyboard', async ({ page }) => {
  await grid(page).getByRole('button', { name: 'PID' }).focus();
  await page.keyboard.press('Enter');
  await expect(header(page, 'PID')).toHaveAttribute('aria-sort', 'ascending');
  await expect.poll(async () => rising(await numbers(page, 'PID'))).toBe(true);
  await page.keyboard.press('Space');
  await expect(header(page, 'PID')).toHaveAttribute('aria-sort', 'descending');
  await grid(page).focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  const active = grid(page).locator('[aria-selected="true"]');
  await expect(active).toHaveAttribute('aria-rowindex', '4');
  await expect(grid(page)).toHaveAttribute('aria-activedescendant', (await active.getAttribute('id')) ?? '-');
  await page.keyboard.press('End');
  const count = Number(await grid(page).getAttribute('aria-rowcount'));
  expect(count).toBeGreaterThan(500);
  await expect(active).toHaveAttribute('aria-rowindex', String(count));
  await expect(active).toBeInViewport();
});

test('the filter understands its fields', async ({ page }) => {
  const shown = page.getByRole('search').locator('.count');
  await filter(page).fill('user:alice');
  await expect.poll(() => column(page, 'User')).not.toContain('root');
  expect(new Set(await column(page, 'User'))).toEqual(new Set(['alice']));
  await filter(page).fill('user:alice,bob cpu:>50');
  await away(page);
  await expect.poll(async () => (await numbers(page, 'CPU %')).every((value) => value > 50)).toBe(true);
  for (const user of await column(page, 'User')) expect(['alice', 'bob']).toContain(user);
  await filter(page).fill('pid:1');
  await expect(rows(page)).toHaveCount(1);
  await expect(rows(page)).toContainText('/sbin/init');
  await expect(shown).toHaveText(/^1 of \d+$/);
  await filter(page).fill('"rpc.mountd" state:sleeping');
  await expect(rows(page)).toHaveCount(1);
  await expect(page.getByRole('status').filter({ hasText: /^1 of \d+ rows shown$/ })).toBeAttached();
});

test('nothing found says what was searched, and clears', async ({ page }) => {
  await filter(page).fill('user:nobody-of-that-name');
  await expect(page.getByText('Nothing matches “user:nobody-of-that-name”.')).toBeVisible();
  await expect(rows(page)).toHaveCount(0);
  await page.getByRole('button', { name: 'Clear filter' }).click();
  await expect(filter(page)).toHaveValue('');
  await expect(rows(page).nth(10)).toBeVisible();
  await expect(page).not.toHaveURL(/q=/);
  await filter(page).fill('zzz');
  await filter(page).press('Escape');
  await expect(filter(page)).toHaveValue('');
});

test('columns can be chosen, are remembered, and come back', async ({ page }) => {
  const open = () => page.getByRole('button', { name: /^Columns/ }).click();
  const menu = page.getByRole('group', { name: 'Columns' });
  await open();
  await menu.getByRole('checkbox', { name: /^NI/ }).check();
  await menu.getByRole('checkbox', { name: /^VIRT/ }).uncheck();
  await page.keyboard.press('Escape');
  await expect(menu).toBeHidden();
  await expect(header(page, 'NI')).toBeVisible();
  await expect(header(page, 'VIRT')).toHaveCount(0);
  await page.reload();
  await expect(header(page, 'NI')).toBeVisible();
  await expect(header(page, 'VIRT')).toHaveCount(0);
  await open();
  await menu.getByRole('button', { name: 'Default columns' }).click();
  await expect(header(page, 'VIRT')).toBeVisible();
  await expect(header(page, 'NI')).toHaveCount(0);
});

test('the order stands still under the pointer, values do not', async ({ page }) => {
  const pids = () => column(page, 'PID');
  const chip = page.getByText('Sorting paused');
  await away(page);
  await expect(chip).toBeHidden();
  await rows(page).nth(4).hover();
  await expect(chip).toBeVisible();
  const [order, values] = [await pids(), await column(page, 'CPU %')];
  await expect.poll(() => column(page, 'CPU %')).not.toEqual(values);
  expect((await pids()).slice(0, 20)).toEqual(order.slice(0, 20));
  await expect.poll(async () => falling(await numbers(page, 'CPU %'))).toBe(false);
  expect((await pids()).slice(0, 20)).toEqual(order.slice(0, 20));
  await away(page);
  await expect(chip).toBeHidden();
  await expect.poll(async () => falling(await numbers(page, 'CPU %'))).toBe(true);
});

test('the table fits the window: one scroll bar, not two', async ({ page }) => {
  const over = () => page.evaluate(() => document.documentElement.scrollHeight - innerHeight);
  await expect.poll(over).toBeLessThanOrEqual(0);
  await expect(grid(page)).toBeInViewport({ ratio: 1 });
});

test('the tree shows children below their parents', async ({ page }) => {
  await page.getByRole('checkbox', { name: 'Tree' }).check();
  const tree = page.getByRole('treegrid', { name: 'Processes' });
  await expect(tree).toBeVisible();
  await expect(page).toHaveURL(/tree=1/);
  const parent = tree.locator('[aria-expanded="true"]').first();
  await expect(parent).toHaveAttribute('aria-level', '1');
  const all = Number(await tree.getAttribute('aria-rowcount'));
  await tree.focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowLeft');
  await expect.poll(async () => Number(await tree.getAttribute('aria-rowcount'))).toBeLessThan(all);
  await page.keyboard.press('ArrowRight');
  await expect(parent).toHaveAttribute('aria-expanded', 'true');
});

test('the drawer shows one process, leads to its parents and gives the focus back', async ({ page }) => {
  await filter(page).fill('pid:>1000 user:alice');
  await rows(page).first().click();
  const drawer = page.getByRole('dialog');
  const title = drawer.getByRole('heading', { level: 2 });
  await expect(title).toHaveText(/^Process \d+$/);
  await expect(drawer).toContainText('alice');
  const first = await title.innerText();
  await drawer.getByRole('button', { name: 'Copy command' }).click();
  await expect(drawer.getByRole('status')).toHaveText('Copied');
  await drawer.getByRole('listitem').first().getByRole('button').click();
  await expect(title).not.toHaveText(first);
  await page.keyboard.press('Escape');
  await expect(drawer).toHaveCount(0);
  await expect(grid(page)).toBeFocused();
});

test('the drawer says when its process has ended', async ({ page, node }) => {
  const sleeper = run('/bin/sleep', 'e2e-sleeper', ['120']);
  await liveAt(page, `${node.url}?tab=processes&q=pid:${String(sleeper.pid)}`);
  await rowOf(page, sleeper.pid).click();
  const drawer = page.getByRole('dialog');
  await expect(drawer).toContainText('e2e-sleeper');
  sleeper.end();
  await expect(drawer).toContainText('This process has ended.');
  await expect(drawer).toContainText('e2e-sleeper');
});

test('the CSV file holds what is shown, and no formula', async ({ page, node }) => {
  const evil = run('/bin/sleep', '=HYPERLINK("http://evil.example","a")', ['121']);
  try {
    await liveAt(page, `${node.url}?tab=processes&q=pid:${String(evil.pid)}`);
    await expect(rowOf(page, evil.pid)).toContainText('HYPERLINK');
    const downloading = page.waitForEvent('download');
    await page.getByRole('button', { name: 'CSV' }).click();
    const download = await downloading;
    expect(download.suggestedFilename()).toBe('Processes.csv');
    const text = await readFile(await download.path(), 'utf8');
    const lines = text.replace(/^\uFEFF/, '').split('\r\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^PID,User,Where,State,CPU %,/);
    expect(lines[1]).toMatch(new RegExp(`^${String(evil.pid)},`));
    expect(lines[1]).toContain(`"'=HYPERLINK(""http://evil.example"",""a"") 121"`);
  } finally {
    evil.end();
  }
});
