import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { addShortcuts, keysEnabled, pressed, shortcuts } from '../src/lib/keys.svelte';

const run = vi.fn();
let remove: () => void;

function press(key: string, init: KeyboardEventInit = {}, target: EventTarget = document.body): boolean {
  let ran = false;
  const listen = (event: Event) => (ran = pressed(event as KeyboardEvent));
  window.addEventListener('keydown', listen, { once: true });
  target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...init }));
  return ran;
}

beforeEach(() => {
  run.mockClear();
  keysEnabled.reset();
  remove = addShortcuts([{ key: 'p', label: 'keys.pause', run }]);
});
afterEach(() => {
  remove();
  document.body.replaceChildren();
});

describe('shortcuts', () => {
  it('run, and only theirs', () => {
    expect(press('p')).toBe(true);
    expect(press('x')).toBe(false);
    expect(run).toHaveBeenCalledOnce();
  });

  it.each([{ ctrlKey: true }, { metaKey: true }, { altKey: true }, { repeat: true }])(
    'not with %j',
    (init) => {
      expect(press('p', init)).toBe(false);
    },
  );

  it.each(['input', 'textarea', 'select'])('not in a %s', (name) => {
    const field = document.body.appendChild(document.createElement(name));
    expect(press('p', {}, field)).toBe(false);
  });

  it('work again after Esc left the field', () => {
    const field = document.body.appendChild(document.createElement('input'));
    field.focus();
    expect(press('Escape', {}, field)).toBe(true);
    expect(document.activeElement).not.toBe(field);
  });

  it('not under an open dialog', () => {
    const dialog = document.body.appendChild(document.createElement('dialog'));
    dialog.setAttribute('open', '');
    expect(press('p')).toBe(false);
  });

  it('not when switched off', () => {
    keysEnabled.value = false;
    expect(press('p')).toBe(false);
    expect(run).not.toHaveBeenCalled();
  });

  it('the view on top wins, and leaves no trace', () => {
    const other = vi.fn();
    const removeOther = addShortcuts([{ key: 'p', label: 'keys.pause', run: other }]);
    press('p');
    expect(other).toHaveBeenCalledOnce();
    expect(run).not.toHaveBeenCalled();
    removeOther();
    expect(shortcuts()).toHaveLength(1);
  });
});
