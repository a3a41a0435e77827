/**
 * Rules of the layout pass. Image ops become channels-last between transposes; transposes then sink towards the
 * results, where they meet their inverse, or a reshape or reduction that swallows them.
 */
import type { Builder, Operation, Rule, Value } from '../../ir';
import { fuseLocations } from '../../ir';
import * as nn from '../../ir/dialects/nn';
import { inversePermutation } from '../../ir/dialects/nn/shapes';
import type { Shape } from '../../ir/types';
import { DYNAMIC } from '../../ir/types';
import { movesUnitsOnly, reshapeShape } from './nn';
import { constantOp } from './tensorConstants';

const nchwToNhwc = [0, 2, 3, 1];
const nhwcToNchw = [0, 3, 1, 2];
const fchwToHwcf = [2, 3, 1, 0];

const shapeOf = (v: Value): Shape => (v.type.kind === 'tensor' ? v.type.shape : []);
const isIdentity = (permutation: readonly number[]): boolean => permutation.every((p, i) => p === i);
const transposed = (b: Builder, input: Value, permutation: readonly number[]): Value =>
  isIdentity(permutation) ? input : b.value(nn.transpose, { input, permutation });

/** A transpose that an op moved past: it still is what the `past` transposes were, below the op. */
function sunk(b: Builder, past: readonly Operation[], input: Value, permutation: readonly number[]): Value {
  const { location } = b;
  b.location = fuseLocations([location, ...past.map((op) => op.location)]);
  const output = transposed(b, input, permutation);
  b.location = location;
  return output;
}

const convToNhwc: Rule = {
  name: 'conv2d-to-nhwc',
  doc: 'conv2d(x, W) in N×C×H×W → transpose(conv2d(transpose(x), transpose(W))) in N×H×W×C',
  roots: [nn.conv2d],
  match: (op) => {
    const { input, weight, bias, strides, pads, dilations, groups, layout } = nn.conv2d.view(op);
    if (layout !== 'nchw_fchw') return undefined;
    return {
      build: (b) => {
        const output = b.value(nn.conv2d, {
          input: transposed(b, input, nchwToNhwc),
          weight: transposed(b, weight, fchwToHwcf),
          bias,
          strides,
          pads,
          dilations,
          groups,
          layout: 'nhwc_hwcf',
        });
        return [transposed(b, output, nhwcToNchw)];
      },
    };
  },
};

const poolToNhwc: Rule = {
  name: 'pool2d-to-nhwc',
  doc: 'pool2d(x) in N×C×H×W → transpose(pool2d(transpose(x))) in N×H×W×C',
  roots: [nn.maxPool2d, nn.averagePool2d],
  match: (op) => {
    const pool = nn.maxPool2d.as(op) ?? nn.averagePool2d.view(op);
    if (pool.layout !== 'nchw') return undefined;
    const { kernel, strides, pads, dilations } = pool;
    const count_include_pad = nn.averagePool2d.as(op)?.count_include_pad;
    return {
      build: (b) => {
        const input = transposed(b, pool.input, nchwToNhwc);
        const given = { input, kernel, strides, pads, dilations, layout: 'nhwc' as const };
        const output =
          count_include_pad === undefined
            ? b.value(nn.maxPool2d, given)
            : b.value(nn.averagePool2d, { ...given, count_include_pad });
        return [transposed(b, output, nhwcToNchw)];
      },
    };
  },
};

/** A copy of `op` on other operands; its type is inferred again. */
function rebuilt(b: Builder, op: Operation, operands: readonly Value[]): Value {
  const copy = op.clone();
  copy.setOperands(operands);
  const types = op.definition?.infer(
    operands.map((v) => v.type),
    copy.attributes,
  );
  if (types?.[0] !== undefined) copy.result().type = types[0];
  copy.location = b.location;
  return b.insert(copy).result();
}

/** How an operand takes part in an op that works in the axes before a transpose by `permutation`. */
function beforeTranspose(
  value: Value,
  permutation: readonly number[],
): { readonly op?: Operation; readonly build: (b: Builder) => Value } | undefined {
  const t = nn.transpose.defining(value);
  if (
    t !== undefined &&
    t.permutation.length === permutation.length &&
    t.permutation.every((p, i) => p === permutation[i])
  ) {
    return { op: t.op, build: () => t.input };
  }
  const shape = shapeOf(value);
  if (shape.every((d) => d === 1) && shape.length < 2) return { build: () => value };
  if (constantOp(value) === undefined) return undefined;
  // A constant of lower rank is aligned at the last axis, as broadcasting does it.
  return {
    build: (b) => {
      const full = [...new Array<number>(permutation.length - shape.length).fill(1), ...shape];
      const aligned =
        full.length === shape.length ? value : b.value(nn.reshape, { input: value, shape: full });
      return transposed(b, aligned, inversePermutation(permutation));
    },
  };
}

