// Who gets in, how, and what a guest sees.
import type { Page } from '@playwright/test';
import { expect, test } from './support/test';
import { grid } from './support/processes';
import type { Server } from './support/server';
import { Traffic } from './support/traffic';

const DEMO = 'demo-gpu-07';
const GUARDED = { kind: 'demo', config: { auth: { mode: 'token' } } } as const;
/** What browsers write to the console about answers that refuse. */
const REFUSED = /status of 40[134]|status of 429|Unexpected response code: 401|WebSocket connection to/;

test.beforeEach(({ watch }) => watch.expect(REFUSED));

const live = (page: Page) => page.getByRole('status').filter({ hasText: 'Live' });
const login = (page: Page) => page.getByRole('heading', { level: 1, name: 'Sign in' });

function token(server: Server): string {
  const found = /#token=(\w+)$/.exec(server.link ?? '')?.[1];
  if (found === undefined) throw new Error('the server printed no access link');
  return found;
}

async function paste(page: Page, text: string): Promise<void> {
  await page.getByLabel('Access token').fill(text);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

test('the link of the first start signs in and leaves no token behind', async ({ page, start }) => {
  const server = await start(GUARDED);
  const secret = token(server);
  const traffic = new Traffic(page);
  await page.goto(server.link ?? '');
  await expect(live(page)).toBeVisible();
  await expect(page).toHaveURL(server.url);
  expect(
    await page.evaluate(() => location.href + document.referrer + JSON.stringify(history.state)),
  ).not.toContain(secret);
  for (const url of [...traffic.requests.slice(1), ...traffic.sockets]) expect(url).not.toContain(secret);
  // The first is the navigation itself; its fragment stays in the browser.
  expect(new URL(traffic.requests[0] ?? '').search).toBe('');
  const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
  expect(stored).not.toContain(secret);
  await page.reload();
  await expect(live(page)).toBeVisible();
});

test('the session cookie is out of reach of scripts and other sites', async ({ page, context, start }) => {
  const server = await start(GUARDED);
  await page.goto(server.link ?? '');
  await expect(live(page)).toBeVisible();
  const cookies = await context.cookies(server.url);
  expect(cookies).toHaveLength(1);
  expect(cookies[0]).toMatchObject({ httpOnly: true, sameSite: 'Lax', secure: false, path: '/' });
  expect(cookies[0]?.name).toMatch(/^smonitor_/);
  expect(cookies[0]?.value).not.toContain(token(server));
  expect(await page.evaluate(() => document.cookie)).toBe('');
});

test('a wrong token is refused in the form, and too many have to wait', async ({ page, start }) => {
  const server = await start(GUARDED);
  await page.goto(server.url);
  await expect(login(page)).toBeVisible();
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toHaveText('Paste the token first.');
  const answers: number[] = [];
  page.on('response', (answer) => {
    if (answer.request().method() === 'POST') answers.push(answer.status());
  });
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    await paste(page, `wrong-${String(attempt)}`);
    await expect.poll(() => answers.length).toBe(attempt);
    await expect(page.getByRole('alert')).toContainText('does not accept this token');
    await expect(page.getByLabel('Access token')).toBeFocused();
  }
  expect(answers).toEqual([401, 401, 401, 401, 401]);
  await expect(page.getByLabel('Access token')).toHaveAttribute('aria-invalid', 'true');
  await paste(page, token(server));
  await expect(page.getByRole('alert')).toHaveText(/^Too many attempts\. Try again in \d+\s(min|s)\.$/);
  expect(answers.at(-1)).toBe(429);
});

