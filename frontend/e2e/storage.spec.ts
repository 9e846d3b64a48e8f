// Filesystems and disks: one that does not answer, the tables, and real ones that come and go.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { columnOf, exported, rowWith, rowsOf, toolsOf } from './support/grids';
import { falling, rising } from './support/processes';
import type { Server } from './support/server';
import { disks, filesystems, tabLink } from './support/tabs';
import { expect, liveAt, note, test } from './support/test';

const STUCK = '/mnt/archive';
const AGE = String.raw`\d+\s(s|min|h|d)`;
const panel = (page: Page, name: string) => page.getByRole('region', { name, exact: true });
const away = (page: Page) => page.mouse.move(2, 2);

async function storage(page: Page, server: Server, query = ''): Promise<void> {
  await liveAt(page, `${server.url}?tab=storage${query}`);
  await expect(rowsOf(filesystems(page)).first()).toBeVisible();
  await away(page);
}

test('a mount that does not answer says so and since when, its last values are grey', async ({
  page,
  demo,
}) => {
  await storage(page, demo);
  const row = rowWith(filesystems(page), STUCK);
  const good = rowWith(filesystems(page), '/opt/models');
  await expect(row).toContainText(new RegExp(`not answering, ${AGE} · values ${AGE} old`));
  await expect(good).toContainText('answering');
  await expect(good).not.toContainText('not answering');
  // The values of before are there, and look it.
  await expect(row).toContainText(/\d+\s%/);
  await expect(row).toContainText(/\d\s[MGT]iB/);
  const look = (of: typeof row) =>
    of
      .getByRole('gridcell')
      .filter({ hasText: /iB$/ })
      .first()
      .evaluate((cell) => {
        const { color, filter, opacity } = getComputedStyle(cell);
        return `${color} ${filter} ${opacity} ${getComputedStyle(cell.closest('[role="row"]') ?? cell).color}`;
      });
  expect(await look(row)).not.toBe(await look(good));
  // The rest goes on living.
  await expect(panel(page, 'Disk traffic')).not.toContainText('stale');
});

test('the overview says it, the chip leads to what would mend it', async ({ page, demo }) => {
  await liveAt(page, demo.url);
  const line = panel(page, 'Disks').getByRole('listitem').filter({ hasText: STUCK });
  await expect(line).toContainText(new RegExp(`not answering, ${AGE}`));
  await expect(line).toContainText(/\d+\s%/);
  await page.getByRole('link', { name: /^\d sources? limited$/ }).click();
  await expect(page).toHaveURL(`${demo.url}?tab=health`);
  await expect(tabLink(page, { link: /^Health/ })).toHaveAttribute('aria-current', 'page');
  const trouble = panel(page, 'Stuck, failing or limited');
  const finding = trouble.getByRole('listitem').filter({ hasText: STUCK }).last();
  await expect(finding).toContainText('not responding');
  await expect(finding).toContainText(new RegExp(`for ${AGE}`));
  await expect(finding).toContainText('Bring the server or program behind the mount back, or unmount it.');
  await expect(finding).toContainText(`sudo umount -l '${STUCK}'`);
  // And the counters of power that only root may read.
  const power = trouble.getByRole('listitem').filter({ hasText: '/energy_uj' }).last();
  await expect(power).toContainText('no permission to read it');
  await expect(power).toContainText('Run smonitor as root');
  await expect(panel(page, 'Failed services').getByRole('row').nth(1)).toContainText(/\.service/);
  await page.goBack();
  await page.getByRole('link', { name: /^\d failed services?$/ }).click();
  await expect(panel(page, 'Failed services')).toBeVisible();
});

test('the command that mends can be copied', async ({ page, context, demo }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await liveAt(page, `${demo.url}?tab=health`);
  const finding = panel(page, 'Stuck, failing or limited')
    .getByRole('listitem')
    .filter({ hasText: STUCK })
    .last();
  await finding.getByRole('button', { name: 'Copy command' }).click();
  await expect
    .poll(() => page.evaluate(() => navigator.clipboard.readText()))
    .toBe(`sudo umount -l '${STUCK}'`);
});

const share = (text: string): number => Number(/\d+/.exec(text)?.[0] ?? NaN);

