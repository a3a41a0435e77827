/** Canonicalisation rules of the graph stage. */
import type { Rule, Value } from '../../ir';
import * as nn from '../../ir/dialects/nn';
import type { Shape } from '../../ir/types';
import { DYNAMIC, elementOf, storageBytes } from '../../ir/types';
import { constantOp, splatNumber } from './tensorConstants';

const shapeOf = (v: Value): Shape => (v.type.kind === 'tensor' ? v.type.shape : []);

/** `shape` of a reshape to this type: its one dynamic size is computed. */
export const reshapeShape = (shape: Shape): Shape | undefined =>
  shape.filter((d) => d === DYNAMIC).length > 1 ? undefined : shape;

const dropIdentity: Rule = {
  name: 'drop-identity',
  doc: 'an op that gives its input back (reshape to the same shape, transpose in order, slice of all, pad by nothing, cast to the same type) → input',
  roots: [nn.reshape, nn.transpose, nn.slice, nn.pad, nn.cast, nn.broadcast, nn.concat],
  match: (op) => {
    if (op.operandCount !== 1 || op.operand(0).type !== op.result().type) return undefined;
    const t = nn.transpose.as(op);
    if (t !== undefined && t.permutation.some((p, i) => p !== i)) return undefined;
    const p = nn.pad.as(op);
    if (p !== undefined && [...p.low, ...p.high].some((d) => d !== 0)) return undefined;
    const s = nn.slice.as(op);
    if (s !== undefined && (s.starts.some((d) => d !== 0) || s.steps.some((d) => d !== 1))) return undefined;
    if (op.name === nn.reshape.name && shapeOf(op.result()).filter((d) => d === DYNAMIC).length > 1)
      return undefined;
    return { build: () => [op.operand(0)] };
  },
};

const mergeReshapes: Rule = {
  name: 'merge-reshapes',
  doc: 'reshape(reshape(x)) → reshape(x)',
  roots: [nn.reshape],
  match: (op) => {
    const outer = nn.reshape.view(op);
    const inner = nn.reshape.defining(outer.input);
    const shape = reshapeShape(shapeOf(op.result()));
    if (inner === undefined || shape === undefined) return undefined;
    return { sources: [inner.op], build: (b) => [b.value(nn.reshape, { input: inner.input, shape })] };
  },
};

const mergeTransposes: Rule = {
  name: 'merge-transposes',
  doc: 'transpose(transpose(x, p), q) → transpose(x, p∘q); x when that is the order of its axes',
  roots: [nn.transpose],
  match: (op) => {
    const outer = nn.transpose.view(op);
    const inner = nn.transpose.defining(outer.input);
    if (inner === undefined) return undefined;
    const permutation = outer.permutation.map((p) => inner.permutation[p]!);
    return {
      sources: [inner.op],
      build: (b) => [
        permutation.every((p, i) => p === i)
          ? inner.input
          : b.value(nn.transpose, { input: inner.input, permutation }),
      ],
    };
  },
};

const transposeBeforeCast: Rule = {
  name: 'transpose-before-cast',
  doc: 'transpose(cast(constant)) → cast(transpose(constant)) when the cast makes it larger: constants are turned as they are stored',
  roots: [nn.transpose],
  match: (op) => {
    const { input, permutation } = nn.transpose.view(op);
    const cast = nn.cast.defining(input);
    if (cast === undefined || constantOp(cast.input) === undefined || !widens(cast.input, input))
      return undefined;
    const { to } = cast;
    if (to.kind !== 'integer') return undefined;
    return {
      sources: [cast.op],
      build: (b) => [
        b.value(nn.cast, { input: b.value(nn.transpose, { input: cast.input, permutation }), to }),
      ],
    };
  },
};
/** Whether elements take more memory after. */
const widens = (before: Value, after: Value): boolean =>
  storageBytes(elementOf(after.type)) > storageBytes(elementOf(before.type));

/** Whether a permutation moves no axis of a size other than 1 past another. */
export function movesUnitsOnly(shape: Shape, permutation: readonly number[]): boolean {
  const moved = permutation.filter((p) => shape[p] !== 1);
  return moved.every((p, i) => i === 0 || moved[i - 1]! < p);
}
const transposeOfUnits: Rule = {
  name: 'transpose-of-units',
  doc: 'transpose(x) → reshape(x) when only axes of size 1 move',
  roots: [nn.transpose],
  match: (op) => {
    const { input, permutation } = nn.transpose.view(op);
    const shape = reshapeShape(shapeOf(op.result()));
    if (
      shape === undefined ||
      permutation.every((p, i) => p === i) ||
      !movesUnitsOnly(shapeOf(input), permutation)
    )
      return undefined;
    return { build: (b) => [b.value(nn.reshape, { input, shape })] };
  },
};