const elementwise = [...nn.unaryOps, ...nn.binaryOps, nn.clip, nn.cast, nn.compare, nn.select];
/** The permutation of the first operand that is a transpose of the result's rank. */
function operandPermutation(op: Operation): readonly number[] | undefined {
  for (const v of op.operands) {
    const t = nn.transpose.defining(v);
    if (t !== undefined && t.permutation.length === shapeOf(op.result()).length) return t.permutation;
  }
  return undefined;
}

const sinkThroughElementwise: Rule = {
  name: 'sink-transpose-elementwise',
  doc: 'f(transpose(x), transpose(y)) → transpose(f(x, y)); constants are transposed back',
  roots: elementwise,
  match: (op) => {
    const permutation = operandPermutation(op);
    if (permutation === undefined) return undefined;
    const operands = op.operands.map((v) => beforeTranspose(v, permutation));
    if (operands.includes(undefined)) return undefined;
    const past = operands.flatMap((o) => o?.op ?? []);
    return {
      past,
      build: (b) => [
        sunk(
          b,
          past,
          rebuilt(
            b,
            op,
            operands.map((o) => o!.build(b)),
          ),
          permutation,
        ),
      ],
    };
  },
};

const sinkThroughConcat: Rule = {
  name: 'sink-transpose-concat',
  doc: 'concat(transpose(x), transpose(y)) → transpose(concat(x, y)) along the axis before the transpose',
  roots: [nn.concat],
  match: (op) => {
    const permutation = operandPermutation(op);
    if (permutation === undefined) return undefined;
    const operands = op.operands.map((v) => beforeTranspose(v, permutation));
    if (operands.includes(undefined)) return undefined;
    const axis = permutation[nn.concat.view(op).axis]!;
    const past = operands.flatMap((o) => o?.op ?? []);
    return {
      past,
      build: (b) => [
        sunk(b, past, b.value(nn.concat, { inputs: operands.map((o) => o!.build(b)), axis }), permutation),
      ],
    };
  },
};

const reductions = [nn.reduceSum, nn.reduceMean, nn.reduceMax, nn.reduceMin, nn.reduceProd] as const;
const sinkThroughReduction: Rule = {
  name: 'sink-transpose-reduction',
  doc: 'reduce(transpose(x), axes) → transpose(reduce(x, axes before the transpose))',
  roots: reductions,
  match: (op) => {
    const definition = reductions.find((r) => r.is(op))!;
    const { input, axes, keepdims } = definition.view(op);
    const t = nn.transpose.defining(input);
    if (t === undefined) return undefined;
    const before = axes.map((a) => t.permutation[a]!).sort((p, q) => p - q);
    const left = t.permutation.filter((p) => !before.includes(p));
    const ordered = [...left].sort((p, q) => p - q);
    const permutation = keepdims ? t.permutation : left.map((p) => ordered.indexOf(p));
    return {
      past: [t.op],
      build: (b) => [
        sunk(b, [t.op], b.value(definition, { input: t.input, axes: before, keepdims }), permutation),
      ],
    };
  },
};

const sinkThroughSoftmax: Rule = {
  name: 'sink-transpose-softmax',
  doc: 'softmax(transpose(x), axis) → transpose(softmax(x, axis before the transpose))',
  roots: [nn.softmax],
  match: (op) => {
    const { input, axis } = nn.softmax.view(op);
    const t = nn.transpose.defining(input);
    if (t === undefined) return undefined;
    const before = t.permutation[axis < 0 ? axis + t.permutation.length : axis]!;
    return {
      past: [t.op],
      build: (b) => [sunk(b, [t.op], b.value(nn.softmax, { input: t.input, axis: before }), t.permutation)],
    };
  },
};

const sinkThroughPad: Rule = {
  name: 'sink-transpose-pad',
  doc: 'pad(transpose(x)) → transpose(pad(x)), slice(transpose(x)) → transpose(slice(x)), with amounts in the order before the transpose',
  roots: [nn.pad, nn.slice],
  match: (op) => {
    const t = nn.transpose.defining(op.operand(0));
    if (t === undefined) return undefined;
    const inverse = inversePermutation(t.permutation);
    const before = (values: readonly number[]): number[] => inverse.map((i) => values[i]!);
    const pad = nn.pad.as(op);
    const slice = nn.slice.as(op);
    return {
      past: [t.op],
      build: (b) => {
        const output =
          pad !== undefined
            ? b.value(nn.pad, {
                input: t.input,
                low: before(pad.low),
                high: before(pad.high),
                value: pad.value,
                mode: pad.mode,
              })
            : b.value(nn.slice, {
                input: t.input,
                starts: before(slice!.starts),
                ends: before(slice!.ends),
                steps: before(slice!.steps),
              });
        return [sunk(b, [t.op], output, t.permutation)];
      },
    };
  },
};