test('filesystems are sorted by a click on a header, and the address remembers', async ({ page, demo }) => {
  await storage(page, demo);
  const grid = filesystems(page);
  const use = grid.getByRole('columnheader', { name: 'Use %' });
  await grid.getByRole('button', { name: 'Use %' }).click();
  await away(page);
  await expect(use).toHaveAttribute('aria-sort', 'descending');
  await expect.poll(async () => falling((await columnOf(grid, 'Use %')).map(share))).toBe(true);
  await grid.getByRole('button', { name: 'Use %' }).click();
  await away(page);
  await expect(use).toHaveAttribute('aria-sort', 'ascending');
  await expect.poll(async () => rising((await columnOf(grid, 'Use %')).map(share))).toBe(true);
  await expect(page).toHaveURL(/tab=storage&sort=use/);
  const order = await columnOf(grid, 'Mounted at');
  await page.reload();
  await expect(rowsOf(grid).first()).toBeVisible();
  await away(page);
  await expect.poll(() => columnOf(grid, 'Mounted at')).toEqual(order);
  // Both tables of the tab keep to themselves.
  await disks(page).getByRole('button', { name: 'Size' }).click();
  await expect(use).toHaveAttribute('aria-sort', 'ascending');
  await expect(page).toHaveURL(/disksort=size/);
  await tabLink(page, { link: /^Overview/ }).click();
  await expect(page).toHaveURL(demo.url);
});

test('filesystems and disks are filtered by words and fields', async ({ page, demo }) => {
  await storage(page, demo);
  const grid = filesystems(page);
  const box = toolsOf(page, /^Filesystems$/).getByRole('searchbox');
  const all = await rowsOf(grid).count();
  for (const [query, wanted] of [
    ['type:nfs4', ['/home', STUCK]],
    ['state:stuck', [STUCK]],
    ['role:system', ['/']],
  ] as const) {
    await box.fill(query);
    await expect(rowsOf(grid)).toHaveCount(wanted.length);
    const places = (await columnOf(grid, 'Mounted at')).map((place) => place.replace(/\s.*$/, ''));
    expect(places.toSorted(), query).toEqual([...wanted].sort());
  }
  await box.fill('use:>85');
  await expect.poll(() => rowsOf(grid).count()).toBeLessThan(all);
  for (const text of await columnOf(grid, 'Use %')) expect(share(text)).toBeGreaterThanOrEqual(85);
  await box.fill('no-such-place');
  await expect(page.getByText('Nothing matches “no-such-place”.')).toBeVisible();
  await page.getByRole('button', { name: 'Clear filter' }).click();
  await expect(rowsOf(grid)).toHaveCount(all);
  await toolsOf(page, /^Disks$/)
    .getByRole('searchbox')
    .fill('kind:raid');
  await expect(rowsOf(disks(page))).toHaveCount(1);
  await expect(rowsOf(disks(page))).toContainText('md0');
  await expect(rowsOf(grid)).toHaveCount(all);
  // "/" leads to the first filter of the tab.
  await disks(page).focus();
  await page.keyboard.press('/');
  await expect(box).toBeFocused();
});

test('the CSV files hold what the tables show', async ({ page, demo }) => {
  await storage(page, demo, '&q=type:nfs4&sort=mount');
  await expect(rowsOf(filesystems(page))).toHaveCount(2);
  const { fileName, header, rows } = await exported(page, toolsOf(page, /^Filesystems$/));
  expect(fileName).toBe('Filesystems.csv');
  expect(header.slice(0, 6)).toEqual(['Mounted at', 'Group', 'Device', 'Type', 'Medium', 'Use %']);
  expect(rows.map((row) => row.slice(0, 5))).toEqual([
    ['/home', 'other', 'nas-01:/export/home', 'nfs4', 'network'],
    [STUCK, 'other', 'nas-02:/export/archive', 'nfs4', 'network'],
  ]);
  const field = (row: readonly string[] | undefined, name: string) => row?.[header.indexOf(name)] ?? '';
  expect(rows.map((row) => field(row, 'State'))).toEqual(['answering', 'stuck']);
  // Plain numbers: sizes are bytes.
  for (const row of rows) {
    for (const name of ['Use %', 'Size', 'Used', 'Available'])
      expect(field(row, name)).toMatch(/^\d+(\.\d+)?$/);
    expect(Number(field(row, 'Size'))).toBeGreaterThan(2 ** 40);
  }
  const other = await exported(page, toolsOf(page, /^Disks$/));
  expect(other.fileName).toBe('Disks.csv');
  expect(other.rows.map(([name]) => name)).toContain('nvme0n1');
  expect(other.rows).toHaveLength(await rowsOf(disks(page)).count());
});

