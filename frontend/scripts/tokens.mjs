// Writes src/tokens.css from src/tokens.json. `--check` only compares, for tests and CI.
import { readFileSync, writeFileSync } from 'node:fs';

const source = new URL('../src/tokens.json', import.meta.url);
const target = new URL('../src/tokens.css', import.meta.url);

/** @param {{ color: Record<string, string[]>, size: Record<string, string> }} tokens */
export function tokensCss(tokens) {
  const lines = [
    ...Object.entries(tokens.color).map(
      ([name, [light, dark]]) => `  --${name}: light-dark(${light}, ${dark});`,
    ),
    ...Object.entries(tokens.size).map(([name, value]) => `  --${name}: ${value};`),
  ];
  return `/* Made by \`npm run tokens\` from tokens.json. Do not edit. */\n:root {\n${lines.join('\n')}\n}\n`;
}

if (process.argv[1] && import.meta.url.endsWith('/tokens.mjs') && process.argv[1].endsWith('tokens.mjs')) {
  const css = tokensCss(JSON.parse(readFileSync(source, 'utf8')));
  if (process.argv.includes('--check')) {
    if (readFileSync(target, 'utf8') !== css) {
      console.error('src/tokens.css is not what src/tokens.json says: run `npm run tokens`');
      process.exit(1);
    }
  } else {
    writeFileSync(target, css);
  }
}
