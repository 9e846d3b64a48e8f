import { describe, expect, it } from 'vitest';
import { csv, csvField, type CsvValue } from '../src/lib/csv';

/** A reader after RFC 4180, to see that what was written comes back. */
function parse(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let field = '';
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (quoted) {
      if (character !== '"') field += character;
      else if (text.charAt(at + 1) === '"') {
        field += '"';
        at += 1;
      } else quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === ',') {
      row.push(field);
      field = '';
    } else if (character === '\r' && text.charAt(at + 1) === '\n') {
      rows.push([...row, field]);
      row = [];
      field = '';
      at += 1;
    } else field += character;
  }
  return rows;
}

const HOSTILE = [
  '=HYPERLINK("http://evil.example","click")',
  "+1+cmd|' /C calc'!A0",
  '-2+3',
  '@SUM(1,2)',
  '\t=1+1',
  '\r=1+1',
  '\n=1+1',
  '  =1+1',
  '\u00a0=1+1',
  '＝1+1',
  '＋1',
  '－1',
  '＠a',
  '\0=1+1',
];
const HARMLESS = ['bash', 'a,b', 'say "hi"', 'two\r\nlines', 'x=1', '1-2', '中文', '🦀', '', ' ', "'"];

describe('csvField', () => {
  it.each(HOSTILE)('makes %j text', (text) => {
    const [[field] = []] = parse(`${csvField(text)}\r\n`);
    expect(field?.startsWith("'")).toBe(true);
    expect(field?.slice(1)).toBe(text.replaceAll('\0', ''));
  });

  it.each(HARMLESS)('leaves %j as it is', (text) => {
    expect(parse(`${csvField(text)}\r\n`)).toEqual([[text]]);
  });

  it('writes numbers as numbers, and nothing for absent or endless', () => {
    const written = ([-5, 0, 1.25, null, NaN, Infinity] satisfies CsvValue[]).map(csvField);
    expect(written).toEqual(['-5', '0', '1.25', '', '', '']);
  });
});

describe('csv', () => {
  it('gives one record per row, each as wide as the header', () => {
    const rows = [...HOSTILE, ...HARMLESS].map((text) => [1, text, null] as const);
    const parsed = parse(csv(['n', 'text', 'none'], rows));
    expect(parsed).toHaveLength(rows.length + 1);
    expect(new Set(parsed.map((row) => row.length))).toEqual(new Set([3]));
  });

  it('ends every line in CR LF', () => {
    expect(csv(['a'], [[1]])).toBe('a\r\n1\r\n');
  });
});
