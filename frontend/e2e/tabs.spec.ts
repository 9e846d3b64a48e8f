// The tabs of a host: every way into them, values that live, states of a machine that lacks things.
import { hostname } from 'node:os';
import type { Page } from '@playwright/test';
import type { HostDocument } from '../src/lib/api/api';
import { rowsOf } from './support/grids';
import { rewriteHost } from './support/rewrite';
import type { Server } from './support/server';
import { TABS, interfaces, logins, sources, tabLink, tabs, temperatures } from './support/tabs';
import { expect, liveAt, note, test } from './support/test';

/** Values of some sections are read each five or ten seconds. */
const SLOW = { timeout: 30_000 };

test('every tab opens by its address, by a click and by its key', async ({ page, demo }) => {
  for (const { id, ready } of TABS) {
    await liveAt(page, `${demo.url}?tab=${id}`);
    await expect(ready(page)).toBeVisible();
    await expect(tabs(page).locator('[aria-current="page"]')).toHaveAttribute('href', `/?tab=${id}`);
  }
  await liveAt(page, demo.url);
  await page.evaluate(() => (document.body.dataset['mark'] = 'same page'));
  for (const tab of TABS) {
    await tabLink(page, tab).click();
    await expect(page).toHaveURL(`${demo.url}?tab=${tab.id}`);
    await expect(tab.ready(page)).toBeVisible();
    await expect(tabLink(page, tab)).toHaveAttribute('aria-current', 'page');
  }
  for (const { id, key, ready } of TABS) {
    await page.keyboard.press('o');
    await expect(page).toHaveURL(demo.url);
    await page.keyboard.press(key);
    await expect(page).toHaveURL(`${demo.url}?tab=${id}`);
    await expect(ready(page)).toBeVisible();
  }
  await page.goBack();
  await page.goBack();
  // Two steps back from the last one by its key is the one before it.
  await expect(TABS.at(-2)?.ready(page) ?? page.locator('none')).toBeVisible();
  await expect(page.locator('body')).toHaveAttribute('data-mark', 'same page');
});

test('the sheet of shortcuts names each key once', async ({ page, demo }) => {
  await liveAt(page, `${demo.url}?tab=storage`);
  await page.keyboard.press('?');
  const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  for (const key of TABS.map((tab) => tab.key)) {
    await expect(sheet.getByText(key, { exact: true })).toHaveCount(1);
  }
});

for (const tab of TABS) {
  test(`values of ${tab.id} change without a reload`, async ({ page, demo }) => {
    await liveAt(page, `${demo.url}?tab=${tab.id}`);
    await expect(tab.ready(page)).toBeVisible();
    await page.evaluate(() => (document.body.dataset['mark'] = 'same page'));
    const before = await tab.alive(page).innerText();
    await expect(tab.alive(page)).not.toHaveText(before, { ...SLOW, useInnerText: true });
    const between = await tab.alive(page).innerText();
    await expect(tab.alive(page)).not.toHaveText(between, { ...SLOW, useInnerText: true });
    await expect(page.locator('body')).toHaveAttribute('data-mark', 'same page');
  });
}

// Its disks and sensors may stand still; loopback carries what this test itself sends.
for (const [id, query] of [
  ['network', '&others=1'],
  ['health', ''],
] as const) {
  test(`values of ${id} change on the real machine`, async ({ page, node }) => {
    const tab = TABS.find((each) => each.id === id);
    if (tab === undefined) throw new Error(`no tab ${id}`);
    await liveAt(page, `${node.url}?tab=${id}${query}`);
    await expect(tab.ready(page)).toBeVisible();
    const before = await tab.alive(page).innerText();
    await expect(tab.alive(page)).not.toHaveText(before, { ...SLOW, useInnerText: true });
  });
}

async function documentOf({ url }: Server): Promise<HostDocument> {
  const answer = await fetch(new URL(`api/v1/hosts/${hostname().toLowerCase()}`, url));
  expect(answer.status).toBe(200);
  return (await answer.json()) as HostDocument;
}

const absence = (value: unknown): string | null =>
  typeof value === 'object' && value !== null && 'absent' in value ? String(value.absent) : null;

