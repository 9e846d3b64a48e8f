// Interfaces: which are shown, sort, filter, file, details.
import type { Page } from '@playwright/test';
import { columnOf, exported, rowWith, rowsOf, toolsOf } from './support/grids';
import type { Server } from './support/server';
import { interfaces } from './support/tabs';
import { expect, liveAt, test } from './support/test';

const tools = (page: Page) => toolsOf(page, /^Interfaces$/);
const away = (page: Page) => page.mouse.move(2, 2);

async function network(page: Page, server: Server, query = ''): Promise<void> {
  await liveAt(page, `${server.url}?tab=network${query}`);
  await expect(rowsOf(interfaces(page)).first()).toBeVisible();
  await away(page);
}

test('those that reach other machines are shown, the others are a tick away', async ({ page, demo }) => {
  await network(page, demo);
  const grid = interfaces(page);
  const names = () => columnOf(grid, 'Name');
  await expect.poll(names).toEqual(['bond0', 'eno1', 'ib0']);
  const others = tools(page).getByRole('checkbox', { name: /^Others/ });
  await others.check();
  await expect.poll(names).toContain('lo');
  await expect(page).toHaveURL(/tab=network&others=1$/);
  await page.reload();
  await expect(others).toBeChecked();
  await expect.poll(names).toContain('docker0');
  await others.uncheck();
  await expect.poll(names).toEqual(['bond0', 'eno1', 'ib0']);
  // What is looked for is found wherever it is.
  await tools(page).getByRole('searchbox').fill('kind:pair');
  await expect.poll(async () => (await names()).every((name) => name.startsWith('veth'))).toBe(true);
  await tools(page).getByRole('searchbox').fill('198.51.100.17');
  await expect.poll(names).toEqual(['ib0']);
});

test('interfaces are sorted, and the address remembers', async ({ page, demo }) => {
  await network(page, demo, '&others=1');
  const grid = interfaces(page);
  await grid.getByRole('button', { name: 'Drops' }).click();
  await away(page);
  await expect(grid.getByRole('columnheader', { name: 'Drops' })).toHaveAttribute('aria-sort', 'descending');
  // One of them loses packets.
  await expect.poll(async () => (await columnOf(grid, 'Name'))[0]).toBe('enp129s0f1np1');
  await expect.poll(async () => (await columnOf(grid, 'Drops'))[0]).toMatch(/\d/);
  await grid.getByRole('button', { name: 'Name' }).click();
  await grid.getByRole('button', { name: 'Name' }).click();
  await away(page);
  await expect(page).toHaveURL(/dir=desc/);
  await expect.poll(async () => (await columnOf(grid, 'Name'))[0]).toBe('vethd04c8e2');
});

test('the CSV file holds what is shown, in plain numbers', async ({ page, demo }) => {
  await network(page, demo);
  const { fileName, header, rows } = await exported(page, tools(page));
  expect(fileName).toBe('Interfaces.csv');
  const field = (row: readonly string[] | undefined, name: string) => row?.[header.indexOf(name)] ?? '';
  expect(rows.map((row) => [field(row, 'Name'), field(row, 'Kind'), field(row, 'State')])).toEqual([
    ['bond0', 'bond', 'up'],
    ['eno1', 'card', 'up'],
    ['ib0', 'infiniband', 'up'],
  ]);
  expect(field(rows[0], 'Addresses')).toBe('10.20.0.17/24 2001:db8:20::17/64');
  expect(field(rows[0], 'Speed')).toBe('200000000000');
  expect(field(rows[0], 'MAC')).toMatch(/^02(:[0-9a-f]{2}){5}$/);
  for (const row of rows) {
    for (const name of ['↓ now', '↑ now', '↓ total', '↑ total', 'MTU', 'Drops'])
      expect(field(row, name), name).toMatch(/^\d+(\.\d+)?$/);
  }
});

test('the details of an interface live, and give the focus back', async ({ page, demo }) => {
  await network(page, demo);
  const grid = interfaces(page);
  await grid.focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'bond0' });
  await expect(dialog).toContainText('10.20.0.17/24');
  await expect(dialog).toContainText(/9,?000/);
  const table = dialog.getByRole('group', { name: 'bond0' });
  const before = await table.innerText();
  await expect(table).not.toHaveText(before, { useInnerText: true, timeout: 20_000 });
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(grid).toBeFocused();
  await rowWith(grid, 'ib0').click();
  await expect(page.getByRole('dialog', { name: 'ib0' })).toBeVisible();
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
  await expect(grid).toBeFocused();
});

test('an address can be copied from the overview', async ({ page, context, demo }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await liveAt(page, demo.url);
  const panel = page.getByRole('region', { name: 'Network', exact: true });
  await panel.getByRole('button', { name: 'Copy Address' }).first().click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe('10.20.0.17');
});

test('connections are counted by state', async ({ page, demo }) => {
  await network(page, demo);
  const sockets = page.getByRole('region', { name: 'Connections', exact: true });
  await expect(sockets).toContainText(/established\s*\d{3}/);
  await expect(sockets).toContainText(/UDP in use\s*\d+/);
});
