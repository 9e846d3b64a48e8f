// Processes that a test starts to be seen, and the parts of the page that show them.
import { spawn } from 'node:child_process';
import type { Locator, Page } from '@playwright/test';
import { columnOf } from './grids';

/** A running process; disposing of it ends it. */
export interface Running {
  readonly pid: number;
  end(): void;
}

/** Runs `file` with these arguments, the first of which is the name that it is called by. */
export function run(file: string, argv0: string, args: readonly string[] = []): Running {
  const child = spawn(file, args, { argv0, stdio: 'ignore' });
  child.on('error', (error) => {
    throw error;
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${file} did not start`);
  return { pid, end: () => child.kill('SIGKILL') };
}

export const grid = (page: Page): Locator => page.getByRole('grid', { name: /^(Processes|进程)$/ });
export const rows = (page: Page): Locator => grid(page).locator('[data-key]');
export const rowOf = (page: Page, pid: number): Locator =>
  rows(page).filter({ has: page.getByRole('gridcell', { name: String(pid), exact: true }) });

/** Texts of the drawn rows in one column, by its header. */
export const column = (page: Page, header: string): Promise<string[]> => columnOf(grid(page), header);

export async function numbers(page: Page, header: string): Promise<number[]> {
  return (await column(page, header)).map((text) => Number(text.replaceAll(',', '')));
}

export const falling = (values: readonly number[]): boolean =>
  values.every((value, index) => index === 0 || value <= (values[index - 1] ?? Infinity));
export const rising = (values: readonly number[]): boolean => falling(values.toReversed());
