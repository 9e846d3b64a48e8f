// No violation that axe can find, on every screen, in both themes and languages, at each width.
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from './support/test';
import { SCREENS } from './support/screens';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

async function violations(page: Page, where: string): Promise<string[]> {
  // Legacy mode checks this page alone; there are no frames.
  const { violations: found } = await new AxeBuilder({ page }).withTags(TAGS).setLegacyMode(true).analyze();
  return found.flatMap(({ id, nodes }) =>
    nodes
      .slice(0, 4)
      .map((node) => `${where}: ${id}: ${node.html.slice(0, 160)} ${node.failureSummary ?? ''}`),
  );
}

test.setTimeout(90_000);

for (const locale of ['en-GB', 'zh-CN']) {
  test.describe(locale, () => {
    test.use({ locale });

    for (const screen of SCREENS) {
      test(screen.name, async ({ page, demo, guarded, watch }) => {
        watch.expect(/WebSocket|status of 401/);
        await screen.open(page, { demo, guarded });
        const found: string[] = [];
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme });
          // Colours do not depend on the width, so the widths between are looked at in one theme.
          const widths = colorScheme === 'light' ? screen.widths : [390, 1440];
          for (const width of widths) {
            await page.setViewportSize({ width, height: width < 600 ? 844 : 900 });
            found.push(...(await violations(page, `${colorScheme}, ${String(width)} px`)));
          }
        }
        expect(found).toEqual([]);
        await screen.close?.(page);
      });
    }
  });
}