test('the details of a filesystem and of a disk give the focus back', async ({ page, demo }) => {
  await storage(page, demo, '&q=/data');
  const grid = filesystems(page);
  await grid.focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: '/data' });
  await expect(dialog).toBeVisible();
  await expect(dialog.getByRole('listitem')).toHaveText(['/data', '/srv/data']);
  await expect(dialog).toContainText('/dev/md0');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(grid).toBeFocused();
  await rowWith(disks(page), 'nvme1n1').click();
  await expect(page.getByRole('dialog', { name: 'nvme1n1' })).toContainText('SAMSUNG');
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(disks(page)).toBeFocused();
});

test('arrays and pools stand beside the disks', async ({ page, demo }) => {
  await storage(page, demo);
  await expect(panel(page, 'RAID arrays')).toContainText(/md0.*3 of 4/s);
  await expect(panel(page, 'RAID arrays').getByRole('listitem').filter({ hasText: /^nvme/ })).toHaveCount(4);
  await expect(panel(page, 'ZFS pools')).toContainText(/tank.*online/s);
  await expect(panel(page, 'ZFS pools')).toContainText(/Hit rate\s*\d+/);
});

const mayMount =
  process.getuid?.() === 0 && spawnSync('unshare', ['--mount', 'true'], { stdio: 'ignore' }).status === 0;
const noMount = 'needs root and mount namespaces, to mount something real';

test('a filesystem that is mounted appears by itself, fills, and goes when it is unmounted', async ({
  page,
  start,
}) => {
  if (!mayMount) note(noMount);
  test.skip(!mayMount, noMount);
  test.setTimeout(120_000);
  // Mounts of a namespace of its own: they end with the server, whatever happens here.
  const server = await start({ kind: 'node', within: ['unshare', '--mount', '--propagation', 'private'] });
  const inside = (...command: readonly string[]) => {
    const { status, stderr } = spawnSync('nsenter', ['-t', String(server.pid), '--mount', ...command]);
    expect(status, `${command.join(' ')}: ${String(stderr)}`).toBe(0);
  };
  const name = `new place <img src=x onerror=window.pwned=1> \u202e=1+1`;
  const place = join(server.folder, name);
  mkdirSync(place);
  await storage(page, server);
  await page.evaluate(() => (document.body.dataset['mark'] = 'same page'));
  const row = rowWith(filesystems(page), '<img src=x onerror=window.pwned=1>');
  await expect(row).toHaveCount(0);

  inside('mount', '-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', place);
  await expect(row).toBeVisible({ timeout: 30_000 });
  await expect(row).toContainText('tmpfs');
  await expect(row).toContainText('memory');
  await expect(row).toContainText(/16(\.0)?\sMiB/);
  await expect(row).toContainText(/\b0\s%/);
  inside('dd', 'if=/dev/zero', `of=${place}/filled`, 'bs=1M', 'count=15', 'status=none');
  await expect(row).toContainText(/9[34]\s%/, { timeout: 30_000 });
  await expect(row).toContainText('high');

  // It is text, wherever it stands.
  await row.click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('<img src=x onerror=window.pwned=1>');
  expect(await page.evaluate(() => 'pwned' in window)).toBe(false);
  await expect(page.locator('main img, dialog img')).toHaveCount(0);
  const text = await page.getByRole('main').innerText();
  expect(text).not.toContain('\u202e');
  await page.keyboard.press('Escape');
  await away(page);
  const { rows } = await exported(page, toolsOf(page, /^Filesystems$/));
  expect(rows.flat().some((field) => field.includes('<img src=x onerror=window.pwned=1>'))).toBe(true);
  await away(page);
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());

  inside('umount', place);
  await expect(row).toHaveCount(0, { timeout: 30_000 });
  await expect(page.locator('body')).toHaveAttribute('data-mark', 'same page');
});
