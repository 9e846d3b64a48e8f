// All hosts of a made-up site on one page: what is free, the filter in the address, cards and rows, keys.
import { violations } from './support/axe';
import { expect, liveAt, test } from './support/test';

const SITE = { kind: 'demo', nodes: 40, gpus: 8 } as const;

test.describe('the page of all hosts', () => {
  test('says what is free first, and shows each host', async ({ page, start }) => {
    const { url } = await start(SITE);
    await liveAt(page, url);
    await expect(page.getByRole('article')).toHaveCount(40);
    const summary = page.getByRole('region', { name: 'All GPUs and hosts' });
    await expect(summary).toContainText(/\d+\s*of \d+ GPUs free/);
    await expect(page.getByRole('navigation', { name: 'Pages' }).getByRole('link')).toHaveCount(3);
  });

  test('keeps the filter in the address and clears it', async ({ page, start }) => {
    const { url } = await start(SITE);
    await liveAt(page, url);
    await expect(page.getByRole('article')).toHaveCount(40);
    await page.keyboard.press('/');
    await page.keyboard.type('state:up');
    await expect(page).toHaveURL(/q=state%3Aup/);
    await expect(page.getByRole('article').first()).toBeVisible();
    await page.getByRole('searchbox').fill('no-such-host');
    await expect(page.getByRole('heading', { name: 'No host matches' })).toBeVisible();
    await page.getByRole('button', { name: 'Clear filter' }).last().click();
    await expect(page.getByRole('article')).toHaveCount(40);
    expect(new URL(page.url()).search).toBe('');
  });

  test('goes to the next view, walks by keys and opens a host', async ({ page, start }) => {
    const { url } = await start(SITE);
    await liveAt(page, url);
    await expect(page.getByRole('article')).toHaveCount(40);
    await page.keyboard.press('j');
    const first = await page.evaluate(() => document.activeElement?.getAttribute('data-host'));
    expect(first).not.toBeNull();
    await page.keyboard.press('j');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('data-host'))).not.toBe(first);
    await page.keyboard.press('v');
    await expect(page.getByRole('grid', { name: 'Hosts' })).toBeVisible();
    await expect(page).toHaveURL(/view=rows/);
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(/\/host\//);
  });

  for (const theme of ['light', 'dark'] as const)
    for (const locale of ['en-GB', 'zh-CN'])
      for (const view of ['cards', 'rows'])
        test(`has no barriers: ${view}, ${theme}, ${locale}`, async ({ browser, start }) => {
          const { url } = await start(SITE);
          const context = await browser.newContext({ locale, colorScheme: theme });
          const page = await context.newPage();
          await page.goto(`${url}?view=${view}`);
          await expect(page.locator('[data-host], [data-key]').first()).toBeVisible();
          expect(await violations(page, view)).toEqual([]);
          await context.close();
        });
});
