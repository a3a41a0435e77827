/**
 * Stores constant weights of 8-bit products so that four neighbouring products are summed at once: in panels of outputs,
 * and in each panel four elements of the summed axis side by side. The reduction gets a loop over the group.
 */
import type { AffineExpr, Builder, Operation, PassContext, Value, types } from '../../ir';
import { AffineMap, affineAdd, affineConstant, affineDim, affineMul, definePass, types as t } from '../../ir';
import * as linalg from '../../ir/dialects/linalg';
import { byteProductOf, groupSize } from '../loops/dotProducts';
import { isPhased } from '../loops/phases';
import { mapsOf, readDispatch, reductionDims } from '../loops/readDispatch';
import { registersFor } from '../schedule/kernelShape';
import type { Target } from '../schedule/target';
import type { PackedWeights } from '../rules/packing';
import {
  constantBehind,
  dimsIn,
  packConstants,
  readPacked,
  reduceInPanels,
  resourceOf,
} from '../rules/packing';

interface Packing extends PackedWeights {
  /** Operands of the reduction: the weights, and the other side. */
  readonly weights: number;
  readonly other: number;
  /** Dims of the root: of the outputs, and of the sum. */
  readonly outputs: number;
  readonly summed: number;
  readonly width: number;
}

export const packDots = definePass({
  name: 'pack-dots',
  summary: 'stores constant 8-bit weights for sums of four products at once',
  doc: 'For products of 8-bit integers summed in 32 bits, where the summed axis is the last of the other side and a multiple of four. Runs before pack-weights.',
  anchor: 'builtin.module',
  run: (module, context) => {
    packConstants(module, context, 'pack-dots', packingOf, rewrite);
  },
});

const dimAt = (e: AffineExpr | undefined): number | undefined => (e?.kind === 'dim' ? e.index : undefined);

function packingOf(op: Operation, target: Target): Packing | undefined {
  if (isPhased(op)) return undefined;
  const root = op.body().ops.find((o) => linalg.generic.is(o) && reductionDims(o).includes(true));
  const kernel = root === undefined ? undefined : readDispatch(op);
  const product = kernel?.reduction === undefined ? undefined : byteProductOf(kernel.reduction);
  if (
    root === undefined ||
    kernel === undefined ||
    product === undefined ||
    kernel.reduction?.group !== undefined
  )
    return undefined;
  const maps = mapsOf(root);
  const outMap = maps[maps.length - 1]!;
  const outputs = dimAt(outMap.results.at(-1));
  const reductions = reductionDims(root);
  for (const [weights, other] of [product, [product[1], product[0]] as const]) {
    const [w, x] = [maps[weights]!, maps[other]!];
    const summed = dimAt(x.results.at(-1));
    if (summed === undefined || outputs === undefined || !reductions[summed] || !w.isProjectedPermutation)
      continue;
    const reads = (m: AffineMap, d: number): number => m.results.filter((e) => dimsIn(e).includes(d)).length;
    if (
      reads(x, summed) !== 1 ||
      reads(x, outputs) !== 0 ||
      reads(w, summed) !== 1 ||
      reads(w, outputs) !== 1
    )
      continue;
    // All of the weights is read for each output, so other parallel dims would be rows of their own.
    if (w.results.some((e) => e.kind === 'dim' && e.index !== outputs && !reductions[e.index])) continue;
    const [count, size] = [outputs, summed].map((d) => kernelSize(root, d)) as [number, number];
    if (size % groupSize !== 0 || size === groupSize) continue;
    const found = constantBehind(op, root.operand(weights));
    const width = panelWidth(count, target);
    if (found === undefined || width === undefined) continue;
    return { root, weights, other, ...found, outputs, summed, width };
  }
  return undefined;
}
function kernelSize(root: Operation, dim: number): number {
  for (const [i, m] of mapsOf(root).entries()) {
    const at = m.results.findIndex((e) => e.kind === 'dim' && e.index === dim);
    const { type } = root.operand(i);
    if (at >= 0 && t.isShaped(type)) return type.shape[at]!;
  }
  return t.DYNAMIC;
}
/** The widest panel that fills the registers it takes best; undefined where none is half full. */
function panelWidth(count: number, target: Target): number | undefined {
  const lanes = target.vectorBytes / 4;
  let best: number | undefined;
  let most = 0.5;
  for (let width = Math.min(count, 3 * lanes); width > 1; width--) {
    const filled = width / (registersFor(width, lanes) * lanes);
    if (count % width !== 0 || filled <= most) continue;
    most = filled;
    best = width;
  }
  return best;
}

