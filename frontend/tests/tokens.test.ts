// The colours keep the contrast that the design promises, and the style sheet is what the tokens say.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import tokens from '../src/tokens.json';
import { tokensCss } from '../scripts/tokens.mjs';

const colours: Readonly<Record<string, string[]>> = tokens.color;

function luminance(hex: string): number {
  const channels = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (channels[0] ?? 0) + 0.7152 * (channels[1] ?? 0) + 0.0722 * (channels[2] ?? 0);
}

function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

describe('contrast', () => {
  it('is computed as WCAG says', () => {
    expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5);
    expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
  });

  const cases = tokens.contrast.pairs.flatMap(([text, backgrounds, least]) =>
    (backgrounds as string[]).flatMap((background) =>
      ['light', 'dark'].map((theme, at) => ({
        text: text as string,
        background,
        theme,
        at,
        least: least as number,
      })),
    ),
  );
  it.each(cases)('of $text on $background, $theme, is at least $least', ({ text, background, at, least }) => {
    expect(contrast(colours[text]?.[at] ?? '', colours[background]?.[at] ?? '')).toBeGreaterThanOrEqual(
      least,
    );
  });
});

describe('use ramp', () => {
  it.each([0, 1])('gets steadily further from the first step, theme %i', (theme) => {
    const steps = ['u0', 'u1', 'u2', 'u3', 'u4'].map((name) => luminance(colours[name]?.[theme] ?? ''));
    const sorted = steps.toSorted((a, b) => (theme === 0 ? b - a : a - b));
    expect(steps).toEqual(sorted);
  });
});

it('tokens.css was made from tokens.json', () => {
  expect(readFileSync('src/tokens.css', 'utf8')).toBe(tokensCss(tokens));
});
