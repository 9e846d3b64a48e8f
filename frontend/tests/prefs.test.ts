import { beforeEach, describe, expect, it, vi } from 'vitest';
import { asBoolean, oneOf, pref, readPref, writePref } from '../src/lib/prefs.svelte';
import { getTheme, nextTheme, setTheme } from '../src/lib/theme.svelte';

beforeEach(() => localStorage.clear());

describe('pref', () => {
  it('is remembered under its name', () => {
    const first = pref('x', false, asBoolean);
    first.value = true;
    expect(localStorage.getItem('sm.x')).toBe('true');
    expect(pref('x', false, asBoolean).value).toBe(true);
    first.reset();
    expect(localStorage.getItem('sm.x')).toBeNull();
    expect(first.value).toBe(false);
  });

  it.each(['nonsense', '"other"', '7', '', 'null'])('falls back where %s is stored', (stored) => {
    localStorage.setItem('sm.view', stored);
    expect(pref('view', 'cards', oneOf('cards', 'rows')).value).toBe('cards');
  });

  it('works without storage', () => {
    const broken = () => {
      throw new DOMException('denied', 'SecurityError');
    };
    vi.stubGlobal('localStorage', { getItem: broken, setItem: broken, removeItem: broken });
    const choice = pref('x', 1, (stored) => (typeof stored === 'number' ? stored : null));
    choice.value = 2;
    expect(choice.value).toBe(2);
    expect(readPref('x')).toBeNull();
    expect(() => writePref('x', null)).not.toThrow();
    vi.unstubAllGlobals();
  });
});

describe('theme', () => {
  it('goes round, and "as the system" is not stored', () => {
    const seen = [0, 1, 2].map(() => {
      setTheme(nextTheme());
      return [getTheme(), document.documentElement.dataset.theme, readPref('theme')];
    });
    expect(seen).toEqual([
      ['light', 'light', 'light'],
      ['dark', 'dark', 'dark'],
      ['system', 'system', null],
    ]);
  });
});
