// How the page is built: hashed, self-contained files that work below any path and are embedded in
// the server's binary together with their compressed variants.
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { svelteTesting } from '@testing-library/svelte/vite';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const favicon = fileURLToPath(new URL('../assets/favicon.svg', import.meta.url));

// The icon lives with the project's other drawings; the page takes a copy, so there is one original.
function sharedFavicon(): Plugin {
  let outDir = '';
  return {
    name: 'shared-favicon',
    configResolved(config) {
      outDir = join(config.root, config.build.outDir);
      if (config.build.outDir.startsWith('/')) outDir = config.build.outDir;
    },
    configureServer(server) {
      server.middlewares.use('/favicon.svg', (_request, response) => {
        response.setHeader('content-type', 'image/svg+xml');
        response.end(readFileSync(favicon));
      });
    },
    writeBundle() {
      copyFileSync(favicon, join(outDir, 'favicon.svg'));
    },
  };
}

// Both variants are needed: browsers do not ask for brotli over plain HTTP.
function compressed(): Plugin {
  let outDir = '';
  return {
    name: 'compressed-variants',
    apply: 'build',
    configResolved(config) {
      outDir = join(config.root, config.build.outDir);
      if (config.build.outDir.startsWith('/')) outDir = config.build.outDir;
    },
    closeBundle() {
      for (const entry of readdirSync(outDir, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !/\.(html|js|css|svg|json|txt)$/.test(entry.name)) continue;
        const file = join(entry.parentPath, entry.name);
        const bytes = readFileSync(file);
        writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
        const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
        writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params }));
      }
    },
  };
}

export default defineConfig({
  base: './',
  plugins: [svelte(), svelteTesting(), sharedFavicon(), compressed()],
  build: {
    target: 'es2022',
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        codeSplitting: {
          // The first files are one, and so are the panels of the overview, which are fetched together:
          // each file more costs its own imports and a compression that begins anew.
          groups: [
            { name: 'first', tags: ['$initial'], priority: 2 },
            {
              name: 'cells',
              test: /\/src\/(lib\/(table-sort|table-format|model\/(gpu-state|ramp|thresholds\.svelte))\.ts|lib\/i18n\/en\/gpu-cell|ui\/GpuCell\.svelte)/,
              includeDependenciesRecursively: false,
            },
            {
              name: 'overview',
              test: /\/src\/panels\/(network\/NetworkPanel|disk\/DisksPanel|sensor\/SensorsPanel|login\/LoginsPanel|numa\/MemoryNodes|gpu\/GpuPanel)\.svelte/,
              includeDependenciesRecursively: false,
            },
          ],
        },
      },
    },
  },
  server: {
    // The server to develop against: `smonitor demo` on its default address.
    proxy: {
      '/api': 'http://127.0.0.1:8999',
      '/ws': { target: 'ws://127.0.0.1:8999', ws: true },
    },
  },
  test: {
    environment: 'happy-dom',
    environmentOptions: { happyDOM: { url: 'http://localhost/' } },
    include: ['tests/**/*.test.ts'],
    setupFiles: ['tests/setup.ts'],
    restoreMocks: true,
  },
});
