// Names of devices, places, services and people come from the machine and its users. Whatever they
// are, in every table and panel they are text, stay in their place and hide nothing.
import type { HostDocument } from '../src/lib/api/api';
import { rewriteHost } from './support/rewrite';
import { TABS, tabs } from './support/tabs';
import { expect, liveAt, test } from './support/test';

/** Keys of texts that a machine, its users, or who logs in from elsewhere choose. */
const CHOSEN = new Set([
  'device',
  'filesystem_type',
  'mount_points',
  'name',
  'model',
  'chip',
  'label',
  'user',
  'terminal',
  'from',
  'description',
  'sub_state',
  'what',
]);

/** Those of them that may be long: the kernel has limits for the others. */
const LONG = new Set([
  'device',
  'filesystem_type',
  'mount_points',
  'label',
  'user',
  'from',
  'description',
  'what',
]);

/** Of containers and of who is on cards, these too: whoever starts one chooses them, at any length. */
const OF_CONTAINERS = ['name', 'short', 'image', 'value', 'version', 'user', 'command', 'unit', 'slurm_job'];

const SECTIONS = [
  'filesystems',
  'disks',
  'raid',
  'zfs',
  'network',
  'sensors',
  'logins',
  'units',
  'containers',
  'gpus',
] as const;

/** Says the same again, with `evil` in each of these texts. */
function poison(value: unknown, evil: string, chosen: ReadonlySet<string>, key = ''): unknown {
  if (typeof value === 'string') return chosen.has(key) ? `${value}${evil}` : value;
  if (Array.isArray(value)) return value.map((each) => poison(each, evil, chosen, key));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, poison(each, evil, chosen, name)]),
  );
}

function poisoned(part: Partial<HostDocument>, evil: string, chosen: ReadonlySet<string> = CHOSEN): void {
  for (const name of SECTIONS) {
    const section = part[name];
    // Names of block devices have at most 32 bytes.
    if (!section || (name === 'raid' && chosen === LONG)) continue;
    // Keys of interfaces, arrays, pools and units are their names.
    const named = ['raid', 'zfs', 'network', 'units'].includes(name) && chosen === CHOSEN;
    const inside = name === 'containers' || name === 'gpus' ? OF_CONTAINERS : [];
    const all = new Set([...chosen, ...(named ? ['key'] : []), ...inside]);
    Object.assign(section, { value: poison(section.value, evil, all) });
  }
  for (const source of part.sources ?? [])
    Object.assign(source, { findings: poison(source.findings, evil, chosen) });
}

const MARKUP = '"><img src=x onerror=window.pwned=1><b>b</b>{{1+1}}';
const HIDDEN = '\u202e\u2066\u200f\u001b[31m\u0007\nline\ttab';

for (const id of ['', ...TABS.map((tab) => tab.id)]) {
  const path = id === '' ? '' : `?tab=${id}${id === 'network' ? '&others=1' : ''}`;
  const view = id === '' ? 'the overview' : id;

  test(`markup in names stays text: ${view}`, async ({ page, demo }) => {
    await rewriteHost(page, (part) => poisoned(part, MARKUP));
    await liveAt(page, demo.url + path);
    await expect(tabs(page)).toBeVisible();
    await expect(page.getByRole('main')).toContainText('<img src=x onerror=window.pwned=1>');
    expect(await page.evaluate(() => 'pwned' in window)).toBe(false);
    const born = page.locator('main img, dialog img').or(page.locator('b').filter({ hasText: /^b$/ }));
    await expect(born).toHaveCount(0);
    const row = page.getByRole('grid').first().locator('[data-key]').first();
    if ((await page.getByRole('grid').count()) > 0 && (await row.count()) > 0 && id !== 'users') {
      await row.click();
      await expect(page.getByRole('dialog')).toContainText('<img src=x onerror=window.pwned=1>');
      await expect(born).toHaveCount(0);
      await page.keyboard.press('Escape');
    }
    expect(await page.evaluate(() => 'pwned' in window)).toBe(false);
  });

  test(`nothing invisible or turned around is shown: ${view}`, async ({ page, demo }) => {
    await rewriteHost(page, (part) => poisoned(part, HIDDEN));
    await liveAt(page, demo.url + path);
    await expect(page.getByRole('main')).toContainText('[31m');
    const text = await page.getByRole('main').innerText();
    const hidden = [...HIDDEN].filter((character) => !/[\w\s[]/.test(character));
    const lines = text.split('\n').filter((line) => hidden.some((character) => line.includes(character)));
    expect(lines.map((line) => JSON.stringify(line)).slice(0, 8)).toEqual([]);
  });

  test(`names of a thousand characters move nothing: ${view}`, async ({ page, demo }) => {
    await rewriteHost(page, (part) => poisoned(part, 'x'.repeat(1000), LONG));
    await liveAt(page, demo.url + path);
    if (id !== 'network') await expect(page.getByRole('main')).toContainText('xxxxxxxxxx');
    const over = () =>
      page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    for (const width of [1440, 768, 390, 320]) {
      await page.setViewportSize({ width, height: 800 });
      await expect.poll(over, { message: `at ${String(width)} px` }).toBeLessThanOrEqual(0);
    }
  });
}