/** The range that an op limits its input to. */
function rangeOf(value: Value | undefined):
  | {
      readonly op: ReturnType<typeof nn.clip.view>['op'];
      readonly input: Value;
      readonly min: number;
      readonly max: number;
    }
  | undefined {
  const clip = nn.clip.defining(value);
  if (clip !== undefined) return clip;
  const relu = nn.relu.defining(value);
  return relu === undefined ? undefined : { op: relu.op, input: relu.input, min: 0, max: Infinity };
}
const limit = (x: number, min: number, max: number): number => Math.min(Math.max(x, min), max);
const mergeClips: Rule = {
  name: 'merge-clips',
  doc: 'clip(clip(x, a, b), c, d) → clip(x, clip(a, c, d), clip(b, c, d)); relu is clip(x, 0, ∞)',
  roots: [nn.clip, nn.relu],
  match: (op) => {
    const outer = rangeOf(op.result());
    const inner = rangeOf(op.operand(0));
    if (outer === undefined || inner === undefined) return undefined;
    const [min, max] = [limit(inner.min, outer.min, outer.max), limit(inner.max, outer.min, outer.max)];
    return {
      sources: [inner.op],
      build: (b) => [
        min === 0 && max === Infinity
          ? b.value(nn.relu, { input: inner.input })
          : b.value(nn.clip, { input: inner.input, min, max }),
      ],
    };
  },
};

/** `op(x, neutral) → x`, where broadcasting does not change the shape of x. */
const neutral = (
  name: string,
  root: (typeof nn.binaryOps)[number],
  element: number,
  commutes: boolean,
  doc: string,
): Rule => ({
  name,
  doc,
  roots: [root],
  match: (op) => {
    const { lhs, rhs } = root.view(op);
    const type = op.result().type;
    if (splatNumber(rhs) === element && lhs.type === type) return { build: () => [lhs] };
    if (commutes && splatNumber(lhs) === element && rhs.type === type) return { build: () => [rhs] };
    return undefined;
  },
});

const globalAveragePool: Rule = {
  name: 'global-average-pool',
  doc: 'average_pool2d over the whole image without padding → reduce_mean over its rows and columns',
  roots: [nn.averagePool2d],
  match: (op) => {
    const pool = nn.averagePool2d.view(op);
    const axes = pool.layout === 'nchw' ? [2, 3] : [1, 2];
    const shape = shapeOf(pool.input);
    if (
      pool.pads.some((p) => p !== 0) ||
      axes.some((a, i) => shape[a] !== pool.kernel[i] || shape[a] === DYNAMIC)
    )
      return undefined;
    return { build: (b) => [b.value(nn.reduceMean, { input: pool.input, axes, keepdims: true })] };
  },
};

const padIntoConv: Rule = {
  name: 'pad-into-conv',
  doc: 'conv2d(pad(x, 0)) → conv2d(x) with the padding added to its own',
  roots: [nn.conv2d],
  match: (op) => {
    const conv = nn.conv2d.view(op);
    const pad = nn.pad.defining(conv.input);
    if (pad === undefined || pad.mode !== 'constant' || pad.value !== 0) return undefined;
    const [h, w] = conv.layout === 'nchw_fchw' ? [2, 3] : [1, 2];
    const elsewhere = [...pad.low, ...pad.high].some(
      (d, i) => d < 0 || (d !== 0 && i % 4 !== h && i % 4 !== w),
    );
    if (elsewhere) return undefined;
    const [top, left, bottom, right] = conv.pads as [number, number, number, number];
    const pads = [top + pad.low[h]!, left + pad.low[w]!, bottom + pad.high[h]!, right + pad.high[w]!];
    const { weight, bias, strides, dilations, groups, layout } = conv;
    return {
      sources: [pad.op],
      build: (b) => [
        b.value(nn.conv2d, { input: pad.input, weight, bias, strides, dilations, groups, layout, pads }),
      ],
    };
  },
};

export const nnRules: readonly Rule[] = [
  dropIdentity,
  mergeReshapes,
  mergeTransposes,
  transposeOfUnits,
  transposeBeforeCast,
  mergeClips,
  neutral('add-zero-tensor', nn.add, 0, true, 'x + 0 → x'),
  neutral('sub-zero-tensor', nn.sub, 0, false, 'x - 0 → x'),
  neutral('mul-one-tensor', nn.mul, 1, true, 'x · 1 → x'),
  neutral('div-one-tensor', nn.div, 1, false, 'x / 1 → x'),
  neutral('pow-one-tensor', nn.pow, 1, false, 'x ^ 1 → x'),
  globalAveragePool,
  padIntoConv,
];
/** Those that only concern the order of axes; the layout pass applies them as it goes. */
export const axisRules: readonly Rule[] = [dropIdentity, mergeTransposes, transposeOfUnits, mergeReshapes];
