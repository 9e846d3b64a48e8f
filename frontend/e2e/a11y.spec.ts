// No violation that axe can find, on every screen, in both themes and languages, at each width.
import { violations } from './support/axe';
import { expect, test } from './support/test';
import { SCREENS } from './support/screens';

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
