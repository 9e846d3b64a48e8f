import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { attention } from '../src/lib/table-attention';

describe('attention', () => {
  let element: HTMLElement;
  let said: boolean[];
  let stop: () => void;

  const pointer = (name: string, pointerType: string) =>
    element.dispatchEvent(new PointerEvent(name, { pointerType }));

  beforeEach(() => {
    vi.useFakeTimers();
    element = document.createElement('div');
    document.body.append(element);
    said = [];
    stop = attention((attentive) => said.push(attentive))(element);
  });
  afterEach(() => {
    stop();
    element.remove();
    vi.useRealTimers();
  });

  it('follows a mouse, and says each change once', () => {
    pointer('pointerenter', 'mouse');
    pointer('pointerenter', 'mouse');
    pointer('pointerleave', 'mouse');
    expect(said).toEqual([true, false]);
  });

  it('lingers after a finger is lifted', () => {
    pointer('pointerdown', 'touch');
    element.dispatchEvent(new Event('touchend'));
    vi.advanceTimersByTime(1000);
    expect(said).toEqual([true]);
    vi.advanceTimersByTime(1500);
    expect(said).toEqual([true, false]);
  });

  it('counts the keyboard until the focus goes', async () => {
    element.dispatchEvent(new KeyboardEvent('keydown', { key: 'j' }));
    expect(said).toEqual([true]);
    element.dispatchEvent(new FocusEvent('focusout'));
    // Not at once: what has the focus may be on its way out of the page.
    expect(said).toEqual([true]);
    await Promise.resolve();
    expect(said).toEqual([true, false]);
  });

  it('ends with its element', async () => {
    pointer('pointerenter', 'mouse');
    stop();
    expect(said).toEqual([true]);
    await Promise.resolve();
    expect(said).toEqual([true, false]);
  });

  it('does not stay because a click left the focus behind', () => {
    pointer('pointerenter', 'mouse');
    element.dispatchEvent(new KeyboardEvent('keydown', { key: 'j' }));
    pointer('pointerdown', 'mouse');
    pointer('pointerleave', 'mouse');
    expect(said).toEqual([true, false]);
  });

  it('hears nothing once stopped', () => {
    stop();
    pointer('pointerenter', 'mouse');
    expect(said).toEqual([]);
  });
});
