// Fails when the built page is heavier than the design allows. `npm run size [-- DIR]`, default dist.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const dir = process.argv[2] ?? 'dist';
const KB = 1000;
const html = readFileSync(join(dir, 'index.html'), 'utf8');
const files = readdirSync(join(dir, 'assets')).filter((name) => /\.(js|css)$/.test(name));
/** @param {string} name */
const gzipped = (name) => gzipSync(readFileSync(join(dir, 'assets', name)), { level: 9 }).length;
/** @param {string[]} names */
const sum = (names) => names.reduce((total, name) => total + gzipped(name), 0);

const first = files.filter((name) => html.includes(name));
/** @type {[name: string, bytes: number, budget: number][]} */
const rows = [
  ['first route, JS and CSS', sum(first), 60 * KB],
  ['all JS', sum(files.filter((name) => name.endsWith('.js'))), 120 * KB],
  [
    'charts (uPlot), on demand',
    sum(files.filter((name) => name.startsWith('plot-') && name.endsWith('.js'))),
    23 * KB,
  ],
  ['all CSS', sum(files.filter((name) => name.endsWith('.css'))), 12 * KB],
  ['Chinese', sum(files.filter((name) => name.startsWith('zh-'))), 10 * KB],
  [
    'embedded, raw and compressed',
    readdirSync(dir, { recursive: true }).reduce((total, name) => {
      const info = statSync(join(dir, String(name)));
      return total + (info.isFile() ? info.size : 0);
    }, 0),
    1500 * KB,
  ],
];

let over = first.length === 0; // no file in index.html: the check itself would be blind
for (const [name, size, budget] of rows) {
  const verdict = size > budget ? 'OVER' : 'ok';
  over ||= size > budget;
  console.log(
    `${verdict.padEnd(5)}${(size / KB).toFixed(1).padStart(8)} of ${String(budget / KB).padStart(5)} KB  ${name}`,
  );
}
process.exit(over ? 1 : 0);
