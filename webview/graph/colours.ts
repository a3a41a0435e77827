/** How nodes are filled: by dialect, by what a pass did, by cost, or by time. Every meaning has a sign or a word beside its colour. */
import type { DrawnOp, GraphModel } from '../../src/dump/layout/graphModel';
import type { ColourMode } from '../../src/protocol/graphView';
import { parseColour, textOn } from '../shared/palette';
import type { Theme } from '../shared/theme';
import type { NodeStyle, StyleOf } from './painter';

/** Hue of a dialect: of each group of dialects that are never seen together the same. */
const DIALECTS: readonly (readonly string[])[] = [
  ['onnx', 'nn', 'torch', 'tosa', 'stablehlo', 'mhlo', 'tt'],
  ['scf', 'cf', 'affine', 'llvm'],
  ['arith', 'math', 'index'],
  ['vector', 'gpu', 'ttg', 'nvvm'],
  ['linalg', 'hal', 'stream'],
  ['memref', 'bufferization', 'util'],
  ['tensor', 'shape'],
  ['func', 'builtin', 'dispatch', 'flow', 'module'],
];

export const dialectOf = (name: string): string => {
  const dot = name.indexOf('.');
  return dot < 0 ? name : name.slice(0, dot);
};

function hueOfDialect(dialect: string): number {
  const known = DIALECTS.findIndex((d) => d.includes(dialect));
  if (known >= 0) return known;
  let h = 7;
  for (const c of dialect) h = (h * 31 + c.charCodeAt(0)) % 8;
  return h;
}

export interface LegendItem {
  readonly colour: string;
  readonly text: string;
  /** Ops of that colour; absent where the text says all. */
  readonly count?: number;
}

export interface Colours {
  readonly styleOf: StyleOf;
  readonly legend: readonly LegendItem[];
}

const signs = {
  kept: '',
  changed: '~ ',
  moved: '↕ ',
  renamed: '✎ ',
  fused: '⋈ ',
  split: '⋔ ',
  replaced: '⇄ ',
  new: '+ ',
  gone: '− ',
} as const;

export function coloursOf(model: GraphModel, mode: ColourMode, theme: Theme): Colours {
  switch (mode) {
    case 'dialect':
      return byDialect(model, theme);
    case 'change':
      return byChange(model, theme);
    case 'cost':
      return byShare(model, theme, (op) => op.cost, 'of the arithmetic', 'no costs known');
    case 'time':
      return byShare(model, theme, (op) => op.share, 'of the run', 'not measured');
  }
}

function byDialect(model: GraphModel, theme: Theme): Colours {
  const style = (op: number): NodeStyle => {
    const { name, change } = model.ops[op]!;
    const hue = hueOfDialect(dialectOf(name));
    const sign = change === undefined ? '' : signs[change];
    return { fill: theme.hues[hue]!, text: theme.textOnHues[hue]!, sign };
  };
  const counts = new Map<string, number>();
  for (const { name } of model.ops) counts.set(dialectOf(name), (counts.get(dialectOf(name)) ?? 0) + 1);
  const legend = [...counts]
    .sort((a, b) => b[1] - a[1])
    .slice(0, 8)
    .map(([dialect, n]) => ({ colour: theme.hues[hueOfDialect(dialect)]!, text: dialect, count: n }));
  return { styleOf: style, legend };
}

function byChange(model: GraphModel, theme: Theme): Colours {
  const hueOf = {
    new: 4,
    gone: 5,
    changed: 6,
    fused: 3,
    split: 3,
    replaced: 0,
    moved: 1,
    renamed: 1,
  } as const;
  const style = (op: number): NodeStyle => {
    const change = model.ops[op]!.change ?? 'kept';
    if (change === 'kept') return { fill: theme.neutral, text: theme.textOnNeutral, sign: '' };
    const hue = hueOf[change];
    return { fill: theme.hues[hue]!, text: theme.textOnHues[hue]!, sign: signs[change] };
  };
  const counts = new Map<keyof typeof signs, number>();
  for (const { change } of model.ops) counts.set(change ?? 'kept', (counts.get(change ?? 'kept') ?? 0) + 1);
  const legend = [...counts].map(([change, n]) => ({
    colour: change === 'kept' ? theme.neutral : theme.hues[hueOf[change]]!,
    text: `${signs[change]}${change}`,
    count: n,
  }));
  return { styleOf: style, legend };
}

/** One hue, by lightness only: from the neutral colour to the first hue at the largest share. */
function byShare(
  model: GraphModel,
  theme: Theme,
  shareOf: (op: DrawnOp) => number | undefined,
  ofWhat: string,
  unknown: string,
): Colours {
  const most = model.ops.reduce((m, op) => Math.max(m, shareOf(op) ?? 0), 0);
  const [from, to] = [parseColour(theme.neutral) ?? [0, 0, 0], parseColour(theme.hues[6]!) ?? [1, 1, 0]];
  const mixed = (t: number): string =>
    `rgb(${from.map((c, i) => Math.round(255 * (c + (to[i]! - c) * t))).join(', ')})`;
  const style = (op: number): NodeStyle => {
    const share = shareOf(model.ops[op]!);
    if (share === undefined || most === 0)
      return { fill: theme.neutral, text: theme.textOnNeutral, sign: '' };
    const fill = mixed(share / most);
    return { fill, text: textOn(fill), sign: `${(100 * share).toFixed(1)} % ` };
  };
  const steps = most === 0 ? [] : [0, 0.5, 1];
  const legend = steps.map((t) => ({
    colour: mixed(t),
    text: `${(100 * most * t).toFixed(1)} % ${ofWhat}`,
  }));
  return {
    styleOf: style,
    legend: legend.length > 0 ? legend : [{ colour: theme.neutral, text: unknown }],
  };
}
