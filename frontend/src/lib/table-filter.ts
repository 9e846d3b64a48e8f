// The language of the filter box: words that must all occur, and `field:value` terms.
// Knows the grammar only; what the fields are a table says.
//
//   alice python        both words, anywhere in the free text
//   user:alice,bob      the field starts with one of these
//   cpu:>50 mem:>=1.5G  compare; = is meant where no sign stands
//   "two words"         quotes keep blanks together
//
// A term that is still being typed (`cpu:>`) does not filter yet; an unknown field is a word.

export interface TextField<Row> {
  readonly kind: 'text';
  /** Everything the field may be called, lower case: code, letter, translated word. */
  readonly of: (row: Row) => readonly string[];
}

export interface NumberField<Row> {
  readonly kind: 'number';
  /**
   * `unit` is what the reader wrote behind the number: `` (nothing), `%`, `K` … `P`. Of several numbers one
   * has to meet the comparison.
   */
  readonly of: (row: Row, unit: Unit) => number | readonly number[] | null;
}

export type Unit = '' | '%' | 'bytes';
export type Field<Row> = TextField<Row> | NumberField<Row>;
export type Fields<Row> = Readonly<Record<string, Field<Row>>>;
export type Test<Row> = (row: Row) => boolean;

const COMPARISON = /^(>=|<=|>|<|=)?\s*(-?\d+(?:\.\d*)?|-?\.\d+)(%|[kmgtp](?:i?b)?|b)?$/i;
const POWERS: Readonly<Record<string, number>> = { k: 1, m: 2, g: 3, t: 4, p: 5 };

/** What finds rows whose field begins with a text; null where the language has no way to say it. */
export function termFor(field: string, text: string): string | null {
  // A comma would be a second text, and a quote cannot be quoted.
  if (text === '' || /[",]/.test(text)) return null;
  return /\s/.test(text) ? `${field}:"${text}"` : `${field}:${text}`;
}

/** Splits at blanks outside quotes. A quote that is never closed reaches to the end. */
export function terms(query: string): string[] {
  return Array.from(query.matchAll(/(?:[^\s"]|"[^"]*(?:"|$))+/g), ([term]) => term);
}

/** A test for rows, or `null` where nothing is asked. `free` gives the lower-case free text. */
export function compile<Row>(
  query: string,
  fields: Fields<Row>,
  free: (row: Row) => string,
): Test<Row> | null {
  const tests = terms(query)
    .map((term) => termTest(term, fields, free))
    .filter((test) => test !== null);
  return tests.length === 0 ? null : (row) => tests.every((test) => test(row));
}

function termTest<Row>(term: string, fields: Fields<Row>, free: (row: Row) => string): Test<Row> | null {
  const colon = term.indexOf(':');
  const name = term.slice(0, Math.max(0, colon)).toLowerCase();
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (field === undefined) return wordTest(term, free);
  const value = unquote(term.slice(colon + 1));
  if (field.kind === 'text') return textTest(value, field);
  // A number that is not one yet: wait if it could become one, else it is a word.
  if (/^(?:>=?|<=?|=)?\s*[-.]?$/.test(value)) return null;
  return numberTest(value, field) ?? wordTest(term, free);
}

function wordTest<Row>(term: string, free: (row: Row) => string): Test<Row> | null {
  const word = unquote(term);
  return word === '' ? null : (row) => free(row).includes(word);
}

function textTest<Row>(value: string, field: TextField<Row>): Test<Row> | null {
  const starts = value.split(',').filter((start) => start !== '');
  if (starts.length === 0) return null;
  return (row) => field.of(row).some((text) => starts.some((start) => text.startsWith(start)));
}

function numberTest<Row>(value: string, field: NumberField<Row>): Test<Row> | null {
  const alternatives = value.split(',').filter((part) => part !== '');
  const tests = alternatives.map((part) => comparison(part, field));
  if (tests.some((test) => test === null)) return null;
  return (row) => tests.some((test) => test?.(row));
}

function comparison<Row>(text: string, field: NumberField<Row>): Test<Row> | null {
  const match = COMPARISON.exec(text);
  if (match === null) return null;
  const [, sign = '=', digits = '', suffix = ''] = match;
  const letter = suffix.toLowerCase().charAt(0);
  const unit: Unit = letter === '' ? '' : letter === '%' ? '%' : 'bytes';
  const wanted = Number(digits) * 1024 ** (POWERS[letter] ?? 0);
  return (row) => {
    // Absent is not 0: it meets no comparison.
    const value = field.of(row, unit);
    if (value === null) return false;
    return typeof value === 'number'
      ? compare(value, sign, wanted)
      : value.some((each) => compare(each, sign, wanted));
  };
}

function compare(value: number, sign: string, wanted: number): boolean {
  switch (sign) {
    case '>':
      return value > wanted;
    case '>=':
      return value >= wanted;
    case '<':
      return value < wanted;
    case '<=':
      return value <= wanted;
    default:
      return value === wanted;
  }
}

function unquote(text: string): string {
  return text.replaceAll('"', '').toLowerCase();
}
