// smonitor behind real proxies, with the files of docs/proxies/ as they are shipped. The browser is
// told that their names are this machine, so that addresses, cookies and origins are the real ones.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Page } from '@playwright/test';
import { ask, type Answer } from './support/ask';
import { rows } from './support/processes';
import {
  adapted,
  type Example,
  examples,
  FOLDER,
  freePorts,
  missing,
  type Ports,
  ProxyProcess,
  USER,
} from './support/proxies';
import { BINARY, type Server } from './support/server';
import { expect, liveAt, test as base } from './support/test';
import { Traffic } from './support/traffic';

const EXAMPLES = examples();

interface Site {
  readonly server: Server;
  readonly proxy: ProxyProcess;
  /** The access link, as smonitor printed it. */
  readonly link: string;
  readonly token: string;
}

const test = base.extend<{ publish: (example: Example) => Promise<Site> }, { ports: Ports }>({
  ports: [
    async ({ browserName: _browser }, use) => {
      await use(await freePorts());
    },
    { scope: 'worker' },
  ],
  launchOptions: [
    async ({ launchOptions, ports }, use) => {
      const names = new Set(EXAMPLES.map(({ url }) => url.hostname));
      const rules = [...names].map((name) => `MAP ${name}:443 127.0.0.1:${String(ports.https)}`);
      const args = [...(launchOptions.args ?? []), `--host-resolver-rules=${rules.join(',')}`];
      await use({ ...launchOptions, args });
    },
    { scope: 'worker' },
  ],
  publish: async ({ start, watch, ports }, use) => {
    let proxy: ProxyProcess | undefined;
    await use(async (example) => {
      watch.allow(example.url.hostname);
      const configFile = resolve(FOLDER, example.config);
      const server = await start({ kind: 'node', configFile, port: ports.smonitor });
      proxy = await ProxyProcess.start(example, ports);
      const link = server.link ?? '';
      return { server, proxy, link, token: /#token=(\w+)$/.exec(link)?.[1] ?? '' };
    });
    watch.end();
    await proxy?.dispose();
  },
});
test.use({ ignoreHTTPSErrors: true, httpCredentials: USER });

const live = (page: Page) => page.getByRole('status').filter({ hasText: 'Live' });
const login = (page: Page) => page.getByRole('heading', { level: 1, name: 'Sign in' });
const banner = (page: Page) => page.getByText(/^\s*Disconnected – showing data from/);
const folderOf = ({ url }: Example) => url.pathname;
const credentials = ({ asksForPassword }: Example): Record<string, string> =>
  asksForPassword
    ? { authorization: `Basic ${Buffer.from(`${USER.username}:${USER.password}`).toString('base64')}` }
    : {};

/** Skips where a proxy is not installed; where everything has to be tested, that fails. */
function needs(example: Example): void {
  const lacking = missing(example.kind);
  if (process.env['CI'] === 'true') expect(lacking, 'programs that this test needs').toEqual([]);
  test.skip(lacking.length > 0, `${example.file}: not installed: ${lacking.join(', ')}`);
}

test.describe('the shipped files', () => {
  test('there is one for each way', () => {
    expect(EXAMPLES.map(({ file, config }) => `${file} ${config}`)).toEqual([
      'apache-root.conf config-root.json',
      'apache-sub-path.conf config-sub-path.json',
      'caddy-password.Caddyfile config-root.json',
      'caddy-root.Caddyfile config-root.json',
      'caddy-sub-path.Caddyfile config-sub-path.json',
      'haproxy-root.cfg config-root.json',
      'haproxy-sub-path.cfg config-sub-path.json',
      'nginx-password.conf config-root.json',
      'nginx-root.conf config-root.json',
      'nginx-sub-path.conf config-sub-path.json',
    ]);
  });

  test('their configs are good', () => {
    for (const config of new Set(EXAMPLES.map((example) => example.config))) {
      execFileSync(BINARY, ['check-config', '--config', join(FOLDER, config)], { stdio: 'pipe' });
    }
  });

  for (const { file, text } of EXAMPLES) {
    test(`${file} is tested as it is, but for ports and paths`, () => {
      const ports = { https: 50_001, http: 50_002, smonitor: 50_003 };
      const [before, after] = [text, adapted(text, ports, '/tmp/folder')].map((all) => all.split('\n'));
      expect(after).toHaveLength(before?.length ?? 0);
      const changed = (before ?? []).flatMap((line, index) => {
        const other = after?.[index] ?? '';
        return line === other ? [] : [[line, other] as const];
      });
      expect(changed.length).toBeGreaterThan(0);
      for (const [line, other] of changed) {
        expect(line).toMatch(
          /^\s*(listen|bind|<VirtualHost|ssl_certificate(_key)?|SSLCertificate(Key)?File|auth_basic_user_file|import|proxy_pass|reverse_proxy|server local|ProxyPass)\b/,
        );
        const back = other
          .replace('/tmp/folder/', /\/etc\/(?:[\w-]+\/)+/.exec(line)?.[0] ?? '')
          .replace('127.0.0.1:50003', '127.0.0.1:8999')
          .replace(/127\.0\.0\.1:5000[12]/, /\*?:?(?:443|80)\b/.exec(line)?.[0] ?? '');
        expect(back).toBe(line);
      }
    });
  }
});

for (const example of EXAMPLES) {
  test.describe(example.file, () => {
    test('the page signs in, lives, and comes back by itself', async ({ page, context, publish, watch }) => {
      needs(example);
      // What a browser writes of answers while smonitor is gone, and of a login that is asked for.
      watch.expect(/status of (401|50[234])|WebSocket connection to|Unexpected response code: (401|50[234])/);
      const { server, proxy, link, token } = await publish(example);
      const traffic = new Traffic(page);
      const frames = () => traffic.frames();
      const goesOn = async (count: number) => {
        const begun = frames();
        await expect.poll(frames, { timeout: 15_000 }).toBeGreaterThanOrEqual(begun + count);
      };

      await test.step('signs in with the link', async () => {
        expect(link).toBe(`${example.url.href}login#token=${token}`);
        await liveAt(page, link);
        await expect(page).toHaveURL(example.url.href);
        const cookies = await context.cookies(example.url.href);
        expect(cookies).toHaveLength(1);
        const flags = { secure: true, httpOnly: true, sameSite: 'Lax', path: folderOf(example) };
        expect(cookies[0]).toMatchObject(flags);
        const protocol = await page.evaluate(
          () =>
            performance
              .getEntriesByType('navigation')
              .map((entry) => Reflect.get(entry, 'nextHopProtocol'))[0],
        );
        expect(protocol).toBe('h2');
        expect(new Set(traffic.sockets.map((url) => new URL(url).pathname))).toEqual(
          new Set([`${folderOf(example)}ws`]),
        );
      });

      await test.step('goes on, and a deep link loads', async () => {
        await goesOn(3);
        await page.getByRole('link', { name: /^Processes/ }).click();
        await expect(rows(page).nth(3)).toBeVisible();
        const deep = page.url();
        expect(deep).not.toBe(example.url.href);
        await page.reload();
        await expect(live(page)).toBeVisible();
        await expect(page).toHaveURL(deep);
        await expect(rows(page).nth(3)).toBeVisible();
        await goesOn(1);
      });

      await page.evaluate(() => (document.body.dataset['mark'] = 'before'));
      await test.step('a reload of the proxy', async () => {
        proxy.reload();
        await goesOn(3);
        await expect(live(page)).toBeVisible();
      });

      await test.step('smonitor is gone and comes again', async () => {
        await server.stop('SIGKILL');
        await expect(banner(page)).toBeVisible();
        await server.restart();
        await expect(live(page)).toBeVisible({ timeout: 20_000 });
        await expect(banner(page)).toBeHidden();
        await goesOn(2);
      });
      await expect(page.locator('body')).toHaveAttribute('data-mark', 'before');

      await test.step('signs out', async () => {
        await page.getByRole('button', { name: 'Sign out' }).click();
        await expect(login(page)).toBeVisible();
        expect(await context.cookies(example.url.href)).toEqual([]);
      });
    });

    test('who asks is known, and nobody is believed who should not be', async ({ publish, ports }) => {
      needs(example);
      const { server, token } = await publish(example);
      const below = (path: string) => new URL(path, example.url);
      const straight = (path: string) => new URL(path, server.url);
      const through = (path: string, asking: Partial<Parameters<typeof ask>[1]> = {}): Promise<Answer> =>
        ask(below(path), {
          port: ports.https,
          ...asking,
          headers: { ...credentials(example), ...asking.headers },
        });
      const logged = (client: string, path: string) =>
        server.log
          .split('\n')
          .filter((line) => line.includes(`client=${client} `) && line.includes(`path="${path}"`)).length;

      await test.step('the access log has the real client', async () => {
        const forged = {
          'x-forwarded-for': '203.0.113.9',
          'x-real-ip': '203.0.113.9',
          forwarded: 'for=203.0.113.9',
        };
        expect((await through('healthz', { from: '127.0.0.5', headers: forged })).status).toBe(200);
        const path = below('healthz').pathname;
        await expect.poll(() => logged('127.0.0.5', path)).toBe(1);
        // A client that has the address of a proxy: had its header been added to, it would count.
        const begun = logged('127.0.0.1', path);
        expect((await through('healthz', { headers: forged })).status).toBe(200);
        await expect.poll(() => logged('127.0.0.1', path)).toBe(begun + 1);
        expect(server.log).not.toContain('203.0.113.9');
      });

      await test.step('straight to smonitor, forged headers from a stranger count for nothing', async () => {
        const headers = { 'x-forwarded-for': '203.0.113.9' };
        const asked = await ask(straight('api/openapi.json'), {
          port: ports.smonitor,
          from: '127.0.0.2',
          headers,
        });
        expect(asked.status).toBe(200);
        await expect.poll(() => logged('127.0.0.2', straight('api/openapi.json').pathname)).toBe(1);
        expect(server.log).not.toContain('203.0.113.9');
      });

      await test.step('nobody gets in without a token, here or there', async () => {
        expect((await through('api/v1/hosts')).status).toBe(401);
        expect((await ask(straight('api/v1/hosts'), { port: ports.smonitor })).status).toBe(401);
        if (example.asksForPassword) {
          const refused = await ask(below(''), { port: ports.https });
          expect(refused.status).toBe(401);
          expect(refused.headers['www-authenticate']).toMatch(/^Basic/i);
          expect(refused.text).not.toContain('<base ');
        } else {
          const bearer = { authorization: `Bearer ${token}` };
          expect((await through('api/v1/hosts', { headers: bearer })).status).toBe(200);
        }
      });

      await test.step('guessing is braked by the real address', async () => {
        const guess = (from: string, pretended: string): Promise<Answer> =>
          through('api/v1/session', {
            from,
            method: 'POST',
            headers: { 'x-forwarded-for': pretended },
            body: { token: 'wrong' },
          });
        const answers: number[] = [];
        for (let n = 1; n <= 6; n += 1) {
          answers.push((await guess('127.0.0.6', `198.51.100.${String(n)}`)).status);
        }
        expect(answers).toEqual([401, 401, 401, 401, 401, 429]);
        expect((await guess('127.0.0.7', '127.0.0.6')).status).toBe(401);
      });

      await test.step('the password of a proxy is no token and does no harm to a session', async () => {
        const signedIn = await ask(straight('api/v1/session'), {
          port: ports.smonitor,
          method: 'POST',
          body: { token },
        });
        const cookie = signedIn.headers['set-cookie']?.[0] ?? '';
        expect(cookie).toContain('; Secure');
        const headers = {
          cookie: cookie.split(';')[0] ?? '',
          authorization: `Basic ${Buffer.from('alice:secret').toString('base64')}`,
        };
        const asked = await ask(straight('api/v1/hosts'), { port: ports.smonitor, headers });
        expect(asked.status).toBe(200);
        const { authorization } = headers;
        for (let n = 1; n <= 6; n += 1) {
          const alone = await ask(straight('api/v1/hosts'), {
            port: ports.smonitor,
            headers: { authorization },
          });
          expect(alone.status).toBe(401);
        }
      });

      await test.step('other sites and other names are refused', async () => {
        const headers = { origin: 'https://attacker.example' };
        const written = await through('api/v1/session', { method: 'POST', headers, body: { token } });
        expect(written.status).toBe(403);
        const named = await ask(straight('healthz'), {
          port: ports.smonitor,
          headers: { host: 'attacker.example' },
        });
        expect(named.status).toBe(403);
      });

      await test.step('the edges of what is published', async () => {
        if (folderOf(example) === '/') return;
        const bare = await through(folderOf(example).slice(0, -1));
        expect([301, 302, 308]).toContain(bare.status);
        expect(new URL(bare.headers.location ?? '', example.url).pathname).toBe(folderOf(example));
        expect((await through('/')).text).not.toContain('smonitor');
      });

      await test.step('plain HTTP leads to TLS', async () => {
        if (!/^\s*(listen|bind|<VirtualHost).*\b80\b/m.test(example.text) && example.kind !== 'caddy') return;
        const plain = new URL(below('?tab=processes'));
        plain.protocol = 'http:';
        const answer = await ask(plain, { port: ports.http });
        expect([301, 308]).toContain(answer.status);
        const location = new URL(answer.headers.location ?? '');
        expect(location.protocol).toBe('https:');
        expect(location.hostname).toBe(example.url.hostname);
        expect(location.search).toBe('?tab=processes');
      });
    });
  });
}

test('the curl lines of README.md', async ({ publish, ports }) => {
  const example = EXAMPLES.find(({ file }) => file === 'nginx-root.conf');
  if (example === undefined) throw new Error('there is no nginx-root.conf');
  needs(example);
  const { server, token } = await publish(example);
  const block =
    readFileSync(join(FOLDER, 'README.md'), 'utf8').split('```sh\n').at(-1)?.split('```')[0] ?? '';
  const lines = block.split('\n').filter((line) => line.startsWith('curl '));
  // The name is this machine, the certificate is our own, and the socket would never end.
  const here = `${example.url.hostname}:443:127.0.0.1:${String(ports.https)}`;
  const seen = lines.map((line) => {
    const command = line.replace(/^curl /, `curl -sk --max-time 1 --connect-to ${here} `);
    const env = { PATH: process.env['PATH'], TOKEN: token };
    return /^HTTP\/\S+ (\d+)/.exec(spawnSync('bash', ['-c', command], { env }).stdout.toString())?.[1];
  });
  expect(seen).toEqual(['200', '401', '101', undefined]);
  await expect.poll(() => server.log.match(/path="\/healthz" status=200/g)?.length).toBeGreaterThanOrEqual(3);
  expect(server.log).not.toContain('203.0.113.9');
});

test.describe('what people get wrong, as README.md tells it', () => {
  const changed = (from: RegExp, to: string): Example => {
    const right = EXAMPLES.find(({ file }) => file === 'nginx-root.conf');
    if (right === undefined) throw new Error('there is no nginx-root.conf');
    const text = right.text.replace(from, to);
    expect(text).not.toBe(right.text);
    return { ...right, text };
  };

  test('no upgrade: the page loads and never lives', async ({ page, publish, watch }) => {
    const wrong = changed(/^ *proxy_set_header (Upgrade|Connection) .*\n/gm, '');
    needs(wrong);
    watch.expect(/WebSocket connection to|Unexpected response code: 400/);
    const { server, link } = await publish(wrong);
    await page.goto(link);
    await expect(page.getByText('Disconnected – nothing was received yet')).toBeVisible();
    expect(server.log).toMatch(/path="\/ws" status=400/);
  });

  test('another Host: signing in is refused', async ({ publish, ports }, info) => {
    const wrong = changed(/^ *proxy_set_header Host .*\n/gm, '');
    needs(wrong);
    const config = info.outputPath('config.json');
    const shipped = JSON.parse(readFileSync(join(FOLDER, wrong.config), 'utf8')) as {
      server: Record<string, unknown>;
    };
    delete shipped.server['public_url'];
    writeFileSync(config, JSON.stringify(shipped));
    const { token } = await publish({ ...wrong, config });
    const answer = await ask(new URL('api/v1/session', wrong.url), {
      port: ports.https,
      method: 'POST',
      headers: { origin: wrong.url.origin },
      body: { token },
    });
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('server.public_url');
  });

  test('X-Forwarded-For added to: a client near the proxy is whoever it likes', async ({
    publish,
    ports,
  }) => {
    const wrong = changed(/(X-Forwarded-For) \$remote_addr/, '$1 $proxy_add_x_forwarded_for');
    needs(wrong);
    const { server } = await publish(wrong);
    const headers = { 'x-forwarded-for': '203.0.113.9' };
    await ask(new URL('healthz', wrong.url), { port: ports.https, headers });
    await expect.poll(() => server.log).toContain('client=203.0.113.9 ');
  });
});
