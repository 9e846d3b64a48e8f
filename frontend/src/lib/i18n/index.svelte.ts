// Texts and locale. The language is known before the first paint (boot.js); English is in the first
// bundle but for the texts of parts that are loaded later and bring theirs along (`addTexts`). Chinese
// is fetched before the page is mounted, and that of the later parts before the first of them is shown
// (`withTexts`).
import { writePref } from '../prefs.svelte';
import { en, type Messages } from './en';
import type { Placeholders } from './types';

export type Language = 'en' | 'zh-CN';
export type Key = keyof Messages;

type Params<Text extends string> = [Placeholders<Text>] extends [never]
  ? []
  : [params: Record<Placeholders<Text>, string | number>];

/** Keys of texts without placeholders. */
export type PlainKey = { [K in Key]: [Placeholders<Messages[K]>] extends [never] ? K : never }[Key];

/** Keys that come as `<base>.one` and `<base>.other`. */
export type PluralKey = {
  [K in Key]: K extends `${infer Base}.other` ? (`${Base}.one` extends Key ? Base : never) : never;
}[Key];

type Catalogue = Readonly<Record<string, string>>;

const english: Record<string, string> = { ...en };

let language = $state.raw<Language>('en');
let catalogue = $state.raw<Catalogue>(english);
let plurals = new Intl.PluralRules('en');

let partsLoaded = false;
/** The Chinese of parts that bring it along. */
const own: (() => Promise<Catalogue>)[] = [];
/** Whether the Chinese texts are all there. */
let complete = false;

/**
 * The English texts of a part that is loaded later. Whoever uses one imports the file it stands in. A part
 * that is large, or that few see, brings its Chinese along; that of the others comes together.
 */
export function addTexts<const Texts extends Catalogue>(
  texts: Texts,
  chinese?: () => Promise<Catalogue>,
): Texts {
  Object.assign(english, texts);
  partsLoaded = true;
  if (chinese) {
    own.push(chinese);
    complete = false;
  }
  return texts;
}

export function getLanguage(): Language {
  return language;
}

export async function setLanguage(next: Language): Promise<void> {
  if (next === 'zh-CN') {
    const [{ zh }, later] = await Promise.all([import('./zh'), partsLoaded ? laterChinese() : null]);
    catalogue = { ...zh, ...later };
    complete = later !== null;
  } else {
    catalogue = english;
  }
  language = next;
  plurals = new Intl.PluralRules(next);
  document.documentElement.lang = next;
}

async function laterChinese(): Promise<Catalogue> {
  const [{ later }, ...others] = await Promise.all([import('./zh/later'), ...own.map((load) => load())]);
  return Object.assign({}, later, ...others) as Catalogue;
}

/** Loads a part of the page together with what it says in the present language. */
export async function withTexts<Part>(load: () => Promise<Part>): Promise<Part> {
  // The language is looked at only afterwards: nothing is to be loaded anew because it changes.
  const part = await load();
  if (language === 'zh-CN' && !complete) {
    const later = await laterChinese();
    if (getLanguage() === 'zh-CN') {
      catalogue = { ...catalogue, ...later };
      complete = true;
    }
  }
  return part;
}

/** As `setLanguage`, and remembered: for when a person chose it. */
export async function chooseLanguage(next: Language): Promise<void> {
  await setLanguage(next);
  writePref('language', next);
}

export function fill(text: string, params: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = params[name];
    return value === undefined ? whole : String(value);
  });
}

export function t<K extends Key>(key: K, ...rest: Params<Messages[K]>): string {
  const text = catalogue[key] ?? english[key] ?? key;
  const params: Readonly<Record<string, string | number>> | undefined = rest[0];
  return params ? fill(text, params) : text;
}

/** A text that depends on a count, which it can name as `{n}`. */
export function tn(key: PluralKey, count: number): string {
  const form = `${key}.${plurals.select(count)}`;
  const text = catalogue[form] ?? catalogue[`${key}.other`] ?? english[`${key}.other`] ?? key;
  return fill(text, { n: new Intl.NumberFormat(language).format(count) });
}
