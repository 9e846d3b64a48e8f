// What every test has: the shared servers, and a page whose complaints fail the test.
import { test as base, type BrowserContext, type ConsoleMessage, type Page } from '@playwright/test';
import { Server, type Wanted } from './server';

export { expect } from '@playwright/test';

/** What a page did that no page of smonitor may do. */
export class Watch {
  readonly problems: string[] = [];
  readonly #expected: RegExp[] = [];

  /** Something that this test provokes, such as a refused connection. */
  expect(text: RegExp): void {
    this.#expected.push(text);
  }

  /** From now on nothing counts: the test is over and its servers end. */
  end(): void {
    this.#ended = true;
  }
  #ended = false;

  #tell(problem: string): void {
    if (!this.#ended) this.problems.push(problem);
  }

  left(): string[] {
    return this.problems.filter((problem) => !this.#expected.some((text) => text.test(problem)));
  }

  async follow(context: BrowserContext): Promise<void> {
    // `localhost` and addresses of this machine; where else a request goes is told and stopped.
    await context.route(
      (url) => !/^(127\.|localhost$|\[::1\]$)/.test(url.hostname) && url.hostname !== this.#own,
      (route) => {
        this.#tell(`foreign request: ${route.request().url()}`);
        return route.abort();
      },
    );
    context.on('weberror', (error) => this.#tell(`uncaught: ${error.error().message}`));
    context.on('console', (message: ConsoleMessage) => {
      if (message.type() === 'error' || message.type() === 'warning') {
        this.#tell(`console ${message.type()}: ${message.text()} (${message.location().url})`);
      }
    });
  }

  #own = '';
  allow(hostname: string): void {
    this.#own = hostname;
  }
}

interface Fixtures {
  readonly watch: Watch;
  /** Starts servers that live as long as the test. */
  readonly start: (wanted: Wanted) => Promise<Server>;
}

interface Shared {
  readonly node: Server;
  readonly demo: Server;
  /** A made-up cluster of 40 hosts. */
  readonly cluster: Server;
  /** A demo that asks for the access token. */
  readonly guarded: Server;
}

export const test = base.extend<Fixtures, Shared>({
  node: [
    async ({ browserName: _browser }, use) => {
      const server = await Server.start({ kind: 'node' });
      await use(server);
      await server.dispose();
    },
    { scope: 'worker' },
  ],
  demo: [
    async ({ browserName: _browser }, use) => {
      const server = await Server.start({ kind: 'demo' });
      await use(server);
      await server.dispose();
    },
    { scope: 'worker' },
  ],
  cluster: [
    async ({ browserName: _browser }, use) => {
      const server = await Server.start({ kind: 'demo', nodes: 40, gpus: 8 });
      await use(server);
      await server.dispose();
    },
    { scope: 'worker' },
  ],
  guarded: [
    async ({ browserName: _browser }, use) => {
      const server = await Server.start({ kind: 'demo', config: { auth: { mode: 'token' } } });
      await use(server);
      await server.dispose();
    },
    { scope: 'worker' },
  ],
  watch: [
    async ({ context }, use) => {
      const watch = new Watch();
      await watch.follow(context);
      await use(watch);
      base.expect(watch.left(), 'complaints of the page').toEqual([]);
    },
    { auto: true },
  ],
  start: async ({ watch }, use) => {
    const servers: Server[] = [];
    await use(async (wanted) => {
      const server = await Server.start(wanted);
      servers.push(server);
      return server;
    });
    watch.end();
    for (const server of servers) await server.dispose();
  },
});

/** A measured figure, repeated at the end of the run. */
export function note(description: string): void {
  test.info().annotations.push({ type: 'note', description });
}

/** Waits until the page shows live values. */
export async function liveAt(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await base.expect(page.getByRole('status').filter({ hasText: /^(Live|实时)$/ })).toBeVisible();
  await base.expect(page.getByRole('heading', { level: 1 })).toBeVisible();
}

/** Waits until the first chart of an overview is drawn: then all its parts are loaded. */
export async function drawn(page: Page): Promise<void> {
  // On a phone charts stand below the cards, and are drawn once they come into view.
  await page.locator('figure').first().scrollIntoViewIfNeeded();
  await base.expect(page.locator('.uplot canvas').first()).toBeVisible();
  await page.evaluate(() => {
    window.scrollTo(0, 0);
  });
}
