// Light, dark, or as the system says. boot.js sets the saved choice before the first paint.
import { readPref, writePref } from './prefs.svelte';

export type Theme = 'system' | 'light' | 'dark';

const ORDER: readonly Theme[] = ['system', 'light', 'dark'];

let theme = $state.raw<Theme>(ORDER.find((each) => each === readPref('theme')) ?? 'system');

export function getTheme(): Theme {
  return theme;
}

export function nextTheme(): Theme {
  return ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length] ?? 'system';
}

export function setTheme(next: Theme): void {
  theme = next;
  document.documentElement.dataset.theme = next;
  writePref('theme', next === 'system' ? null : next);
}
