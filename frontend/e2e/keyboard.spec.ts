// The page without a mouse, enlarged, with a finger, and in the guises a system may ask for.
import type { Locator, Page } from '@playwright/test';
import { drawn, expect, liveAt, note, test } from './support/test';
import { grid, rows } from './support/processes';
import { SCREENS } from './support/screens';
import { TABS, filesystems, interfaces } from './support/tabs';
import { rowsOf } from './support/grids';

interface Stop {
  readonly name: string;
  readonly outline: string;
  readonly visible: boolean;
}

/** What has the focus, and whether one can see that it has. */
function focused(page: Page): Promise<Stop> {
  return page.evaluate(() => {
    const element = document.activeElement ?? document.body;
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    const name = element.getAttribute('aria-label') ?? element.textContent.trim();
    return {
      name: `${element.tagName.toLowerCase()} ${name.replace(/\s+/g, ' ').slice(0, 40)}`,
      outline: `${style.outlineStyle} ${style.outlineWidth}`,
      visible:
        element !== document.body &&
        box.width > 0 &&
        box.bottom > 0 &&
        box.top < innerHeight &&
        style.outlineStyle !== 'none' &&
        parseFloat(style.outlineWidth) >= 2,
    };
  });
}

/** Walks by Tab until the focus leaves the page or comes round. */
async function walk(page: Page, limit = 60): Promise<Stop[]> {
  const stops: Stop[] = [];
  for (let i = 0; i < limit; i += 1) {
    await page.keyboard.press('Tab');
    const stop = await focused(page);
    if (stop.name.startsWith('body') || (i > 0 && stop.name === stops[0]?.name)) break;
    stops.push(stop);
  }
  return stops;
}

test('every stop of the tab key can be seen, in reading order', async ({ page, demo }) => {
  await liveAt(page, demo.url);
  await drawn(page);
  const overview = await walk(page);
  expect(overview.filter((stop) => !stop.visible)).toEqual([]);
  const names = overview.map(({ name }) => name);
  expect(names[0]).toBe('a Skip to content');
  const order = ['a smonitor', 'button Pause', 'button Settings', 'a Overview', 'a Processes', 'a Health'];
  const places = order.map((wanted) => names.findIndex((name) => name.startsWith(wanted)));
  expect(places, names.join('\n')).toEqual([...places].sort((a, b) => a - b));
  expect(places).not.toContain(-1);

  await page.goto(`${demo.url}?tab=processes`);
  await expect(rows(page).first()).toBeVisible();
  const processes = await walk(page, 60);
  expect(processes.filter((stop) => !stop.visible)).toEqual([]);
  for (const { id, ready } of TABS) {
    await page.goto(`${demo.url}?tab=${id}`);
    await expect(ready(page)).toBeVisible();
    const stops = await walk(page, 70);
    expect(
      stops.filter((stop) => !stop.visible),
      id,
    ).toEqual([]);
    expect(stops.length, id).toBeLessThan(70);
  }
  // The table is one stop, not one per row.
  expect(processes.filter(({ name }) => name.startsWith('div Processes'))).toHaveLength(1);
  expect(processes.length).toBeLessThan(60);
});

test('the skip link leads past the header', async ({ page, demo }) => {
  await liveAt(page, demo.url);
  await drawn(page);
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to content' })).toBeInViewport();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('main')).toBeFocused();
  await page.keyboard.press('Tab');
  const inMain = page.getByRole('main').locator('a, button, [tabindex="0"]').first();
  await expect(inMain).toBeFocused();
});

test('a tour by keyboard alone: to a process, its details, and back', async ({ page, demo }) => {
  await liveAt(page, demo.url);
  await page.getByRole('link', { name: /^Processes/ }).focus();
  await page.keyboard.press('Enter');
  await expect(rows(page).first()).toBeVisible();
  await page.getByRole('searchbox').focus();
  await page.keyboard.type('user:bob');
  await expect.poll(() => rows(page).first().innerText()).toContain('bob');
  for (let i = 0; i < 40; i += 1) {
    await page.keyboard.press('Tab');
    if (await grid(page).evaluate((element) => element === document.activeElement)) break;
  }
  await expect(grid(page)).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  const drawer = page.getByRole('dialog');
  await expect(drawer).toContainText('bob');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  expect(await drawer.evaluate((element) => element.contains(document.activeElement))).toBe(true);
  await page.keyboard.press('Escape');
  await expect(drawer).toHaveCount(0);
  await expect(grid(page)).toBeFocused();
});

test('the processors can be read one by one', async ({ page, demo }) => {
  await liveAt(page, demo.url);
  const cores = page.getByRole('slider', { name: 'Processors' });
  await cores.focus();
  await page.keyboard.press('ArrowRight');
  await expect(cores).toHaveAttribute('aria-valuetext', /^CPU \d+: \d+\s%$/);
  const first = await cores.getAttribute('aria-valuenow');
  await page.keyboard.press('ArrowRight');
  await expect(cores).not.toHaveAttribute('aria-valuenow', first ?? '');
});

