// What is drawn on canvases, where no element can be asked: by size and by pixels.
import type { Locator, Page } from '@playwright/test';
import { drawn, expect, liveAt, test } from './support/test';

/** How often each opaque colour occurs, the most frequent first. */
function colours(canvas: Locator): Promise<[string, number][]> {
  return canvas.evaluate((element) => {
    const { width, height } = element as HTMLCanvasElement;
    const context = (element as HTMLCanvasElement).getContext('2d');
    const pixels = context?.getImageData(0, 0, width, height).data ?? new Uint8ClampedArray();
    const found = new Map<string, number>();
    for (let i = 0; i < pixels.length; i += 4) {
      if ((pixels[i + 3] ?? 0) < 250) continue;
      const colour = pixels.slice(i, i + 3).join();
      found.set(colour, (found.get(colour) ?? 0) + 1);
    }
    return [...found].sort(([, a], [, b]) => b - a);
  });
}

const panel = (page: Page, name: string) => page.getByRole('region', { name, exact: true });

// The page itself reads no pixels; this file does.
test.beforeEach(({ watch }) => watch.expect(/willReadFrequently/));

test('charts follow the width of the page', async ({ page, demo }) => {
  await liveAt(page, demo.url);
  await drawn(page);
  const difference = () =>
    panel(page, 'Memory')
      .getByRole('figure')
      .evaluate((figure) =>
        Math.abs(figure.clientWidth - (figure.querySelector('.uplot')?.clientWidth ?? 0)),
      );
  for (const width of [768, 1100, 1920, 390]) {
    await page.setViewportSize({ width, height: 1400 });
    await expect.poll(difference, { message: `at ${String(width)} px` }).toBeLessThanOrEqual(16);
  }
});

test('a chart draws its values, and each series in its own colour', async ({ page, demo }) => {
  await liveAt(page, demo.url);
  await drawn(page);
  const canvas = panel(page, 'Memory').locator('.uplot canvas');
  // Grid, and two lines; what a line's edge mixes is rare.
  await expect
    .poll(async () => (await colours(canvas)).filter(([, count]) => count > 100).length)
    .toBeGreaterThan(2);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`canvases keep their colours where colours are forced, ${colorScheme}`, async ({ page, demo }) => {
    await page.emulateMedia({ forcedColors: 'active', colorScheme });
    await liveAt(page, demo.url);
    await drawn(page);
    const cells = page.getByRole('slider', { name: 'Processors' }).locator('canvas');
    // Idle and busy processors must not look alike.
    await expect
      .poll(async () => (await colours(cells)).filter(([, count]) => count > 100).length)
      .toBeGreaterThan(1);
    const chart = panel(page, 'Memory').locator('.uplot canvas');
    await expect
      .poll(async () => (await colours(chart)).filter(([, count]) => count > 100).length)
      .toBeGreaterThan(2);
  });
}

test('canvases follow the theme while they are open', async ({ page, demo }) => {
  await liveAt(page, demo.url);
  await drawn(page);
  const cells = page.getByRole('slider', { name: 'Processors' }).locator('canvas');
  const most = async () => (await colours(cells))[0]?.[0];
  await expect.poll(most).toBeDefined();
  const light = await most();
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect.poll(most).not.toBe(light);
  await page.emulateMedia({ colorScheme: 'light' });
  await expect.poll(most).toBe(light);
});