/** Builds the reduction on packed weights in place of the old one; its result in the old shape. */
function rewrite(
  op: Operation,
  p: Packing,
  b: Builder,
  { resources }: PassContext,
  packed: Map<string, string>,
): readonly Value[] {
  const { root, width } = p;
  const maps = mapsOf(root);
  const weights = p.constant.result().type as types.TensorType;
  const [n, k] = [p.outputs, p.summed].map((d) =>
    maps[p.weights]!.results.findIndex((e) => dimAt(e) === d),
  ) as [number, number];
  const others = weights.shape.flatMap((_, d) => (d === n ? [] : [d]));
  const shape = [
    weights.shape[n]! / width,
    ...others.map((d) => (d === k ? weights.shape[d]! / groupSize : weights.shape[d]!)),
    width,
    groupSize,
  ];
  const type = t.tensor(shape, weights.element);
  const key = resourceOf(p.constant);
  const label = `${key}/${n}/${k}/${width}`;
  const name =
    packed.get(label) ??
    resources.add(`${key}.dots_${width}`, packBytes(resources.get(key), weights.shape, n, k, width));
  packed.set(label, name);
  readPacked(op, p, name, type, b);

  const rank = maps[0]!.numDims;
  const [within, member] = [affineDim(rank), affineDim(rank + 1)];
  const inputs = root.operands.slice(0, -1);
  const newMaps = maps.map((m, i) => {
    const results = [...m.results];
    if (i === p.weights)
      return new AffineMap(rank + 2, 0, [results[n]!, ...others.map((d) => results[d]!), within, member]);
    if (i === p.other)
      results[results.length - 1] = affineAdd(
        affineMul(affineDim(p.summed), affineConstant(groupSize)),
        member,
      );
    if (i === inputs.length) results.push(within);
    return new AffineMap(rank + 2, 0, results);
  });
  const old = root.result().type as types.TensorType;
  const last = old.shape.length - 1;
  const wide = [...old.shape.slice(0, -1), old.shape[last]! / width, width];
  const groups = old.shape.map((_, d) => (d === last ? [d, d + 1] : [d]));
  return reduceInPanels(root, newMaps, ['parallel', 'reduction'], t.tensor(wide, old.element), groups, b);
}

/** [panel, other dims …, within the panel, within the group]; dim `k` counts groups. */
function packBytes(
  bytes: Uint8Array,
  shape: readonly number[],
  n: number,
  k: number,
  width: number,
): Uint8Array {
  const out = new Uint8Array(bytes.length);
  const others = shape.flatMap((_, d) => (d === n ? [] : [d]));
  const sizes = others.map((d) => (d === k ? shape[d]! / groupSize : shape[d]!));
  const strides = shape.map((_, d) => shape.slice(d + 1).reduce((a, x) => a * x, 1));
  let to = 0;
  const visit = (depth: number, from: number): void => {
    if (depth === others.length) {
      for (let i = 0; i < width; i++)
        for (let j = 0; j < groupSize; j++) out[to++] = bytes[from + i * strides[n]! + j * strides[k]!]!;
      return;
    }
    const d = others[depth]!;
    const step = strides[d]! * (d === k ? groupSize : 1);
    for (let i = 0; i < sizes[depth]!; i++) visit(depth + 1, from + i * step);
  };
  for (let panel = 0; panel < shape[n]! / width; panel++) visit(0, panel * width * strides[n]!);
  return out;
}
