import { render, screen } from '@testing-library/svelte';
import { createRawSnippet } from 'svelte';
import { beforeEach, describe, expect, it } from 'vitest';
import { setLanguage } from '../../src/lib/i18n/index.svelte';
import type { Freshness } from '../../src/lib/model/section';
import Panel from '../../src/ui/Panel.svelte';

beforeEach(() => setLanguage('en'));
const children = createRawSnippet(() => ({ render: () => '<p>38 %</p>' }));

function panel(freshness: Freshness): HTMLElement {
  render(Panel, { title: 'CPU', freshness, children });
  return screen.getByRole('region', { name: 'CPU' });
}

describe('Panel', () => {
  it('says nothing about fresh data', () => {
    const region = panel({ kind: 'fresh' });
    expect(region.textContent.trim().replace(/\s+/g, ' ')).toBe('CPU 38 %');
    expect(region.querySelector('.old')).toBeNull();
  });

  it.each<[Freshness, string]>([
    [{ kind: 'stale', ageMs: 42_000, reason: null }, 'stale 42 s'],
    [{ kind: 'stale', ageMs: 42_000, reason: 'read_failed' }, 'stale 42 s · reading failed'],
    [
      { kind: 'stuck', sinceMs: 660_000, ageMs: 661_000 },
      'stuck for 11 min · last value 11 min old · not responding: stuck in the kernel or a driver',
    ],
  ])('marks %j as old and keeps its values', (freshness, words) => {
    const region = panel(freshness);
    expect(region).toHaveTextContent(words);
    expect(region.querySelector('.old')).toHaveTextContent('38 %');
    expect(region.querySelector('.mark')).toHaveClass('stale');
  });

  it('names a failed run while the value is still young', () => {
    const region = panel({ kind: 'troubled', reason: 'malformed' });
    expect(region).toHaveTextContent('last run failed · the kernel gave something unexpected');
    expect(region.querySelector('.old')).toBeNull();
  });

  it('says why there is nothing', () => {
    expect(panel({ kind: 'empty', reason: 'permission_denied' })).toHaveTextContent(
      'no permission to read it',
    );
  });
});