test('what the real machine has is shown, what it lacks is said and is no zero', async ({ page, node }) => {
  test.setTimeout(90_000);
  await liveAt(page, `${node.url}?tab=storage`);
  await expect(TABS.find(({ id }) => id === 'storage')?.ready(page) ?? page.locator('none')).toBeVisible();
  let host = await documentOf(node);
  await expect
    .poll(async () => {
      host = await documentOf(node);
      const { sensors, raid, zfs, logins: who, units } = host;
      return [sensors, raid, zfs, who, units].map(({ value }) => absence(value));
    })
    .not.toContain('not_collected');

  const parts = { RAID: host.raid, ZFS: host.zfs };
  for (const [name, section] of Object.entries(parts)) {
    const absent = absence(section.value);
    note(`${name}: ${absent ?? 'there'}`);
    if (absent === 'not_supported' || absent === 'not_installed')
      await expect(page.getByRole('region', { name: new RegExp(`^${name}`) })).toHaveCount(0);
  }

  await liveAt(page, `${node.url}?tab=sensors`);
  const none = page.getByRole('heading', { name: 'No sensors on this machine' });
  if (absence(host.sensors.value) === null) await expect(temperatures(page).or(none)).toBeVisible();
  else {
    await expect(none).toBeVisible();
    await expect(page.getByRole('main').getByText(/\b0\s°C|\b0\srpm|\b0\sW/)).toHaveCount(0);
    await expect(page.getByRole('meter')).toHaveCount(0);
    await liveAt(page, node.url);
    await expect(page.getByRole('region', { name: 'Disks', exact: true })).toBeVisible();
    await expect(page.getByRole('region', { name: 'Sensors', exact: true })).toHaveCount(0);
  }

  await liveAt(page, `${node.url}?tab=users`);
  const sessions = absence(host.logins.value) === null ? host.logins.value : null;
  if (sessions === null) {
    await expect(page.getByText(/^Who is logged in cannot be read: /)).toBeVisible();
    await expect(tabLink(page, { link: /^Users/ })).toHaveText('Users');
  } else if ('sessions' in sessions && sessions.sessions.length === 0) {
    await expect(page.getByText('Nobody is logged in.')).toBeVisible();
  } else await expect(rowsOf(logins(page)).first()).toBeVisible();

  await liveAt(page, `${node.url}?tab=health`);
  const units = page.getByRole('region', { name: 'Failed services' });
  const state = absence(host.units.value);
  await expect(units).toContainText(
    state === 'not_installed' ? 'systemd does not run on this machine.' : /\w/,
  );
  for (const { name, state: how } of host.sources.filter((source) => source.state === 'not_there')) {
    const row = sources(page)
      .getByRole('row')
      .filter({ has: page.getByText(name, { exact: true }) });
    await expect(row, `${name} is ${how}`).toContainText('not on this machine');
  }
});

/** A machine on which nothing but processors and memory can be read. */
async function bare(
  page: Page,
  reason: 'not_supported' | 'permission_denied' | 'read_failed',
): Promise<void> {
  const absent = { absent: reason } as const;
  await rewriteHost(page, (part) => {
    for (const key of ['filesystems', 'disks', 'raid', 'zfs', 'network', 'sockets'] as const) {
      const section = part[key];
      if (section) Object.assign(section, { value: absent, taken_at_ms: absent });
    }
    for (const key of ['sensors', 'logins', 'clock', 'units', 'numa'] as const) {
      const section = part[key];
      if (section) Object.assign(section, { value: absent, taken_at_ms: absent });
    }
  });
}

const WORDS = {
  not_supported: /not supported by this machine or kernel/,
  permission_denied: /no permission to read it/,
  read_failed: /reading failed/,
} as const;

for (const reason of ['not_supported', 'permission_denied', 'read_failed'] as const) {
  test(`a machine of which nothing can be read says why: ${reason}`, async ({ page, demo }) => {
    await bare(page, reason);
    for (const id of ['storage', 'network', 'sensors', 'users', 'health']) {
      await liveAt(page, `${demo.url}?tab=${id}`);
      await expect(tabs(page).locator('[aria-current="page"]')).toHaveAttribute('href', `/?tab=${id}`);
      const main = page.getByRole('main');
      const said =
        id === 'sensors' && reason === 'not_supported' ? /No sensors on this machine/ : WORDS[reason];
      await expect(main).toContainText(said);
      await expect(main).not.toContainText('This part of the page failed');
      // A zero with a unit would be an invention.
      const text = await main.innerText();
      const below = text.slice(text.indexOf('Health'));
      expect(below.match(/(^|\s)0\s(%|B|bit\/s|B\/s|°C|W|rpm)/g) ?? [], id).toEqual([]);
    }
    await expect(rowsOf(interfaces(page))).toHaveCount(0);
    await liveAt(page, demo.url);
    await expect(page.getByRole('region', { name: 'Memory', exact: true })).toContainText(/\d+\s%/);
    await expect(page.getByRole('main')).not.toContainText('This part of the page failed');
  });
}
