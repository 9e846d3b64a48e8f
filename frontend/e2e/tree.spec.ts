// What a screen reader finds on the main screens: their accessibility trees, kept beside this file.
// After a change that is meant, `npx playwright test tree --update-snapshots` writes them anew.
import type { Page } from '@playwright/test';
import { drawn, expect, liveAt, test } from './support/test';
import { rows } from './support/processes';
import { SCREENS } from './support/screens';

/** The tree without what changes from second to second: numbers, and whose processes are on top. */
async function tree(page: Page): Promise<string> {
  const lines = (await page.locator('body').ariaSnapshot()).split('\n');
  const kept: string[] = [];
  let inside = Infinity;
  for (const line of lines) {
    const depth = line.search(/\S/);
    if (depth > inside) continue;
    inside = Infinity;
    const masked = line
      .replace(/[0-9a-f]{8,}/g, '#')
      .replace(/(?<!level=)−?\d[\d,.:]*/g, '#')
      .replace(/(#[#\s·]*)+#/g, '#');
    // A row of a process is like all others: its head has told the columns.
    const row = /^(\s*- row) ".*#.*/.exec(masked);
    if (row !== null) inside = depth;
    const text = row === null ? masked : `${row[1] ?? ''} …`;
    if (row === null || text !== kept.at(-1)) kept.push(text);
  }
  return `${kept.join('\n')}\n`;
}

for (const locale of ['en-GB', 'zh-CN']) {
  test.describe(locale, () => {
    test.use({ locale });

    test('overview', async ({ page, demo }) => {
      await liveAt(page, demo.url);
      await drawn(page);
      await expect(page.getByRole('row').nth(10)).toContainText(/\d/);
      expect(await tree(page)).toMatchSnapshot(`overview-${locale}.txt`);
    });

    test('processes', async ({ page, demo }) => {
      await liveAt(page, `${demo.url}?tab=processes`);
      await expect(rows(page).nth(10)).toBeVisible();
      expect(await tree(page)).toMatchSnapshot(`processes-${locale}.txt`);
    });

    for (const name of ['process drawer', 'settings', 'shortcuts', 'login', 'no such page', 'disconnected']) {
      test(name, async ({ page, demo, guarded, watch }) => {
        watch.expect(/WebSocket|status of 401/);
        const screen = SCREENS.find((each) => each.name === name);
        await screen?.open(page, { demo, guarded });
        expect(await tree(page)).toMatchSnapshot(`${name.replaceAll(' ', '-')}-${locale}.txt`);
        await screen?.close?.(page);
      });
    }
  });
}
