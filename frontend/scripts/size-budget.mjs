// Fails when the built page is heavier than the design allows. `npm run size [-- DIR]`, default dist.
//
// What counts is what a visitor fetches for one view, so the budgets are per view: the files of
// index.html, the view's own file with all it imports, and what it fetches for itself (the chart
// library, the texts of later parts). docs/decisions/0011 says why not the sum of everything.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

const dir = process.argv[2] ?? 'dist';
const KB = 1000;
const html = readFileSync(join(dir, 'index.html'), 'utf8');
const files = readdirSync(join(dir, 'assets')).filter((name) => /\.(js|css)$/.test(name));
const text = new Map(files.map((name) => [name, readFileSync(join(dir, 'assets', name), 'utf8')]));
const size = new Map(files.map((name) => [name, gzipSync(text.get(name) ?? '', { level: 9 }).length]));
/** @param {Iterable<string>} names */
const sum = (names) => [...names].reduce((total, name) => total + (size.get(name) ?? 0), 0);
/** @param {Iterable<string>} names @param {string} kind */
const only = (names, kind) => [...names].filter((name) => name.endsWith(kind));

/** The list of what is to be fetched beside a view that is opened later: that view names it itself. */
const beside = /m\.f=\[[^\]]*\]/;
const imports = new Map(files.map((name) => [name, (text.get(name) ?? '').replace(beside, '')]));
/** Every file of the build that a file names: what it imports, now or later. @param {string} name */
const named = (name) => files.filter((other) => other !== name && imports.get(name)?.includes(other));
/** What is fetched only when somebody opens it: other views, dialogs, the other language. */
const apart =
  /^(\w+Tab|Processes|Login|Server|Gpu|Gpus|Users|HostList|HostMap|HostStatus|SwitchList|NotFound|\w*(Dialog|Sheet|Details|Drawer)|zh|[\w-]*zh)-/;

/** The files of a view; what those in `ends` name is none of it. @param {string[]} roots */
function closure(roots, ends = /** @type {string[]} */ ([])) {
  const found = new Set(roots);
  for (const name of found)
    for (const next of ends.includes(name) ? [] : named(name)) if (!apart.test(next)) found.add(next);
  return found;
}

/** Whether a source file, or one that it imports, draws charts: the library stands in no view's own files,
 * because what fetches it is among the first. @param {string} file @returns {boolean} */
function draws(file, seen = new Set()) {
  if (file.endsWith('/charts/Chart.svelte')) return true;
  if (seen.has(file)) return false;
  seen.add(file);
  const code = readFileSync(file, 'utf8');
  return [...code.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].some(([, to = '']) => {
    const next = join(dirname(file), to);
    const found = [next, `${next}.ts`].find((name) => /\.(ts|svelte)$/.test(name) && existsSync(name));
    return found !== undefined && draws(found, seen);
  });
}
/** The source files of views by their names. */
const sources = new Map(
  readdirSync('src/pages', { recursive: true })
    .map(String)
    .map((name) => [basename(name, '.svelte'), join('src/pages', name)]),
);

const plots = files.filter((name) => /^plot-.*\.js$/.test(name));
/** The Chinese that every view needs which is not in the first files. */
const later = files.filter((name) => /^later-.*\.js$/.test(name));
const first = files.filter((name) => html.includes(name));
const views = files.filter((name) => /^(\w+Tab|Processes|Login|Server|Gpu|Gpus|Users)-.*\.js$/.test(name));
const overview = closure(first);
const css = files.filter((name) => name.endsWith('.css'));
/** @type {[name: string, bytes: number, budget: number][]} */
const rows = [
  ['first route, JS and CSS', sum(first), 60 * KB],
  ['view Overview, all it fetches, JS', sum(only(overview, '.js')), 120 * KB],
  ...views.map((view) => {
    // What the first files fetch for the overview is none of another view, but for these.
    const own = closure([view], first);
    const all = new Set([
      ...first,
      ...own,
      ...later,
      ...(draws(sources.get(view.replace(/-.*/, '')) ?? '') ? plots : []),
    ]);
    return /** @type {[string, number, number]} */ ([
      `view ${view.replace(/(Tab)?-.*/, '')}, JS`,
      sum(only(all, '.js')),
      120 * KB,
    ]);
  }),
  ['charts (uPlot), on demand', sum(plots), 23 * KB],
  ['all CSS', sum(css), 20 * KB],
  ['Chinese, at once', sum(files.filter((name) => /^zh-.*\.js$/.test(name))), 10 * KB],
  ['Chinese, of small parts', sum(later), 10 * KB],
  [
    'embedded, raw and compressed',
    readdirSync(dir, { recursive: true }).reduce((total, name) => {
      const info = statSync(join(dir, String(name)));
      return total + (info.isFile() ? info.size : 0);
    }, 0),
    1500 * KB,
  ],
];

// No file in index.html, or no view: the check itself would be blind.
let over = first.length === 0 || views.length < 3 || plots.length === 0 || later.length === 0;
for (const [name, bytes, budget] of rows) {
  const verdict = bytes > budget ? 'OVER' : 'ok';
  over ||= bytes > budget;
  console.log(
    `${verdict.padEnd(5)}${(bytes / KB).toFixed(1).padStart(8)} of ${String(budget / KB).padStart(5)} KB  ${name}`,
  );
}
process.exit(over ? 1 : 0);
