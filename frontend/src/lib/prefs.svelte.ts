// What a viewer chose, kept in this browser under `sm.*`. Storage may be missing or full; then a
// choice lasts as long as the page.

const PREFIX = 'sm.';

export function readPref(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

export function writePref(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, value);
  } catch {
    // Private mode, full or forbidden: nothing is lost but memory of the choice.
  }
}

export interface Pref<T> {
  value: T;
  /** Back to the default, and forget the choice. */
  reset(): void;
}

/**
 * A remembered choice. `parse` gets the parsed JSON of whatever was stored, by any version of the
 * page or by hand, and returns null if it makes no sense: then the default holds.
 */
export function pref<T>(name: string, fallback: T, parse: (stored: unknown) => T | null): Pref<T> {
  let current = $state.raw(load(name, fallback, parse));
  return {
    get value() {
      return current;
    },
    set value(next: T) {
      current = next;
      writePref(name, JSON.stringify(next));
    },
    reset() {
      current = fallback;
      writePref(name, null);
    },
  };
}

function load<T>(name: string, fallback: T, parse: (stored: unknown) => T | null): T {
  const text = readPref(name);
  if (text === null) return fallback;
  try {
    return parse(JSON.parse(text)) ?? fallback;
  } catch {
    return fallback;
  }
}

/** Parsers for `pref`. */
export const asBoolean = (stored: unknown): boolean | null => (typeof stored === 'boolean' ? stored : null);

export const oneOf =
  <T extends string>(...choices: readonly T[]) =>
  (stored: unknown): T | null =>
    choices.find((choice) => choice === stored) ?? null;
