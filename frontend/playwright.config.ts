// Browser tests against the real program. The browser is the machine's own Chromium: nothing is
// downloaded. Servers are started by the tests, on ports of their own.
import { defineConfig } from '@playwright/test';

const chromium = process.env['CHROMIUM_PATH'] ?? process.env['CHROME_PATH'] ?? '/usr/bin/chromium';

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  snapshotPathTemplate: '{testDir}/trees/{arg}{ext}',
  fullyParallel: true,
  forbidOnly: true,
  // A browser on a busy machine now and then loses its breath. A test that passes only at the second
  // attempt is named at the end of the run; by hand there is none.
  retries: process.env['CI'] === undefined ? 0 : 1,
  workers: 2,
  timeout: 40_000,
  expect: { timeout: 8_000 },
  reporter: [['list'], ['./e2e/support/last-line.ts']],
  use: {
    browserName: 'chromium',
    viewport: { width: 1440, height: 900 },
    locale: 'en-GB',
    timezoneId: 'UTC',
    colorScheme: 'light',
    trace: 'off',
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: chromium,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--js-flags=--expose-gc',
      ],
    },
  },
  projects: [
    { name: 'e2e', testMatch: '*.spec.ts', testIgnore: 'screenshots.spec.ts' },
    { name: 'screenshots', testMatch: 'screenshots.spec.ts' },
  ],
});
