// The page's colours for canvases, which cannot use CSS variables. Read anew when the theme changes;
// reactive for whoever draws inside an effect.
import { createSubscriber } from 'svelte/reactivity';

export interface Palette {
  readonly series: readonly string[];
  /** The same, thin, for the area below a lone line. */
  readonly areas: readonly string[];
  readonly ramp: readonly string[];
  readonly onRamp: readonly string[];
  readonly text: string;
  readonly muted: string;
  readonly grid: string;
  readonly surface: string;
  /** Of the states of a card; the system's colour of text where it chooses colours. */
  readonly free: string;
  readonly held: string;
  readonly fault: string;
  readonly offline: string;
}

const SERIES = ['--s1', '--s2', '--s3', '--s4', '--s5', '--s6'];
const STEPS = [0, 1, 2, 3, 4];

let cached: Palette | null = null;

const subscribe = createSubscriber((update) => {
  const changed = (): void => {
    cached = null;
    update();
  };
  const observer = new MutationObserver(changed);
  observer.observe(document.documentElement, { attributeFilter: ['data-theme', 'class', 'style'] });
  const media = ['(prefers-color-scheme: dark)', '(forced-colors: active)'].map((query) => matchMedia(query));
  for (const each of media) each.addEventListener('change', changed);
  return () => {
    observer.disconnect();
    for (const each of media) each.removeEventListener('change', changed);
    cached = null;
  };
});

export function palette(): Palette {
  subscribe();
  cached ??= read();
  return cached;
}

/** `light-dark()` is settled only where a colour is used: on an element, for a moment. */
function read(): Palette {
  const probe = document.createElement('span');
  probe.hidden = true;
  // Shades of a quantity stay shades where the system chooses the colours of text.
  probe.style.setProperty('forced-color-adjust', 'none');
  document.documentElement.append(probe);
  const resolve = (colour: string): string => {
    probe.style.color = colour;
    return getComputedStyle(probe).color;
  };
  const forced = matchMedia('(forced-colors: active)').matches;
  const state = (name: string): string => resolve(forced ? 'CanvasText' : `var(${name})`);
  const result: Palette = {
    series: SERIES.map((name) => resolve(`var(${name})`)),
    areas: SERIES.map((name) => resolve(`color-mix(in srgb, var(${name}) 14%, transparent)`)),
    ramp: STEPS.map((step) => resolve(`var(--u${String(step)})`)),
    onRamp: STEPS.map((step) => resolve(`var(--on-u${String(step)})`)),
    text: resolve('var(--text)'),
    muted: resolve('var(--text-3)'),
    grid: resolve('var(--border)'),
    surface: resolve('var(--surface)'),
    free: state('--ok'),
    held: state('--held'),
    fault: state('--crit'),
    offline: state('--offline'),
  };
  probe.remove();
  return result;
}
