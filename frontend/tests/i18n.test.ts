import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { chooseLanguage, fill, getLanguage, setLanguage, t, tn } from '../src/lib/i18n/index.svelte';
import { zh } from '../src/lib/i18n/zh';
import { readPref } from '../src/lib/prefs.svelte';

type Texts = Readonly<Record<string, string>>;
const parts = import.meta.glob<Record<string, Texts>>('../src/lib/i18n/en/*.ts', { eager: true });
const source: Texts = Object.assign({}, ...Object.values(parts).flatMap((part) => Object.values(part)));
const partsZh = import.meta.glob<Record<string, Texts>>('../src/lib/i18n/zh/*.ts', { eager: true });
const chinese: Texts = Object.assign(
  {},
  zh,
  ...Object.values(partsZh).flatMap((part) => Object.values(part)),
);
const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

beforeEach(() => setLanguage('en'));

describe('the catalogues', () => {
  const needed = Object.keys(source).filter((key) => !key.endsWith('.one'));

  it('say the same things', () => {
    expect(Object.keys(chinese).sort()).toEqual(needed.sort());
  });

  it('name the same placeholders', () => {
    const differing = needed.filter(
      (key) => placeholders(source[key] ?? '').join() !== placeholders(chinese[key] ?? '').join(),
    );
    expect(differing).toEqual([]);
  });

  it('have both forms of every plural', () => {
    const single = Object.keys(source).filter(
      (key) => key.endsWith('.one') && !(key.replace(/\.one$/, '.other') in source),
    );
    expect(single).toEqual([]);
  });

  it('leave nothing in English by mistake', () => {
    const own = (key: string) => (source[key] ?? '').replace(/\{\w+\}/g, '');
    const latin = needed.filter((key) => /[a-z]{4,}/.test(own(key)) && chinese[key] === source[key]);
    expect(latin).toEqual(['app.name']);
  });
});

describe('every text', () => {
  const code = readdirSync('src', { recursive: true, withFileTypes: true })
    .filter((entry) => /\.(svelte|ts)$/.test(entry.name) && !entry.parentPath.includes('i18n'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');
  const families = [...code.matchAll(/`([\w.]+[._])\${/g)].map(([, prefix]) => prefix ?? '');

  it('is used', () => {
    const unused = Object.keys(source).filter((key) => {
      const base = key.replace(/\.(one|other)$/, '');
      return !code.includes(`'${base}'`) && !families.some((prefix) => key.startsWith(prefix));
    });
    expect(unused).toEqual([]);
  });
});

describe('the texts of parts that come later', () => {
  const folder = 'src/lib/i18n/en';
  const later = readdirSync(folder)
    .filter((file) => readFileSync(join(folder, file), 'utf8').includes('addTexts('))
    .map((file) => {
      const area = file.replace('.ts', '');
      const keys = Object.keys(Object.values(parts[`../${folder}/${file}`] ?? {})[0] ?? {});
      return { area, keys: keys.map((key) => key.replace(/\.(one|other)$/, '')) };
    });
  const files = readdirSync('src', { recursive: true, withFileTypes: true })
    .filter((entry) => /\.(svelte|ts)$/.test(entry.name) && !entry.parentPath.includes('i18n'))
    .map((entry) => join(entry.parentPath, entry.name));

  it('are there', () => expect(later.map((each) => each.area)).toContain('login'));

  it('are imported by every file that says one', () => {
    const missing = files.flatMap((file) => {
      const code = readFileSync(file, 'utf8');
      const said = new Set([...code.matchAll(/'([\w.]+)'/g)].map(([, key]) => key ?? ''));
      const begun = [...code.matchAll(/`([\w.]+[._])\${/g)].map(([, prefix]) => prefix ?? '');
      const has = later.filter(({ area }) => code.includes(`i18n/en/${area}'`)).flatMap(({ keys }) => keys);
      return later
        .flatMap(({ area, keys }) => keys.map((key) => ({ area, key })))
        .filter(({ key }) => said.has(key) || begun.some((prefix) => key.startsWith(prefix)))
        .filter(({ key }) => !has.includes(key))
        .map(({ area, key }) => `${file} → ${area}: ${key}`);
    });
    expect(missing).toEqual([]);
  });
});

describe('a part that is loaded later', () => {
  it('brings its Chinese along, and is not loaded anew', async () => {
    vi.resetModules();
    const fresh = await import('../src/lib/i18n/index.svelte');
    await fresh.setLanguage('zh-CN');
    expect(fresh.t('network.title')).toBe('network.title');
    const load = vi.fn(() => import('../src/lib/i18n/en/network'));
    await fresh.withTexts(load);
    expect(fresh.t('network.title')).toBe('网络');
    await fresh.setLanguage('en');
    expect(fresh.t('network.title')).toBe('Network');
    await fresh.setLanguage('zh-CN');
    expect(fresh.t('network.title')).toBe('网络');
    expect(load).toHaveBeenCalledOnce();
  });
});

describe('t', () => {
  it('fills in what is given and leaves the rest readable', () => {
    expect(fill('{a} of {b}', { a: 0 })).toBe('0 of {b}');
  });

  it('speaks the chosen language, and remembers it', async () => {
    await chooseLanguage('zh-CN');
    expect(t('live.live')).toBe('实时');
    expect(document.documentElement.lang).toBe('zh-CN');
    expect(readPref('language')).toBe('zh-CN');
    expect(getLanguage()).toBe('zh-CN');
  });

  it('counts by the rules of the language', async () => {
    expect(tn('cpu.cores', 1)).toBe('1 core');
    expect(tn('cpu.cores', 1200)).toBe('1,200 cores');
    await setLanguage('zh-CN');
    expect(tn('cpu.cores', 1)).toBe('1 核');
  });
});