test('signing out ends the session, here and in other tabs', async ({ page, context, start }) => {
  const server = await start(GUARDED);
  await page.goto(server.link ?? '');
  await expect(live(page)).toBeVisible();
  const other = await context.newPage();
  await other.goto(server.url);
  await expect(live(other)).toBeVisible();
  const [session] = await context.cookies(server.url);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(login(page)).toBeVisible();
  await expect(login(other)).toBeVisible();
  // The socket may tell of the end before the answer that takes the cookie away.
  await expect.poll(() => context.cookies(server.url)).toEqual([]);
  // The old cookie is worth nothing.
  const answer = await fetch(new URL('api/v1/hosts', server.url), {
    headers: { cookie: `${session?.name ?? ''}=${session?.value ?? ''}` },
  });
  expect(answer.status).toBe(401);
  await page.goto(server.url);
  await expect(login(page)).toBeVisible();
});

test('a deep link leads through the login to where it points', async ({ page, start }) => {
  const server = await start(GUARDED);
  const path = `host/${DEMO}?tab=processes&q=user%3Aalice`;
  await page.goto(server.url + path);
  await expect(login(page)).toBeVisible();
  expect(new URL(page.url()).searchParams.get('next')).toBe(`/${path}`);
  await paste(page, token(server));
  await expect(grid(page).locator('[data-key]').first()).toContainText('alice');
  await expect(page).toHaveURL(server.url + path);
  await page.goBack();
  await expect(login(page)).toBeHidden();
});

for (const next of [
  '//evil.example/x',
  'https://evil.example/',
  '/\\evil.example',
  'javascript:alert(1)',
  '/\t/evil.example',
  '/login?next=//evil.example',
]) {
  test(`a login leads to no other site: next=${JSON.stringify(next)}`, async ({ page, start }) => {
    const server = await start(GUARDED);
    await page.goto(`${server.url}login?next=${encodeURIComponent(next)}`);
    await paste(page, token(server));
    await expect(live(page)).toBeVisible();
    await expect(page).toHaveURL(server.url);
  });
}

test('without a session there is nothing but a refusal', async ({ start }) => {
  const server = await start(GUARDED);
  for (const path of ['hosts', `hosts/${DEMO}`, `hosts/${DEMO}/processes`]) {
    const answer = await fetch(new URL(`api/v1/${path}`, server.url));
    expect(answer.status).toBe(401);
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await answer.json()).toMatchObject({ error: { code: 'unauthorized' } });
  }
  const other = await fetch(new URL(`api/v1/hosts`, server.url), {
    headers: { authorization: `Bearer ${token(server)}` },
  });
  expect(other.status).toBe(200);
});

test('another browser sees the login only', async ({ page, browser, start }) => {
  const server = await start(GUARDED);
  await page.goto(server.link ?? '');
  await expect(live(page)).toBeVisible();
  const stranger = await browser.newContext();
  const other = await stranger.newPage();
  const traffic = new Traffic(other);
  await other.goto(server.url);
  await expect(login(other)).toBeVisible();
  expect(traffic.frames()).toBe(0);
  expect(await other.locator('body').innerText()).not.toContain(DEMO);
  await stranger.close();
});

test('a guest sees load and no names', async ({ page, start }) => {
  const server = await start({ kind: 'demo', config: { auth: { mode: 'none', role: 'guest' } } });
  const traffic = new Traffic(page);
  await page.goto(`${server.url}?tab=processes`);
  await expect(live(page)).toBeVisible();
  await expect(page.getByRole('region', { name: 'CPU', exact: true })).toContainText(/\d+\s%/);
  await expect(page.getByText('Guests see the load of a machine but no processes.')).toBeVisible();
  await expect(page.getByRole('link', { name: /^Processes/ })).toHaveCount(0);
  await expect(grid(page)).toHaveCount(0);
  await page.keyboard.press('l');
  await expect(grid(page)).toHaveCount(0);
  await expect.poll(() => traffic.frames()).toBeGreaterThan(2);
  expect(/alice|\/sbin\/init/.test(JSON.stringify(traffic.received))).toBe(false);
  const answer = await fetch(new URL(`api/v1/hosts/${DEMO}/processes`, server.url));
  expect(answer.status).toBe(403);
  expect(await answer.text()).not.toContain('alice');
});
