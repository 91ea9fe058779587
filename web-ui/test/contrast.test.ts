import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync(new URL('../src/styles/tokens.css', import.meta.url), 'utf8');
const tokens = new Map(
  [...css.matchAll(/--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(
    ([, name, light, dark]) => [name, { light, dark }] as const,
  ),
);

function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((start) => {
    const value = Number.parseInt(colour.slice(start, start + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

function contrast(a: string, b: string): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light! + 0.05) / (dark! + 0.05);
}

const GROUNDS = ['canvas', 'surface', 'raised', 'sunken', 'hover'];
const TEXTS = ['text', 'text-muted', 'accent', 'danger', 'success', 'attention', 'done'];

describe.each(['light', 'dark'] as const)('in %s surroundings', (theme) => {
  const colour = (name: string) => tokens.get(name)![theme]!;
  const pairs = TEXTS.flatMap((text) => GROUNDS.map((ground) => [text, ground] as const));

  it.each(pairs)('%s can be read on %s', (text, ground) => {
    expect(contrast(colour(text), colour(ground))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(['danger', 'success', 'attention', 'done', 'accent'])(
    '%s can be read on its tint',
    (name) => {
      expect(contrast(colour(name), colour(`${name}-soft`))).toBeGreaterThanOrEqual(4.5);
    },
  );

  it.each(['danger', 'attention', 'accent'])('plain text can be read on the tint of %s', (name) => {
    expect(contrast(colour('text-muted'), colour(`${name}-soft`))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(['mark-success', 'line-strong', 'danger'])('bars of %s can be seen', (name) => {
    expect(contrast(colour(name), colour('surface'))).toBeGreaterThanOrEqual(3);
  });
});
