// The layers of the page import downwards only, and files stay small enough to read.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

const files = readdirSync('src', { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.(ts|svelte|css)$/.test(entry.name))
  .map((entry) => join(entry.parentPath, entry.name));

const layerOf = (path: string): string => path.split('/')[1] ?? '';

/** What each layer may import, besides itself. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  ui: ['lib'],
  charts: ['ui', 'lib'],
  panels: ['ui', 'charts', 'lib'],
  pages: ['panels', 'ui', 'charts', 'lib'],
  shell: ['ui', 'lib'],
};

/** Parts of lib that components without data may know. */
const uiMayKnow = /^src\/lib\/(model|i18n|api\/api|table|csv|scroll|keys|prefs)/;

function imports(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(([, path]) =>
    normalize(join(dirname(file), path ?? '')),
  );
}

describe('imports', () => {
  it('are found at all', () => {
    expect(imports('src/App.svelte')).toContain('src/shell/Header.svelte');
  });

  it('go downwards only', () => {
    const wrong = files.flatMap((file) => {
      const own = layerOf(file);
      const mayImport = allowed[own];
      if (!mayImport) return []; // main.ts and App.svelte put everything together
      return imports(file)
        .filter((target) => layerOf(target) !== own && !mayImport.includes(layerOf(target)))
        .map((target) => `${file} → ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  it('of ui reach no live data', () => {
    const wrong = files
      .filter((file) => layerOf(file) === 'ui')
      .flatMap((file) =>
        imports(file)
          .filter((target) => layerOf(target) === 'lib' && !uiMayKnow.test(target))
          .map((target) => `${file} → ${target}`),
      );
    expect(wrong).toEqual([]);
  });
});

describe('files', () => {
  it('have fewer than 200 lines', () => {
    const long = files
      .filter((file) => file !== 'src/lib/api/api.ts')
      .map((file) => [file, readFileSync(file, 'utf8').split('\n').length - 1] as const)
      .filter(([, lines]) => lines >= 200);
    expect(long).toEqual([]);
  });

  it('bring no style attribute in their markup, which the content security policy forbids', () => {
    const styled = files.filter(
      (file) => file.endsWith('.svelte') && /\sstyle="/.test(readFileSync(file, 'utf8')),
    );
    expect(styled).toEqual([]);
  });
});
