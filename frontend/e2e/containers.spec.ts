// Containers: who makes them known, what they use, their processes on cards, sort, filter, file, details.
import type { Page } from '@playwright/test';
import { columnOf, exported, rowWith, rowsOf, toolsOf } from './support/grids';
import { rewriteHost } from './support/rewrite';
import { rows as processes } from './support/processes';
import type { Server } from './support/server';
import { containers, tabLink, tabs } from './support/tabs';
import { expect, liveAt, test } from './support/test';

const tools = (page: Page) => toolsOf(page, /^Containers$/);
const away = (page: Page) => page.mouse.move(2, 2);

async function open(page: Page, server: Server, query = ''): Promise<void> {
  await liveAt(page, `${server.url}?tab=containers${query}`);
  await expect(rowsOf(containers(page)).first()).toBeVisible();
  await away(page);
}

test('are in the order of their names, and stay there', async ({ page, demo }) => {
  await open(page, demo);
  const names = () => columnOf(containers(page), 'Name');
  const before = await names();
  expect(before.length).toBeGreaterThan(5);
  await expect(tabLink(page, { link: /^Containers/ })).toHaveText(new RegExp(`${String(before.length)}$`));
  // Values change, and no row moves.
  const shown = await containers(page).innerText();
  await expect(containers(page)).not.toHaveText(shown, { useInnerText: true, timeout: 20_000 });
  expect(await names()).toEqual(before);
});

test('are sorted and filtered, and the address remembers', async ({ page, demo }) => {
  await open(page, demo);
  await containers(page).getByRole('button', { name: 'OOM kills' }).click();
  await away(page);
  await expect(page).toHaveURL(/sort=kills&dir=desc/);
  await expect.poll(async () => (await columnOf(containers(page), 'Name'))[0]).toContain('preprocess');
  await tools(page).getByRole('searchbox').fill('runtime:lxc');
  await expect(rowsOf(containers(page))).toHaveCount(1);
  await page.reload();
  await expect(rowsOf(containers(page))).toHaveCount(1);
  await expect(tools(page).getByRole('searchbox')).toHaveValue('runtime:lxc');
});

test('an engine that does not answer is told of, with what to do', async ({ page, demo }) => {
  await open(page, demo);
  const engines = page.getByRole('list', { name: 'Engines' });
  await expect(engines.getByRole('listitem').first()).toContainText('answers');
  await expect(engines).toContainText('may not open the socket');
  // What it would name goes by its short id.
  const nameless = rowWith(containers(page), 'Podman');
  await expect(nameless).toContainText(/[0-9a-f]{12}/);
});

test('the CSV file holds plain numbers', async ({ page, demo }) => {
  await open(page, demo);
  const { fileName, header, rows } = await exported(page, tools(page));
  expect(fileName).toBe('Containers.csv');
  const field = (row: readonly string[], name: string) => row[header.indexOf(name)] ?? '';
  for (const row of rows) expect(field(row, 'Memory'), row.join()).toMatch(/^\d+$/);
  const serving = rows.find((row) => field(row, 'Name') === 'llm-serve') ?? [];
  expect(field(serving, 'State')).toBe('running');
  expect(field(serving, 'GPUs')).toBe('2');
  expect(field(serving, 'Since')).toMatch(/^\d{4}-\d\d-\d\dT/);
});

test('the details lead to the processes, and give the focus back', async ({ page, demo }) => {
  await open(page, demo);
  await rowWith(containers(page), 'llm-serve').click();
  const dialog = page.getByRole('dialog', { name: 'llm-serve' });
  await expect(dialog.getByRole('group', { name: 'Processes on GPUs' })).toContainText('bob');
  await expect(dialog.getByRole('group', { name: 'Labels' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(containers(page)).toBeFocused();
  await rowWith(containers(page), 'llm-serve').click();
  await dialog.getByRole('link', { name: 'All its processes' }).click();
  await expect(page).toHaveURL(/tab=processes/);
  await expect(processes(page).first()).toContainText('llm-serve');
  // And those on cards only, by name of the container.
  const box = page.getByRole('search', { name: 'Processes' }).getByRole('searchbox');
  await box.fill('');
  await page.getByRole('checkbox', { name: 'GPU only' }).check();
  await expect(page).toHaveURL(/gpu=1/);
  await box.fill('container:llm-serve');
  await expect(processes(page)).toHaveCount(1);
});

test('who is on the cards stands in the tab of users', async ({ page, demo }) => {
  await liveAt(page, `${demo.url}?tab=users`);
  const people = page.getByRole('region', { name: 'On GPUs' });
  const row = people.getByRole('row').filter({ hasText: 'bob' });
  await expect(row).toContainText('llm-serve');
  await row.getByRole('link').click();
  await expect(page).toHaveURL(/tab=processes&.*user/);
  await expect(processes(page).first()).toContainText('bob');
});

test('a machine without containers has no such tab', async ({ page, demo }) => {
  await rewriteHost(page, (part) => {
    if (part.containers) part.containers.value = { engines: [], rows: [], left_out: 0 };
  });
  await liveAt(page, demo.url);
  await expect(tabs(page)).toBeVisible();
  await expect(tabLink(page, { link: /^Containers/ })).toHaveCount(0);
});
