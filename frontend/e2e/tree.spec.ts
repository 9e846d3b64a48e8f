// What a screen reader finds on the main screens: their accessibility trees, kept beside this file.
// After a change that is meant, `npx playwright test tree --update-snapshots` writes them anew.
import type { Page } from '@playwright/test';
import { expect, liveAt, test } from './support/test';
import { rows } from './support/processes';
import { rewriteHost } from './support/rewrite';
import { SCREENS, filled } from './support/screens';
import { TABS } from './support/tabs';

/** Amounts move from one unit to the next, as "59 s" to "1 min". */
const UNITS: readonly (readonly [RegExp, string])[] = [
  [/# [kMGTP]?i?B\b/g, '# B'],
  [/# [kMGT]?bit\/s/g, '# bit/s'],
  [/# (?:µs|ms|s|min|h|d|微秒|毫秒|秒|分钟|小时|天)(?!\w|(?!前)[\u4e00-\u9fff])/gu, '# s'],
  // Whether packets are lost just now, and how many thousands it were.
  [/(Drops|丢包) #\S*(?: · #\S*)?/g, '$1 #'],
  // Whether a sensor is warm is of the moment.
  [/(# °C) (?:high|critical|偏高|严重)$/g, '$1'],
  // What holds a clock back is of the moment too.
  [/(definition:) (?:nothing|power limit|无|功率上限)$/g, '$1 …'],
];

/** One of many that are alike, and whose order is of the moment: rows of tables, temperatures. */
const ALIKE = /^(\s*- )'?(?:(row) ".*#|(listitem) ".*# °C)/;

/** The tree without what changes from second to second: numbers, and whose processes are on top. */
async function tree(page: Page): Promise<string> {
  const lines = (await page.locator('body').ariaSnapshot()).split('\n');
  const kept: string[] = [];
  let inside = Infinity;
  for (const line of lines) {
    const depth = line.search(/\S/);
    if (depth > inside) continue;
    inside = Infinity;
    let masked = line
      .replace(/\u00a0/g, ' ')
      .replace(/[0-9a-f]{8,}/g, '#')
      .replace(/(?<!level=)−?\d[\d,.:]*/g, '#')
      .replace(/(#[#\s·]*)+#/g, '#');
    for (const [unit, plain] of UNITS) masked = masked.replaceAll(unit, plain);
    // A row is like all others: its head has told the columns.
    const [, indent, row, item] = ALIKE.exec(masked) ?? [];
    if (indent === undefined) kept.push(masked);
    else {
      inside = depth;
      const text = `${indent}${row ?? item ?? ''} …`;
      if (text !== kept.at(-1)) kept.push(text);
    }
  }
  return `${kept.join('\n')}\n`;
}

for (const locale of ['en-GB', 'zh-CN']) {
  test.describe(locale, () => {
    test.use({ locale });

    test('overview', async ({ page, demo }) => {
      await liveAt(page, demo.url);
      await filled(page);
      expect(await tree(page)).toMatchSnapshot(`overview-${locale}.txt`);
    });

    test('processes', async ({ page, demo }) => {
      await liveAt(page, `${demo.url}?tab=processes`);
      await expect(rows(page).nth(10)).toBeVisible();
      expect(await tree(page)).toMatchSnapshot(`processes-${locale}.txt`);
    });

    for (const { id, ready } of TABS) {
      test(id, async ({ page, demo }) => {
        // A busy machine makes sources slow.
        await rewriteHost(page, ({ sources = [] }) => {
          for (const source of sources) if (source.state === 'slow') source.state = 'well';
        });
        await liveAt(page, `${demo.url}?tab=${id}`);
        await expect(ready(page)).toBeVisible();
        expect(await tree(page)).toMatchSnapshot(`${id}-${locale}.txt`);
      });
    }

    for (const name of [
      'process drawer',
      'one GPU',
      'a divided GPU',
      'container details',
      'filesystem details',
      'interface details',
      'settings',
      'shortcuts',
      'login',
      'no such page',
      'disconnected',
    ]) {
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