const sinkThroughBroadcast: Rule = {
  name: 'sink-transpose-broadcast',
  doc: 'broadcast(transpose(x)) → transpose(broadcast(x)) when no axes are added',
  roots: [nn.broadcast],
  match: (op) => {
    const { input, shape } = nn.broadcast.view(op);
    const t = nn.transpose.defining(input);
    if (t === undefined || shape.length > t.permutation.length) return undefined;
    const aligned = [...new Array<number>(t.permutation.length - shape.length).fill(1), ...shape];
    const before = inversePermutation(t.permutation).map((i) => aligned[i]!);
    return {
      past: [t.op],
      build: (b) => [
        sunk(b, [t.op], b.value(nn.broadcast, { input: t.input, shape: before }), t.permutation),
      ],
    };
  },
};

const sinkThroughGather: Rule = {
  name: 'sink-transpose-gather',
  doc: 'gather(transpose(x), indices, axis) → transpose(gather(x, indices, axis before the transpose)), for indices of one axis',
  roots: [nn.gather],
  match: (op) => {
    const { input, indices, axis } = nn.gather.view(op);
    const t = nn.transpose.defining(input);
    if (t === undefined || shapeOf(indices).length !== 1) return undefined;
    const before = t.permutation[axis < 0 ? axis + t.permutation.length : axis]!;
    return {
      past: [t.op],
      build: (b) => [
        sunk(b, [t.op], b.value(nn.gather, { input: t.input, indices, axis: before }), t.permutation),
      ],
    };
  },
};

const reshapeOfUnitTranspose: Rule = {
  name: 'reshape-swallows-transpose',
  doc: 'reshape(transpose(x)) → reshape(x) when only axes of size 1 move',
  roots: [nn.reshape],
  match: (op) => {
    const t = nn.transpose.defining(op.operand(0));
    const shape = reshapeShape(shapeOf(op.result()));
    if (t === undefined || shape === undefined || !movesUnitsOnly(shapeOf(t.input), t.permutation))
      return undefined;
    return { sources: [t.op], build: (b) => [b.value(nn.reshape, { input: t.input, shape })] };
  },
};

interface AxisGroup {
  readonly from: number[];
  readonly to: number[];
}
/** Smallest runs of axes with equal products on both sides of a reshape; undefined where sizes are dynamic and differ. */
export function axisGroups(input: Shape, output: Shape): readonly AxisGroup[] | undefined {
  const groups: AxisGroup[] = [];
  let i = 0;
  let o = 0;
  while (i < input.length && o < output.length) {
    const group: AxisGroup = { from: [i], to: [o] };
    let [p, q] = [input[i++]!, output[o++]!];
    if (p === DYNAMIC || q === DYNAMIC) {
      if (p !== q) return undefined;
    } else {
      while (p !== q) {
        const next = p < q ? input[i] : output[o];
        if (next === undefined || next === DYNAMIC) return undefined;
        if (p < q) {
          p *= next;
          group.from.push(i++);
        } else {
          q *= next;
          group.to.push(o++);
        }
      }
    }
    groups.push(group);
  }
  const last = groups.at(-1);
  for (; i < input.length; i++) {
    if (input[i] !== 1 || last === undefined) return undefined;
    last.from.push(i);
  }
  for (; o < output.length; o++) {
    if (output[o] !== 1 || last === undefined) return undefined;
    last.to.push(o);
  }
  return groups;
}

const sinkThroughReshape: Rule = {
  name: 'sink-transpose-reshape',
  doc: 'reshape(transpose(x)) → transpose(reshape(x)) when the reshape splits and joins axes; axes that it joins are first brought together',
  roots: [nn.reshape],
  match: (op) => {
    const t = nn.transpose.defining(op.operand(0));
    if (t === undefined) return undefined;
    const output = shapeOf(op.result());
    const groups = axisGroups(shapeOf(t.op.result()), output);
    if (groups === undefined) return undefined;
    const sources = groups.map((g) => ({ ...g, axes: g.from.map((a) => t.permutation[a]!) }));
    const ordered = [...sources].sort((p, q) => Math.min(...p.axes) - Math.min(...q.axes));
    const gathered = ordered.flatMap((g) => g.axes);
    const targets = ordered.flatMap((g) => g.to);
    const shape = reshapeShape(targets.map((o) => output[o]!));
    if (shape === undefined) return undefined;
    // To join axes that lie apart costs a transpose of its own, so only an image whose layout goes on below is worth it.
    const permutation = inversePermutation(targets);
    const isImage = output.length >= 4 && !isIdentity(permutation);
    if (!isImage && !isIdentity(gathered)) return undefined;
    return {
      past: [t.op],
      build: (b) => [
        sunk(b, [t.op], b.value(nn.reshape, { input: transposed(b, t.input, gathered), shape }), permutation),
      ],
    };
  },
};

export const channelsLastRules: readonly Rule[] = [
  convToNhwc,
  poolToNhwc,
  sinkThroughElementwise,
  sinkThroughConcat,
  sinkThroughReduction,
  sinkThroughSoftmax,
  sinkThroughPad,
  sinkThroughBroadcast,
  sinkThroughGather,
  reshapeOfUnitTranspose,
  sinkThroughReshape,
];
