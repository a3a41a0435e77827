/**
 * The eight hues of zones, per kind of theme. Each set keeps its members apart for normal sight and the three kinds of
 * colour blindness, and has 3:1 against the background and 4.5:1 against the text drawn on it; a test measures that.
 */
export type ThemeKind = 'dark' | 'light' | 'hcDark' | 'hcLight';

/** In the order of `FAMILIES`. */
const DARK = [
  '#67b5fc',
  '#5f9daf',
  '#bbb185',
  '#9f63ca',
  '#899b1a',
  '#a86965',
  '#eec549',
  '#76818f',
] as const;
const LIGHT = [
  '#3655ad',
  '#2b8090',
  '#a86207',
  '#af72e1',
  '#6d977f',
  '#8d401b',
  '#bb8410',
  '#535267',
] as const;

export const HUES: Readonly<Record<ThemeKind, readonly string[]>> = {
  dark: DARK,
  hcDark: DARK,
  light: LIGHT,
  hcLight: LIGHT,
};

/** Zones of no family. */
export const NEUTRAL: Readonly<Record<ThemeKind, string>> = {
  dark: '#6b6b6b',
  hcDark: '#707070',
  light: '#767676',
  hcLight: '#6a6a6a',
};

/** Red, green and blue, 0 to 1, of `#rgb`, `#rrggbb` (alpha ignored) or `rgb(…)`. */
export function parseColour(text: string): readonly [number, number, number] | undefined {
  const hex = /^#([0-9a-f]{3,8})$/i.exec(text.trim())?.[1];
  if (hex !== undefined) {
    const pairs = hex.length <= 4 ? [...hex].map((c) => c + c) : (hex.match(/../g) ?? []);
    const [r, g, b] = pairs.map((p) => parseInt(p, 16) / 255);
    return r === undefined || g === undefined || b === undefined ? undefined : [r, g, b];
  }
  const parts = /^rgba?\(([^)]+)\)$/i
    .exec(text.trim())?.[1]
    ?.split(/[\s,/]+/)
    .map(Number);
  const [r, g, b] = parts ?? [];
  return r === undefined || g === undefined || b === undefined ? undefined : [r / 255, g / 255, b / 255];
}

/** Relative luminance, WCAG 2. */
export function luminance([r, g, b]: readonly [number, number, number]): number {
  const linear = (c: number): number => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
}

/** Contrast ratio, WCAG 2, 1 to 21. */
export function contrast(a: string, b: string): number {
  const [x, y] = [a, b].map((c) => luminance(parseColour(c) ?? [0, 0, 0])) as [number, number];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

/** Black or white, whichever reads better on `fill`. */
export const textOn = (fill: string): string =>
  contrast(fill, '#000000') >= contrast(fill, '#ffffff') ? '#000000' : '#ffffff';
