// What a reader chooses and this browser remembers: theme, language, thresholds, shortcuts.
import type { Page } from '@playwright/test';
import { expect, liveAt, test } from './support/test';
import { grid } from './support/processes';
import { read } from './support/traffic';

const html = (page: Page) => page.locator('html');

test('the theme is remembered and set before the first paint', async ({ page, demo }) => {
  await liveAt(page, demo.url);
  await expect(html(page)).toHaveAttribute('data-theme', 'system');
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await background();
  const button = page.getByRole('button', { name: /^Theme: / });
  await button.click();
  await expect(html(page)).toHaveAttribute('data-theme', 'light');
  expect(await background()).toBe(light);
  await button.click();
  await expect(html(page)).toHaveAttribute('data-theme', 'dark');
  const dark = await background();
  expect(dark).not.toBe(light);
  // The module scripts are held back: boot.js alone must have set the theme.
  await page.route('**/assets/*.js', async (route) => {
    await expect(html(page)).toHaveAttribute('data-theme', 'dark');
    await route.continue();
  });
  await page.reload();
  await expect(button).toHaveAccessibleName('Theme: dark. Change to as the system');
  expect(await background()).toBe(dark);
  // Parts of the page that are still being fetched must not end with the test.
  await page.unrouteAll({ behavior: 'ignoreErrors' });
  await page.emulateMedia({ colorScheme: 'dark' });
  await button.click();
  await expect(html(page)).toHaveAttribute('data-theme', 'system');
  expect(await background()).toBe(dark);
});

test('the language is remembered', async ({ page, demo }) => {
  await liveAt(page, demo.url);
  await expect(html(page)).toHaveAttribute('lang', 'en');
  const toChinese = page.getByRole('button', { name: '中文' });
  await expect(toChinese).toHaveAttribute('lang', 'zh-CN');
  await toChinese.click();
  await expect(html(page)).toHaveAttribute('lang', 'zh-CN');
  await expect(page.getByRole('link', { name: /^进程/ })).toBeVisible();
  await page.reload();
  await expect(html(page)).toHaveAttribute('lang', 'zh-CN');
  await expect(page.getByRole('link', { name: /^进程/ })).toBeVisible();
  await page.getByRole('link', { name: /^进程/ }).click();
  await expect(grid(page).locator('[data-key]').first()).toBeVisible();
  // What people named stays as it is; all else is translated.
  await expect(grid(page).getByRole('columnheader', { name: 'PID' })).toBeVisible();
  await expect(page.getByRole('main')).not.toContainText('Sorting');
  await page.getByRole('button', { name: 'EN' }).click();
  await expect(page.getByRole('link', { name: /^Processes/ })).toBeVisible();
});

test.describe('in a Chinese browser', () => {
  test.use({ locale: 'zh-CN' });
  test('the page is Chinese from the start', async ({ page, demo }) => {
    await liveAt(page, demo.url);
    await expect(html(page)).toHaveAttribute('lang', 'zh-CN');
    await expect(page.getByText('实时', { exact: true })).toBeVisible();
  });
});

test('thresholds are met exactly at their limits', async ({ page, demo }) => {
  let memory = 50;
  await page.routeWebSocket(/\/ws/, (socket) => {
    const server = socket.connectToServer();
    server.onMessage((payload) => socket.send(JSON.stringify(withMemory(read(payload), memory))));
  });
  await liveAt(page, demo.url);
  const panel = page.getByRole('region', { name: 'Memory', exact: true });
  await page.getByRole('button', { name: 'Settings' }).click();
  const dialog = page.getByRole('dialog', { name: 'Settings' });
  await dialog.getByRole('button', { name: /^80 \/ 90/ }).click();
  await expect(dialog.getByRole('button', { name: /^80 \/ 90/ })).toHaveAttribute('aria-pressed', 'true');
  await page.keyboard.press('Escape');
  for (const [value, word] of [
    [79.9, null],
    [80, 'high'],
    [89.9, 'high'],
    [90, 'critical'],
    [100, 'critical'],
    [10, null],
  ] as const) {
    memory = value;
    await expect(panel).toContainText(`${String(Math.round(value))}\u00a0%`);
    for (const level of ['high', 'critical']) {
      await expect(panel.getByText(level, { exact: true })).toHaveCount(level === word ? 1 : 0);
    }
  }
});

/** A frame whose host uses so much memory. */
function withMemory(message: unknown, percent: number): unknown {
  const frame = message as { topic?: string; data?: Holder; patch?: { replace: Holder } };
  if (frame.topic !== undefined && /^host\/[^/]+$/.test(frame.topic)) {
    const value = (frame.data ?? frame.patch?.replace)?.memory?.value;
    if (value !== undefined) value.used_percent = percent;
  }
  return message;
}

interface Holder {
  memory?: { value?: { used_percent?: number } };
}

test('thresholds that make no sense are refused, good ones remembered', async ({ page, demo }) => {
  await liveAt(page, demo.url);
  const dialog = page.getByRole('dialog', { name: 'Settings' });
  const open = () => page.getByRole('button', { name: 'Settings' }).click();
  const memory = dialog.getByRole('group', { name: 'Memory' });
  const from = memory.getByRole('spinbutton', { name: 'high from' });
  await open();
  await expect(from).toHaveValue('85');
  await from.fill('99');
  await expect(dialog.getByRole('alert')).toContainText('less than critical');
  await from.fill('70');
  await expect(dialog.getByRole('alert')).toBeEmpty();
  await page.reload();
  await open();
  await expect(from).toHaveValue('70');
  await dialog.getByRole('button', { name: 'Defaults' }).click();
  await expect(from).toHaveValue('85');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('button', { name: 'Settings' })).toBeFocused();
});

test('single keys work, are listed, and can be switched off', async ({ page, demo }) => {
  await liveAt(page, demo.url);
  await page.keyboard.press('l');
  await expect(grid(page)).toBeVisible();
  await page.keyboard.press('o');
  await expect(page.getByRole('region', { name: 'CPU', exact: true })).toBeVisible();
  await page.keyboard.press('p');
  await expect(page.getByRole('status').filter({ hasText: 'Paused' })).toBeVisible();
  await page.keyboard.press('p');
  await page.keyboard.press('t');
  await expect(html(page)).toHaveAttribute('data-theme', 'light');
  await page.keyboard.press('Control+t');
  await expect(html(page)).toHaveAttribute('data-theme', 'light');
  await page.keyboard.press('?');
  const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await expect(sheet).toBeVisible();
  for (const key of ['?', 't', 'p', 'r', ',', 'o', 'l']) {
    await expect(sheet.getByText(key, { exact: true })).toBeVisible();
  }
  await sheet.getByRole('checkbox').uncheck();
  await page.keyboard.press('Escape');
  await page.keyboard.press('t');
  await page.keyboard.press('l');
  await expect(html(page)).toHaveAttribute('data-theme', 'light');
  await page.reload();
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await page.keyboard.press('?');
  await page.keyboard.press('t');
  await expect(sheet).toBeHidden();
  await expect(html(page)).toHaveAttribute('data-theme', 'light');
});

test('single keys are letters in a field', async ({ page, demo }) => {
  await liveAt(page, `${demo.url}?tab=processes`);
  await page.getByRole('searchbox').focus();
  await page.keyboard.type('tplo,');
  await expect(page.getByRole('searchbox')).toHaveValue('tplo,');
  await expect(html(page)).toHaveAttribute('data-theme', 'system');
  await expect(grid(page)).toBeVisible();
});