test('no motion where none is wanted', async ({ page, demo }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await liveAt(page, demo.url);
  await page.keyboard.press(',');
  await expect(page.getByRole('dialog')).toBeVisible();
  const moving = await page.evaluate(() =>
    [...document.querySelectorAll('*')]
      .filter((element) => {
        const { transitionDuration, animationDuration, animationName } = getComputedStyle(element);
        const longest = (times: string) => Math.max(...times.split(',').map((time) => parseFloat(time)));
        return (
          longest(transitionDuration) > 0.01 ||
          (animationName !== 'none' && longest(animationDuration) > 0.01)
        );
      })
      .map((element) => element.outerHTML.slice(0, 80)),
  );
  expect(moving).toEqual([]);
  expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
});

test('shapes survive forced colours', async ({ page, demo }) => {
  await page.emulateMedia({ forcedColors: 'active' });
  await liveAt(page, demo.url);
  await drawn(page);
  const box = (element: Element) => {
    const { width, height } = element.getBoundingClientRect();
    return width > 0 && height > 0;
  };
  expect(await page.getByRole('main').locator('svg').first().evaluate(box)).toBe(true);
  // A bar that is only a background would vanish: its parts must keep a colour or a border.
  const parts = await page
    .getByRole('region', { name: 'Memory', exact: true })
    .getByRole('img')
    .or(page.locator('.meter'))
    .first()
    .locator('*')
    .evaluateAll((all) =>
      all.map((element) => {
        const style = getComputedStyle(element);
        return (
          style.forcedColorAdjust === 'none' || style.borderTopStyle !== 'none' || element.tagName === 'svg'
        );
      }),
    );
  expect(parts.length).toBeGreaterThan(0);
  expect(parts).toContain(true);
});

test('enlarged four times nothing has to be scrolled sideways', async ({ page, demo, guarded, watch }) => {
  test.setTimeout(90_000);
  watch.expect(/WebSocket|status of 401/);
  for (const screen of SCREENS) {
    await page.setViewportSize({ width: 1280, height: 1024 });
    await screen.open(page, { demo, guarded });
    await page.setViewportSize({ width: 320, height: 256 });
    // Charts follow a frame later.
    await expect
      .poll(() => page.evaluate(() => document.documentElement.scrollWidth), { timeout: 2000 })
      .toBeLessThanOrEqual(320)
      .catch(() => undefined);
    const [width, wide] = await page.evaluate(() => [
      document.documentElement.scrollWidth,
      [...document.querySelectorAll('body *')]
        .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
        .map((element) => element.outerHTML.slice(0, 80)),
    ]);
    expect(width, `${screen.name}: ${wide.slice(0, 3).join('\n')}`).toBeLessThanOrEqual(320);
    await screen.close?.(page);
  }
});

test.describe('with a finger', () => {
  test.use({ hasTouch: true, isMobile: true, viewport: { width: 390, height: 844 } });

  const views = new Map<string, (page: Page) => Locator>([
    // On a phone the charts stand below the cards, and are drawn once they come into view.
    ['', (page) => page.getByRole('heading', { name: 'CPU', exact: true })],
    ['?tab=processes', (page) => rows(page).first()],
    ...TABS.map(({ id, ready }) => [`?tab=${id}`, ready] as const),
  ]);
  for (const [path, ready] of views) {
    test(`targets are large enough: /${path}`, async ({ page, demo }) => {
      await liveAt(page, demo.url + path);
      await expect(ready(page)).toBeVisible();
      const targets = await page.evaluate(() =>
        [...document.querySelectorAll('a, button, input, select, summary, [tabindex="0"]')]
          .filter((element) => element.checkVisibility() && !element.matches('.skip, [popover] *'))
          .map((element) => {
            // A check box with a label is as large as its label.
            const box = (element.closest('label') ?? element).getBoundingClientRect();
            return { what: element.outerHTML.slice(0, 90), width: box.width, height: box.height };
          }),
      );
      expect(targets.length).toBeGreaterThan(8);
      expect(targets.filter(({ width, height }) => Math.min(width, height) < 23.9)).toEqual([]);
      const small = targets
        .filter(({ height }) => height < 43.9)
        .map(({ what, height }) => `${what} ${String(height)}`);
      if (small.length > 0) note(`/${path}: under 44 px high on a touch screen: ${small.join(' | ')}`);
    });
  }

  test('fields are large enough not to make a phone zoom', async ({ page, demo }) => {
    for (const id of ['processes', 'storage', 'network', 'users']) {
      await liveAt(page, `${demo.url}?tab=${id}`);
      await expect(page.getByRole('searchbox').first()).toBeVisible();
      const sizes = await page
        .locator('input[type="search"], select')
        .evaluateAll((all) => all.map((element) => parseFloat(getComputedStyle(element).fontSize)));
      expect(sizes.length, id).toBeGreaterThan(0);
      expect(Math.min(...sizes), id).toBeGreaterThanOrEqual(16);
    }
  });

  test('a tap opens a filesystem and an interface, with all that a phone has no column for', async ({
    page,
    demo,
  }) => {
    await liveAt(page, `${demo.url}?tab=storage`);
    await rowsOf(filesystems(page)).first().tap();
    await expect(page.getByRole('dialog')).toContainText('/dev/nvme0n1p2');
    await liveAt(page, `${demo.url}?tab=network`);
    await rowsOf(interfaces(page)).first().tap();
    await expect(page.getByRole('dialog')).toContainText('MTU');
  });

  test('a tap opens a process', async ({ page, demo }) => {
    await liveAt(page, `${demo.url}?tab=processes`);
    await rows(page).nth(3).tap();
    await expect(page.getByRole('dialog')).toBeVisible();
  });
});
