// Live tables of the page: their rows, the texts of a column, and the file that they are exported to.
import { readFile } from 'node:fs/promises';
import type { Locator, Page } from '@playwright/test';

export const gridOf = (page: Page, name: RegExp): Locator => page.getByRole('grid', { name });
export const rowsOf = (grid: Locator): Locator => grid.locator('[data-key]');

/** A row by the text that one of its cells begins with. */
export const rowWith = (grid: Locator, text: string | RegExp): Locator =>
  rowsOf(grid).filter({ hasText: text });

/** Texts of the drawn rows in one column, by its header. */
export async function columnOf(grid: Locator, header: string): Promise<string[]> {
  const headers = await grid.getByRole('columnheader').allInnerTexts();
  const index = headers.findIndex((text) => text.replace(/[▲▼\s]+/g, ' ').trim() === header);
  if (index < 0) throw new Error(`no column ${header} in ${headers.join(', ')}`);
  return rowsOf(grid).evaluateAll(
    (all, at) => all.map((row) => row.querySelectorAll('[role="gridcell"]')[at]?.textContent.trim() ?? ''),
    index,
  );
}

/** The tools above a grid: filter, count, columns, CSV. */
export const toolsOf = (page: Page, name: RegExp): Locator => page.getByRole('search', { name });

export interface Exported {
  readonly fileName: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What the CSV button of these tools hands over. */
export async function exported(page: Page, tools: Locator): Promise<Exported> {
  const downloading = page.waitForEvent('download');
  await tools.getByRole('button', { name: 'CSV' }).click();
  const download = await downloading;
  const text = await readFile(await download.path(), 'utf8');
  const [header = [], ...rows] = fields(text.replace(/^\uFEFF/, ''));
  return { fileName: download.suggestedFilename(), header, rows };
}

/** Fields of a file as RFC 4180 writes them; the last line ends as all others do. */
function fields(text: string): string[][] {
  const lines: string[][] = [];
  for (const line of text.split('\r\n').slice(0, -1)) {
    const found = [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)];
    lines.push(found.map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? ''));
  }
  return lines;
}
