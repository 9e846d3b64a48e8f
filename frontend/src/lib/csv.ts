// Rows as a comma-separated file (RFC 4180) that a spreadsheet cannot be tricked by.
import type { Column, PlainKey } from './table';

// Blanks before the sign do not stop a spreadsheet, nor do the full-width signs of East Asian ones.
const FORMULA = /^(?:[\t\r\n]|\s*[=+\-@＝＋－＠])/u;

export type CsvValue = string | number | null;

/**
 * A text that starts like a formula is run by spreadsheets, and process names are anybody's to
 * choose. An apostrophe in front makes it text. Numbers stay numbers: −5 is no formula.
 */
function defuse(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text;
}

export function csvField(value: CsvValue): string {
  if (value === null) return '';
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : '';
  const text = defuse(value.replaceAll('\0', ''));
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Lines end in CR LF as the standard wants; an absent value is an empty field. */
export function csv(header: readonly string[], rows: Iterable<readonly CsvValue[]>): string {
  const lines = [header.map(csvField).join(',')];
  for (const row of rows) lines.push(row.map(csvField).join(','));
  return lines.join('\r\n') + '\r\n';
}

/** What a table shows: its columns by name, and what they export. */
export function tableCsv<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  name: (label: PlainKey) => string,
): string {
  const head = columns.map(({ label }) => name(label));
  return csv(
    head,
    rows.map((row) => columns.map((column) => (column.csv ?? column.sort)(row))),
  );
}

/** Hands a text to the browser as a download. Works without a secure context. */
export function download(fileName: string, text: string): void {
  // The byte order mark tells spreadsheets that this is UTF-8.
  const blob = new Blob(['\uFEFF', text], { type: 'text/csv;charset=utf-8' });
  const address = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = address;
  link.download = fileName.replaceAll(/[^\w.-]+/g, '_');
  document.body.append(link);
  link.click();
  link.remove();
  // The download has begun by the next turn in every browser; a minute is for slow disks.
  setTimeout(() => {
    URL.revokeObjectURL(address);
  }, 60_000);
}
