// Processes are named by anybody. Whatever they are called, it is text and nothing else.
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expect, liveAt, test } from './support/test';
import { grid, rowOf, run, type Running } from './support/processes';
import type { Server } from './support/server';
import { Traffic } from './support/traffic';

const started: Running[] = [];
test.afterEach(() => started.splice(0).forEach((each) => each.end()));

function called(name: string, ...args: readonly string[]): Running {
  const child = run('/bin/sleep', name, [...args, '300']);
  started.push(child);
  return child;
}

/** `sleep` refuses words that are no time; this takes any. */
function withArguments(name: string, ...args: readonly string[]): Running {
  const child = run(process.execPath, name, ['-e', 'setInterval(() => {}, 1e6)', '--', ...args]);
  started.push(child);
  return child;
}

async function show(page: Page, server: Server, pid: number): Promise<void> {
  await liveAt(page, `${server.url}?tab=processes&q=pid:${String(pid)}`);
  await expect(rowOf(page, pid)).toBeVisible();
}

const MARKUP = [
  '<img src=x onerror="window.pwned=1">',
  '<script>window.pwned=1</script>',
  '"><svg onload=window.pwned=1>',
  '{{constructor.constructor("window.pwned=1")()}}',
  '${window.pwned=1}',
  '</title><b>bold</b>',
];

for (const name of MARKUP) {
  test(`markup stays text: ${name}`, async ({ page, node }) => {
    const { pid } = called(name);
    await show(page, node, pid);
    await expect(rowOf(page, pid)).toContainText(name);
    await rowOf(page, pid).click();
    await expect(page.getByRole('dialog').locator('pre')).toContainText(name);
    expect(await page.evaluate(() => 'pwned' in window)).toBe(false);
    await expect(page.locator('main img, main script, pre *, [role="gridcell"] b')).toHaveCount(0);
  });
}

test('a file called like markup is text too', async ({ page, node }) => {
  const folder = mkdtempSync(join(tmpdir(), 'smonitor-e2e-'));
  try {
    const file = join(folder, '<b>bold<b>=1+1');
    copyFileSync('/bin/sleep', file);
    const child = run(file, '', ['300']);
    started.push(child);
    await show(page, node, child.pid);
    await rowOf(page, child.pid).click();
    // The kernel keeps fifteen bytes of a name.
    await expect(page.getByRole('dialog')).toContainText('<b>bold<b>=1+1');
    await expect(page.locator('main b, dialog b')).toHaveCount(0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('characters that turn the text around or cannot be seen are shown', async ({ page, node }) => {
  const { pid } = called('safe\u202egpj.exe\u2066\u200f');
  await show(page, node, pid);
  await expect(rowOf(page, pid)).toContainText('safe�gpj.exe��');
  const other = called('a\u001b[31mred\nline\ttab\u0007');
  await show(page, node, other.pid);
  await expect(rowOf(page, other.pid)).toContainText('a␛[31mred␊line␉tab␇');
  const text = await page.getByRole('main').innerText();
  for (const hidden of '\u202e\u2066\u200f\u001b\u0007') expect(text).not.toContain(hidden);
});

test('ten thousand characters break neither row nor page', async ({ page, node }) => {
  const { pid } = called(`long-${'x'.repeat(10_000)}`);
  const ordinary = called('short');
  await show(page, node, ordinary.pid);
  const height = async (of: number) => (await rowOf(page, of).boundingBox())?.height;
  const usual = await height(ordinary.pid);
  await show(page, node, pid);
  expect(await height(pid)).toBe(usual);
  expect(await sideways(page)).toBe(0);
  await rowOf(page, pid).click();
  await expect(page.getByRole('dialog').locator('pre')).toContainText('long-xxxx');
  expect(await sideways(page)).toBe(0);
  await page.setViewportSize({ width: 320, height: 640 });
  expect(await sideways(page)).toBe(0);
  const drawer = await page.getByRole('dialog').boundingBox();
  expect(drawer?.width).toBeLessThanOrEqual(320);
});

const sideways = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

test('names that are formulas can be sorted, filtered and opened', async ({ page, node }) => {
  const { pid } = called('=cmd|"/c calc"!A1');
  await liveAt(page, `${node.url}?tab=processes&sort=command&q=${encodeURIComponent('"=cmd|"')}`);
  await expect(rowOf(page, pid)).toContainText('=cmd|"/c calc"!A1');
  await expect(grid(page).locator('[data-key]')).toHaveCount(1);
});

const SECRETS = ['hunter2-long', 'tok-abcdef123', 'url-secret99', 'Bearer-xyz77'] as const;

function withSecrets(): Running {
  return withArguments(
    'e2e-secret',
    `--password=${SECRETS[0]}`,
    '--token',
    SECRETS[1],
    `postgres://user:${SECRETS[2]}@db.example/x`,
    `Authorization: Bearer ${SECRETS[3]}`,
  );
}

test('secrets in command lines do not reach a member', async ({ page, node }) => {
  const { pid } = withSecrets();
  const traffic = new Traffic(page);
  await show(page, node, pid);
  await expect(rowOf(page, pid)).toContainText('--password=');
  const rest = await fetch(new URL(`api/v1/hosts/${hostname().toLowerCase()}/processes`, node.url));
  expect(rest.status).toBe(200);
  const all =
    (await page.locator('html').innerHTML()) + (await rest.text()) + JSON.stringify(traffic.received);
  // Compared this way round, a failure does not print the processes of the machine.
  expect(all.includes('e2e-secret')).toBe(true);
  expect(SECRETS.filter((secret) => all.includes(secret))).toEqual([]);
});

test('an administrator sees command lines in full', async ({ page, start }) => {
  const server = await start({ kind: 'node', config: { auth: { mode: 'none', role: 'admin' } } });
  const { pid } = withSecrets();
  await show(page, server, pid);
  for (const secret of SECRETS) await expect(rowOf(page, pid)).toContainText(secret);
});
