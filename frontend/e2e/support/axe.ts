// What axe finds wrong with a page.
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

export async function violations(page: Page, where: string): Promise<string[]> {
  // Legacy mode checks this page alone; there are no frames.
  const { violations: found } = await new AxeBuilder({ page }).withTags(TAGS).setLegacyMode(true).analyze();
  return found.flatMap(({ id, nodes }) =>
    nodes
      .slice(0, 4)
      .map((node) => `${where}: ${id}: ${node.html.slice(0, 160)} ${node.failureSummary ?? ''}`),
  );
}
