import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAMILIES } from '../../src/profiler/layout/families';
import { contrast, HUES, luminance, NEUTRAL, parseColour, textOn } from '../../webview/shared/palette';
import type { ThemeKind } from '../../webview/shared/palette';
import { THEMES } from './themes';

type Rgb = readonly [number, number, number];

const linear = (hex: string): Rgb =>
  parseColour(hex)!.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)) as unknown as Rgb;

/** Oklab (Ottosson 2020) of linear sRGB. */
function oklab([r, g, b]: Rgb): Rgb {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

/** Full dichromacy after Machado, Oliveira and Fernandes 2009, on linear sRGB. */
const SIGHTS: Readonly<Record<string, readonly Rgb[]>> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

const seen = (c: Rgb, m: readonly Rgb[]): Rgb =>
  m.map((row) => Math.min(1, Math.max(0, row[0] * c[0] + row[1] * c[1] + row[2] * c[2]))) as unknown as Rgb;

/** Just noticeable in Oklab is about 0.02. */
const APART = 0.05;

for (const kind of ['dark', 'light', 'hcDark', 'hcLight'] as const satisfies readonly ThemeKind[]) {
  test(`${kind}: zones stand out from the background and their names from them`, () => {
    assert.equal(HUES[kind].length, FAMILIES.length);
    for (const where of ['editor-background', 'panel-background']) {
      const background = THEMES[kind].colours[where]!;
      for (const hue of [...HUES[kind], NEUTRAL[kind]]) {
        assert.ok(contrast(hue, background) >= 3, `${hue} on ${background}`);
        assert.ok(contrast(hue, textOn(hue)) >= 4.5, `text on ${hue}`);
      }
    }
  });

  test(`${kind}: hues differ for every kind of sight`, () => {
    for (const [sight, matrix] of Object.entries(SIGHTS)) {
      const labs = HUES[kind].map((h) => oklab(seen(linear(h), matrix)));
      labs.forEach((a, i) =>
        labs.slice(i + 1).forEach((b, k) => {
          const d = Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
          assert.ok(d >= APART, `${HUES[kind][i]} and ${HUES[kind][i + 1 + k]}: ${d.toFixed(3)} (${sight})`);
        }),
      );
    }
  });
}

test('colours as themes write them', () => {
  assert.deepEqual(parseColour('#fff'), [1, 1, 1]);
  assert.deepEqual(parseColour('#ff000080'), [1, 0, 0]);
  assert.deepEqual(parseColour('rgba(255, 0, 51, 0.7)'), [1, 0, 0.2]);
  assert.equal(parseColour('transparent'), undefined);
  assert.equal(luminance([1, 1, 1]), 1);
  assert.equal(contrast('#000000', '#ffffff'), 21);
});
