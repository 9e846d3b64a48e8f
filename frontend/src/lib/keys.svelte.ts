// Single-key shortcuts. They never fire in fields, under a modifier or an open dialog, and can be
// switched off (WCAG 2.1.4). What is listed in the sheet is exactly what works now.
import { untrack } from 'svelte';
import type { PlainKey } from './i18n/index.svelte';
import { asBoolean, pref } from './prefs.svelte';

export interface Shortcut {
  readonly key: string;
  readonly label: PlainKey;
  readonly run: () => void;
}

export const keysEnabled = pref('keys', true, asBoolean);

let groups = $state.raw<readonly (readonly Shortcut[])[]>([]);

/** All shortcuts of the views that are open now. */
export function shortcuts(): readonly Shortcut[] {
  return groups.flat();
}

/** Makes shortcuts work until the returned function is called; later ones win. */
export function addShortcuts(added: readonly Shortcut[]): () => void {
  // Called from effects, which must not run again because of the list they add to.
  groups = [...untrack(() => groups), added];
  return () => {
    groups = groups.filter((each) => each !== added);
  };
}

function inField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.closest('input, select, textarea, [role="combobox"]') !== null;
}

/** Handles a key press; returns whether a shortcut ran. */
export function pressed(event: KeyboardEvent): boolean {
  if (event.key === 'Escape' && inField(event.target) && !document.querySelector('dialog[open]')) {
    // Out of the field, so that the shortcuts work again. What the field itself does is left to it.
    (event.target as HTMLElement).blur();
    return true;
  }
  if (!keysEnabled.value || event.defaultPrevented || event.repeat) return false;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || inField(event.target))
    return false;
  if (document.querySelector('dialog[open]')) return false;
  const shortcut = shortcuts().findLast(({ key }) => key === event.key);
  if (!shortcut) return false;
  event.preventDefault();
  shortcut.run();
  return true;
}
