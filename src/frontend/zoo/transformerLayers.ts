/**
 * The layers that transformers are made of, on values of shape N x tokens x width, with seeded weights of a variance
 * that keeps activations near one.
 */
import type { OnnxGraphBuilder } from './onnxGraphBuilder';
import { float, int, ints } from './onnxGraphBuilder';
import { uniform } from './convolutionLayers';

/** The part of a value that shapes say, as a constant or computed from a symbolic size. */
type Name = string;

/** `x · W` with W of shape in x out, and a bias on request. `gain`: standard deviation of the result for a normal input. */
export function linear(
  g: OnnxGraphBuilder,
  x: Name,
  path: string,
  sizes: readonly [input: number, output: number],
  { bias = false, gain = 1 }: { readonly bias?: boolean; readonly gain?: number } = {},
): Name {
  const bound = gain * Math.sqrt(3 / sizes[0]);
  const name = path.replaceAll('/', '.');
  const weight = g.weight(`${name}.weight`, sizes, uniform(-bound, bound));
  const product = g.node(`/${path}`, 'MatMul', [x, weight]);
  if (!bias) return product;
  return g.node(`/${path}`, 'Add', [g.weight(`${name}.bias`, [sizes[1]], uniform(-0.1, 0.1)), product]);
}

/** A table of `rows` vectors of unit variance, counted as trained. */
export function embedding(g: OnnxGraphBuilder, name: string, rows: number, width: number, bound = 1): Name {
  return g.weight(name, [rows, width], uniform(-bound, bound));
}

export function layerNorm(g: OnnxGraphBuilder, x: Name, path: string, width: number): Name {
  const name = path.replaceAll('/', '.');
  const scale = g.weight(`${name}.weight`, [width], uniform(0.8, 1.2));
  const bias = g.weight(`${name}.bias`, [width], uniform(-0.1, 0.1));
  return g.node(`/${path}`, 'LayerNormalization', [x, scale, bias], {
    attributes: { axis: int(-1), epsilon: float(1e-5) },
  });
}

/** x / sqrt(mean(x²) + 1e-5) · weight, in the operators that exporters write. */
export function rmsNorm(g: OnnxGraphBuilder, x: Name, path: string, width: number): Name {
  const at = `/${path}`;
  const square = g.node(at, 'Mul', [x, x]);
  const mean = g.node(at, 'ReduceMean', [square], { attributes: { axes: ints(-1), keepdims: int(1) } });
  const root = g.node(at, 'Sqrt', [g.node(at, 'Add', [mean, g.scalar('rms_norm.epsilon', 1e-5)])]);
  const normal = g.node(at, 'Div', [x, root]);
  return g.node(at, 'Mul', [
    g.weight(`${path.replaceAll('/', '.')}.weight`, [width], uniform(0.8, 1.2)),
    normal,
  ]);
}

/** 0.5 · x · (1 + erf(x / √2)), in the operators that exporters write. */
export function gelu(g: OnnxGraphBuilder, x: Name, path: string): Name {
  const at = `/${path}`;
  const erf = g.node(at, 'Erf', [g.node(at, 'Div', [x, g.scalar('gelu.sqrt2', Math.SQRT2)])]);
  const sum = g.node(at, 'Add', [erf, g.scalar('one', 1)]);
  return g.node(at, 'Mul', [g.node(at, 'Mul', [x, sum]), g.scalar('one_half', 0.5)]);
}

/** N x tokens x (heads · size) as N x heads x tokens x size. */
export function splitHeads(g: OnnxGraphBuilder, x: Name, path: string, heads: number, size: number): Name {
  const parts = g.node(`/${path}`, 'Reshape', [x, g.integers([0, 0, heads, size])]);
  return g.node(`/${path}`, 'Transpose', [parts], { attributes: { perm: ints(0, 2, 1, 3) } });
}

/** Softmax of `q · kᵀ + mask` times `v`, all N x heads x tokens x size; the heads joined again. `q` is scaled already. */
export function attend(
  g: OnnxGraphBuilder,
  {
    q,
    k,
    v,
    mask,
  }: { readonly q: Name; readonly k: Name; readonly v: Name; readonly mask: Name | undefined },
  path: string,
  width: number,
): Name {
  const at = `/${path}`;
  const keys = g.node(at, 'Transpose', [k], { attributes: { perm: ints(0, 1, 3, 2) } });
  const products = g.node(at, 'MatMul', [q, keys]);
  const scores = mask === undefined ? products : g.node(at, 'Add', [products, mask]);
  const shares = g.node(at, 'Softmax', [scores], { attributes: { axis: int(-1) } });
  const mixed = g.node(at, 'MatMul', [shares, v]);
  const tokens = g.node(at, 'Transpose', [mixed], { attributes: { perm: ints(0, 2, 1, 3) } });
  return g.node(at, 'Reshape', [tokens, g.integers([0, 0, width])]);
}

/** Where tokens stand: positions of the new ones from `past` on, and which earlier ones each may look at. */
export interface Positions {
  /** i64, scalars. */
  readonly past: Name;
  readonly end: Name;
  /** i64, one per new token. */
  readonly queries: Name;
  /** f32, new tokens x all tokens: 0 where it may look, else the least number. */
  readonly mask: Name;
}

/** `past` is a value N x heads x tokens x size with the tokens before, or undefined for none. */
export function positions(g: OnnxGraphBuilder, tokens: Name, past: Name | undefined): Positions {
  const at = '/model';
  const size = (x: Name, axis: number): Name =>
    g.node(at, 'Gather', [g.node(at, 'Shape', [x]), g.integers([axis], [])], {
      attributes: { axis: int(0) },
    });
  const [zero, one] = [g.integers([0], []), g.integers([1], [])];
  const before = past === undefined ? zero : size(past, 2);
  const end = g.node(at, 'Add', [before, size(tokens, 1)]);
  const queries = g.node(at, 'Range', [before, end, one]);
  const keys = g.node(at, 'Range', [zero, end, one]);
  const column = g.node(at, 'Unsqueeze', [queries, g.integers([1])]);
  const seen = g.node(at, 'LessOrEqual', [keys, column]);
  const mask = g.node(at, 'Where', [seen, g.scalar('zero', 0), g.scalar('least', -3.4028234663852886e38)]);
  return { past: before, end, queries, mask };
}
