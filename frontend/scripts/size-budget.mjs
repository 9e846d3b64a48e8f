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

/**
 * What a file fetches later: each with all that comes with it, style sheets too, as the build wrote it down.
 * @param {string} name @returns {[file: string, all: string[]][]}
 */
function fetches(name) {
  const code = text.get(name) ?? '';
  const list = [...(/m\.f=\[([^\]]*)\]/.exec(code)?.[1] ?? '').matchAll(/"([^"]+)"/g)].map(([, path = '']) =>
    basename(path),
  );
  const calls = code.matchAll(
    /import\([`"']\.\/([^`"']+)[`"']\)((?:(?!import\().)*?__vite__mapDeps\(\[([\d,]*)\]\))?/g,
  );
  return [...calls].map(([, file = '', , numbers = '']) => {
    const beside = numbers
      .split(',')
      .filter(Boolean)
      .map((at) => list[Number(at)] ?? '');
    return /** @type {[string, string[]]} */ ([file, [file, ...beside]]);
  });
}
const opened = new Map(files.flatMap(fetches));

/** What is fetched only when somebody opens it: other views, dialogs, the other language. */
const apart =
  /^(\w+Tab|Processes|Home|HostMap|HostRows|HostStatus|SwitchList|Host|Login|Server|Gpu|Gpus|Users|NotFound|\w*(Dialog|Sheet|Details|Drawer)|zh|later|[\w-]*zh|plot)-/;

/** All that comes with a view: its own files, and what these fetch without being asked. @param {string} view */
function filesOf(view) {
  const found = new Set(opened.get(view) ?? []);
  for (const name of found)
    if (!first.includes(name))
      for (const [next, all] of fetches(name)) if (!apart.test(next)) all.forEach((each) => found.add(each));
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

/** What only readers of Chinese fetch. */
const chinese = new Set(
  files.filter((name) => (text.get(name)?.match(/[\u4e00-\u9fff]/g)?.length ?? 0) > 100),
);
const plots = files.filter((name) => /^plot-.*\.js$/.test(name));
/** The Chinese that every view needs which is not in the first files. */
const later = files.filter((name) => /^later-.*\.js$/.test(name));
const zh = files.filter((name) => /^zh-.*\.js$/.test(name));
const first = files.filter((name) => html.includes(name));
const pages = /^(Home|HostMap|HostRows|Host|\w+Tab|Processes|Login|Server|Gpu|Gpus|Users)-.*\.js$/;
const views = [...opened.keys()].filter((name) => pages.test(name));
const home = views.filter((name) => name.startsWith('Home-'));
const host = views.filter((name) => name.startsWith('Host-'));
/** @param {string} view */
const nameOf = (view) => view.replace(/(Tab)?-.*/, '');

/** @type {[name: string, bytes: number, budget: number][]} */
const rows = [
  [
    'first route of a site, JS and CSS',
    sum(
      new Set([...first, ...home.flatMap((view) => [...filesOf(view)].filter((name) => !chinese.has(name)))]),
    ),
    60 * KB,
  ],
  ...views.flatMap((view) => {
    const tab = /^(\w+Tab|Processes)-/.test(view);
    const all = new Set([
      ...first,
      // A tab stands on the page of its host.
      ...(tab ? host.flatMap((page) => opened.get(page) ?? []) : []),
      ...filesOf(view),
      ...(draws(sources.get(nameOf(view)) ?? sources.get(`${nameOf(view)}Tab`) ?? '') ? plots : []),
    ]);
    const what = `${tab ? 'tab' : 'page'} ${nameOf(view)}`;
    const words = new Set([...zh, ...later, ...[...all].filter((name) => chinese.has(name))]);
    return /** @type {[string, number, number][]} */ ([
      [`${what}, JS`, sum(only(all, '.js').filter((name) => !chinese.has(name))), 120 * KB],
      [`${what}, CSS`, sum(only(all, '.css')), 12 * KB],
      [`${what}, Chinese besides`, sum(words), 15 * KB],
    ]);
  }),
  ['charts (uPlot), on demand', sum(plots), 23 * KB],
  ['Chinese, at once', sum(zh), 10 * KB],
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
let over =
  first.length === 0 ||
  home.length !== 1 ||
  host.length !== 1 ||
  views.length < 12 ||
  plots.length === 0 ||
  later.length === 0;
for (const [name, bytes, budget] of rows) {
  const verdict = bytes > budget ? 'OVER' : 'ok';
  over ||= bytes > budget;
  console.log(
    `${verdict.padEnd(5)}${(bytes / KB).toFixed(1).padStart(8)} of ${String(budget / KB).padStart(5)} KB  ${name}`,
  );
}
process.exit(over ? 1 : 0);
