// Numbers of graphics cards as a text.
import { count } from './units';

/** `0, 2–5`: in order, each once; three or more in a row are written by their ends. */
export function cardList(cards: readonly number[]): string {
  const sorted = [...new Set(cards)].sort((a, b) => a - b);
  const parts: string[] = [];
  for (let at = 0; at < sorted.length;) {
    let end = at;
    while (sorted[end + 1] === (sorted[end] ?? 0) + 1) end += 1;
    // Two are no range: `0, 1` is as short as `0–1`, and what is pasted elsewhere.
    const last = end - at >= 2 ? end : at;
    const [from, to] = [sorted[at] ?? 0, sorted[last] ?? 0];
    parts.push(from === to ? count(from) : `${count(from)}–${count(to)}`);
    at = last + 1;
  }
  return parts.join(', ');
}
