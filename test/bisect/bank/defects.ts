/** The bug bank: defects as people make them in compilers, each a few lines planted in one rule of one pass. */
import type { Operation } from '../../../src/ir';
import { affineMapAttr, arrayAttr, f32Attr, floatAttr, indexAttr, types as t } from '../../../src/ir';
import { AffineMap, affineAdd, affineConstant } from '../../../src/ir/affine';
import type { Made, Plant } from './plant';
import { after, bypass, rename, setBytes, setInts, setNumbers, swapOperands } from './plant';

/** Reference models that defects are planted in, small enough to be run many times: `bankModels` says how each is made. */
export type BankModel = 'tiny' | 'mobilenet' | 'mobilenet3' | 'resnet' | 'keywords' | 'keywords8';

export interface Defect extends Plant {
  readonly name: string;
  readonly model: BankModel;
}

const bodyOp = (m: Made, name: string, at = 0): Operation => m.op(name, at);
/** Shifts padding from the end of the last padded dimension to its start: the window reads one element off. */
const shiftPads = (m: Made, name: string): boolean =>
  m.ops(name).some((op) =>
    setInts(op, 'pads', (p) => {
      const half = p.length / 2;
      if (p[half] === 0) return p;
      p[0]!++;
      p[half]!--;
      return p;
    }),
  );
const constant = (m: Made, at = 0): Operation => m.op('arith.constant', at);
const shiftMap = (op: Operation, by: number): boolean => {
  const attr = op.attr('map');
  if (attr?.kind !== 'affine_map') return false;
  const { map } = attr;
  const first = map.results[0]!;
  op.setAttr(
    'map',
    affineMapAttr(
      new AffineMap(map.numDims, map.numSymbols, [
        affineAdd(first, affineConstant(by)),
        ...map.results.slice(1),
      ]),
    ),
  );
  return true;
};
const truncated = (x: number): number => {
  const w = new Uint32Array(new Float32Array([x]).buffer);
  w[0]! &= 0xffff0000;
  return new Float32Array(w.buffer)[0]!;
};
/** Lets the rows of a convolution's input advance by the stride of its columns, and the columns by that of its rows. */
const swapStrides = (m: Made): boolean =>
  m.ops('linalg.generic').some((op) => {
    const attr = op.attr('indexing_maps');
    const [first, ...others] = attr?.kind === 'array' ? attr.elements : [];
    if (first?.kind !== 'affine_map' || first.map.results.length !== 4 || others.length !== 2) return false;
    const { map } = first;
    const at = map.results.flatMap((e, i) => (e.kind === 'add' ? [i] : []));
    if (at.length !== 2) return false;
    const results = [...map.results];
    [results[at[0]!], results[at[1]!]] = [results[at[1]!]!, results[at[0]!]!];
    const swapped = affineMapAttr(new AffineMap(map.numDims, map.numSymbols, results));
    op.setAttr('indexing_maps', arrayAttr([swapped, ...others]));
    return true;
  });
/** Lets another reader of what a fused op reads have the fused result: the fusion took it for the only one. */
export const takeOtherUser = (m: Made): boolean =>
  (m.values ?? []).some((made) => {
    const fused = made.definingOp!;
    return fused.operands.some((read) => {
      if (read.type !== made.type || read.definingOp?.name !== 'linalg.generic') return false;
      const other = read.users.find((u) => u !== fused && u.block === fused.block && fused.isBefore(u));
      if (other === undefined) return false;
      other.setOperand(other.operands.indexOf(read), made);
      return true;
    });
  });
/** Changes an index constant of the host program that is not zero. */
const hostConstants = (m: Made): readonly Operation[] =>
  m.ops('arith.constant').filter((op) => {
    const v = op.attr('value');
    return v?.kind === 'integer' && v.value !== 0n;
  });

const onGraph: readonly Defect[] = [
  {
    name: 'conv-pads-shifted',
    model: 'tiny',
    pass: 'convert-onnx-to-nn',
    rule: 'expand-conv',
    node: 'depthwise',
    spoil: (m) => shiftPads(m, 'nn.conv2d'),
  },
  {
    name: 'batch-norm-mean-variance-swapped',
    model: 'tiny',
    pass: 'convert-onnx-to-nn',
    rule: 'expand-batch-normalization',
    node: 'block/bn',
    spoil: (m) => swapOperands(m.op('nn.batch_norm'), 3, 4),
  },
  {
    name: 'batch-norm-scale-bias-swapped',
    model: 'mobilenet',
    pass: 'convert-onnx-to-nn',
    rule: 'expand-batch-normalization',
    node: 'features.9/',
    spoil: (m) => swapOperands(m.op('nn.batch_norm'), 1, 2),
  },
  {
    name: 'batch-norm-epsilon-lost',
    model: 'tiny',
    pass: 'convert-onnx-to-nn',
    rule: 'expand-batch-normalization',
    spoil: (m) => {
      m.op('nn.batch_norm').setAttr('epsilon', f32Attr(0.1));
      return true;
    },
  },
  {
    name: 'clip-bound-lost',
    model: 'tiny',
    pass: 'convert-onnx-to-nn',
    rule: 'expand-clip',
    node: 'stem',
    spoil: (m) => {
      m.op('nn.clip').setAttr('max', f32Attr(1));
      return true;
    },
  },
  {
    name: 'add-of-one-operand',
    model: 'tiny',
    pass: 'convert-onnx-to-nn',
    rule: 'expand-add',
    spoil: (m) => {
      const op = m.op('nn.add');
      op.setOperand(1, op.operand(0));
      return true;
    },
  },
  {
    name: 'pool-window-shifted',
    model: 'resnet',
    pass: 'convert-onnx-to-nn',
    rule: 'expand-max-pool',
    spoil: (m) => shiftPads(m, 'nn.max_pool2d'),
  },
  {
    name: 'residual-add-dropped',
    model: 'mobilenet',
    pass: 'convert-onnx-to-nn',
    rule: 'expand-add',
    node: 'features.5',
    spoil: (m) => {
      const op = m.op('nn.add');
      op.setOperand(0, op.operand(1));
      return true;
    },
  },
  {
    name: 'bn-fold-shift-negated',
    model: 'tiny',
    pass: 'fold-batch-norm',
    rule: 'bn-into-conv',
    spoil: (m) => setNumbers(m, constant(m, 1), (x) => -x),
  },
  {
    name: 'bn-fold-one-filter-forgotten',
    model: 'mobilenet',
    pass: 'fold-batch-norm',
    rule: 'bn-into-conv',
    node: 'features.12/conv/conv.1',
    spoil: (m) => setNumbers(m, constant(m, 0), (x, i, all) => (i < all.length / 8 ? 0 : x)),
  },
  {
    name: 'bn-fold-weights-in-half-precision',
    model: 'mobilenet',
    pass: 'fold-batch-norm',
    rule: 'bn-into-conv',
    node: 'features.1/',
    spoil: (m) => setNumbers(m, constant(m, 0), truncated),
  },
  {
    name: 'bn-fold-scale-off-by-one-filter',
    model: 'resnet',
    pass: 'fold-batch-norm',
    rule: 'bn-into-conv',
    node: 'layer2',
    spoil: (m) => setNumbers(m, constant(m, 1), (_, i, all) => all[(i + 1) % all.length]!),
  },
  {
    name: 'constant-folded-backwards',
    model: 'tiny',
    pass: 'fold-constants',
    rule: 'fold-constant',
    spoil: (m) => setNumbers(m, constant(m), (_, i, all) => all[all.length - 1 - i]!),
  },
  {
    name: 'int8-zero-point-dropped',
    model: 'keywords8',
    pass: 'integer-products',
    rule: 'integer-convolution',
    spoil: (m) => m.ops('nn.sub').some((op) => bypass(op)),
  },
  {
    name: 'int8-requantising-factor-to-power-of-two',
    model: 'keywords8',
    pass: 'integer-products',
    rule: 'requantise-by-multiplying',
    occurrence: 0,
    spoil: (m) =>
      m.ops('arith.constant').some((op) => setNumbers(m, op, (x) => 2 ** Math.round(Math.log2(x)))),
  },
];

const onLayout: readonly Defect[] = [
  {
    name: 'transpose-wrong-permutation',
    model: 'resnet',
    pass: 'channels-last',
    rule: 'conv2d-to-nhwc',
    node: 'layer1.0/conv2',
    spoil: (m) =>
      m
        .ops('nn.transpose')
        .some((op) => setInts(op, 'permutation', (p) => (p.join() === '0,3,1,2' ? [0, 3, 2, 1] : p))),
  },
  {
    name: 'nhwc-conv-pads-shifted',
    model: 'tiny',
    pass: 'channels-last',
    rule: 'conv2d-to-nhwc',
    node: 'depthwise',
    spoil: (m) => shiftPads(m, 'nn.conv2d'),
  },
  {
    name: 'weights-transposed-wrong',
    model: 'tiny',
    pass: 'channels-last',
    rule: 'fold-constant',
    node: 'pointwise',
    spoil: (m) => setNumbers(m, constant(m), (_, i, all) => all[(i * 8) % 63 === 0 ? i : (i * 8) % 63]!),
  },
  {
    name: 'sunk-transpose-loses-lower-bound',
    model: 'tiny',
    pass: 'channels-last',
    rule: 'sink-transpose-elementwise',
    node: 'stem',
    spoil: (m) =>
      m.ops('nn.clip').some((op) => {
        op.setAttr('min', f32Attr(-0.5));
        return true;
      }),
  },
  {
    name: 'nhwc-pool-pads-shifted',
    model: 'resnet',
    pass: 'channels-last',
    rule: 'pool2d-to-nhwc',
    spoil: (m) => shiftPads(m, 'nn.max_pool2d'),
  },
];

const onLinalg: readonly Defect[] = [
  {
    name: 'conv-reads-beside-window',
    model: 'tiny',
    pass: 'lower-nn-to-linalg',
    rule: 'lower-conv2d',
    node: 'depthwise',
    spoil: (m) =>
      setInts(m.op('tensor.pad'), 'static_low', (p) => p.map((x) => (x === 1 ? 2 : x))) &&
      setInts(m.op('tensor.pad'), 'static_high', (p) => p.map((x) => (x === 1 ? 0 : x))),
  },
  {
    name: 'conv-accumulates-with-subtract',
    model: 'tiny',
    pass: 'lower-nn-to-linalg',
    rule: 'lower-conv2d',
    node: 'pointwise',
    spoil: (m) => {
      rename(bodyOp(m, 'arith.addf'), 'arith.subf');
      return true;
    },
  },
  {
    name: 'max-pool-takes-minimum',
    model: 'tiny',
    pass: 'lower-nn-to-linalg',
    rule: 'lower-max-pool2d',
    spoil: (m) => {
      const name = m.has('arith.maximumf') ? 'arith.maximumf' : 'arith.maxnumf';
      rename(bodyOp(m, name), name.replace('max', 'min'));
      return true;
    },
  },
  {
    name: 'matmul-operand-squared',
    model: 'tiny',
    pass: 'lower-nn-to-linalg',
    rule: 'lower-matmul',
    spoil: (m) => {
      const op = bodyOp(m, 'arith.mulf');
      op.setOperand(1, op.operand(0));
      return true;
    },
  },
  {
    name: 'clip-keeps-upper-bound-only',
    model: 'mobilenet',
    pass: 'lower-nn-to-linalg',
    rule: 'lower-clip',
    node: 'features.3/',
    spoil: (m) => {
      const op = m.ops('arith.maximumf')[0] ?? m.op('arith.maxnumf');
      return bypass(op);
    },
  },
  {
    name: 'mean-not-divided',
    model: 'tiny',
    pass: 'lower-nn-to-linalg',
    rule: 'lower-reduce-mean',
    spoil: (m) => {
      const op = m.ops('arith.divf')[0] ?? m.op('arith.mulf');
      return bypass(op);
    },
  },
  {
    name: 'mean-of-maximum',
    model: 'tiny',
    pass: 'lower-nn-to-linalg',
    rule: 'lower-reduce-mean',
    spoil: (m) => {
      rename(bodyOp(m, 'arith.addf'), 'arith.maximumf');
      return true;
    },
  },
  {
    name: 'add-reads-one-operand-twice',
    model: 'resnet',
    pass: 'lower-nn-to-linalg',
    rule: 'lower-add',
    node: 'layer3.1',
    spoil: (m) => {
      const op = bodyOp(m, 'arith.addf');
      op.setOperand(1, op.operand(0));
      return true;
    },
  },
  {
    name: 'relu-leaks',
    model: 'resnet',
    pass: 'lower-nn-to-linalg',
    rule: 'lower-relu',
    node: 'layer4.0',
    spoil: (m) => {
      const zero = m.ops('arith.constant').find((o) => o.attr('value')?.kind === 'float');
      zero?.setAttr('value', f32Attr(-0.25));
      return zero !== undefined;
    },
  },
  {
    name: 'conv-strides-swapped',
    model: 'tiny',
    pass: 'lower-nn-to-linalg',
    rule: 'lower-conv2d',
    node: 'stem',
    spoil: swapStrides,
  },
  {
    name: 'conv-padding-dropped',
    model: 'tiny',
    pass: 'lower-nn-to-linalg',
    rule: 'lower-conv2d',
    node: 'stem',
    spoil: (m) =>
      setInts(m.op('tensor.pad'), 'static_low', (p) => p.map(() => 0)) &&
      setInts(m.op('tensor.pad'), 'static_high', (p) => p.map((x) => 2 * x)),
  },
  {
    name: 'conv-accumulates-in-half-precision',
    model: 'tiny',
    pass: 'lower-nn-to-linalg',
    rule: 'lower-conv2d',
    node: 'pointwise',
    spoil: (m) => {
      const sum = bodyOp(m, 'arith.addf').result();
      const half = after(sum, 'arith.truncf', t.f16);
      const wide = after(half, 'arith.extf', t.f32);
      sum.replaceAllUsesWith(wide, (use) => use.owner !== half.definingOp);
      return true;
    },
  },
  {
    name: 'winograd-filter-points-swapped',
    model: 'resnet',
    pass: 'winograd-convolutions',
    rule: 'conv2d-by-tiles',
    node: 'layer1.1',
    spoil: (m) =>
      m
        .ops('arith.constant')
        .some(
          (op) =>
            op.attr('value')?.kind === 'dense_resource' &&
            setNumbers(m, op, (_, i, all) => all[(i + all.length / 16) % all.length]!),
        ),
  },
  {
    name: 'winograd-tile-rows-swapped',
    model: 'resnet',
    pass: 'winograd-convolutions',
    rule: 'conv2d-by-tiles',
    node: 'layer1.2',
    spoil: (m) => {
      const all = m.ops('tensor.concat');
      return swapOperands(all[all.length - 1]!, 0, 1);
    },
  },
];

const onFusion: readonly Defect[] = [
  {
    name: 'fusion-drops-producer-op',
    model: 'tiny',
    pass: 'fuse-elementwise',
    rule: 'fuse-producer',
    node: 'stem',
    spoil: (m) => m.ops('arith.addf').some((op) => op.next?.name === 'arith.maximumf' && bypass(op)),
  },
  {
    name: 'fusion-replaces-sum-by-maximum',
    model: 'mobilenet',
    pass: 'fuse-elementwise',
    rule: 'fuse-producer',
    node: 'features.7/',
    spoil: (m) => {
      const op = m.ops('arith.addf')[0];
      if (op === undefined) return false;
      rename(op, 'arith.maximumf');
      return true;
    },
  },
  {
    name: 'fusion-mixes-up-bounds',
    model: 'resnet',
    pass: 'fuse-elementwise',
    rule: 'fuse-producer',
    node: 'layer1.2',
    spoil: (m) => {
      const op = m.ops('arith.maximumf')[0];
      if (op === undefined) return false;
      rename(op, 'arith.minimumf');
      return true;
    },
  },
  {
    name: 'dispatch-inputs-swapped',
    model: 'tiny',
    pass: 'form-dispatches',
    rule: 'form-dispatch',
    node: 'block/Add',
    spoil: (m) => swapOperands(m.op('dispatch.region'), 0, 1),
  },
  {
    name: 'dispatch-follower-lost',
    model: 'mobilenet',
    pass: 'form-dispatches',
    rule: 'form-dispatch',
    node: 'features.4/',
    spoil: (m) => m.ops('arith.addf').some((op, i, all) => i === all.length - 1 && bypass(op)),
  },
  {
    name: 'dispatch-constant-changed',
    model: 'resnet',
    pass: 'form-dispatches',
    rule: 'form-dispatch',
    node: 'layer2.0',
    spoil: (m) => {
      const c = m.ops('arith.constant').find((o) => o.attr('value')?.kind === 'float');
      c?.setAttr('value', f32Attr(0.5));
      return c !== undefined;
    },
  },
  {
    name: 'cse-merges-different-constants',
    model: 'tiny',
    pass: 'cse',
    rule: 'merge-equal',
    occurrence: 1,
    spoil: (m) => {
      const v = m.root.attr('value');
      if (v?.kind !== 'float' || v.value !== 0) return false;
      const into = m.values![0]!.definingOp!;
      into.setAttr('value', floatAttr(2, t.f32));
      return true;
    },
  },
  {
    name: 'packed-weights-in-wrong-order',
    model: 'mobilenet',
    pass: 'pack-weights',
    rule: 'pack-weights',
    spoil: (m) => setNumbers(m, constant(m), (_, i, all) => all[i ^ 1] ?? all[i]!),
  },
  {
    name: 'fusion-takes-over-second-user',
    model: 'mobilenet3',
    pass: 'fuse-elementwise',
    rule: 'fuse-producer',
    spoil: takeOtherUser,
  },
  {
    name: 'fused-rows-subtract-the-wrong-way',
    model: 'keywords',
    pass: 'fuse-rows',
    rule: 'fuse-rows',
    spoil: (m) => m.ops('arith.subf').some((op) => swapOperands(op, 0, 1)),
  },
  {
    name: 'packed-dots-in-wrong-order',
    model: 'keywords8',
    pass: 'pack-dots',
    rule: 'pack-dots',
    spoil: (m) => setBytes(m, constant(m), (_, i, all) => all[i ^ 1]!),
  },
];

const onLoops: readonly Defect[] = [
  {
    name: 'tile-edge-off-by-one',
    model: 'tiny',
    pass: 'lower-to-loops',
    rule: 'dispatch-to-kernel',
    node: 'pointwise',
    spoil: (m) =>
      m
        .ops('affine.apply')
        .slice(0, 8)
        .some((op) => shiftMap(op, 1)),
  },
  {
    name: 'kernel-stores-beside',
    model: 'tiny',
    pass: 'lower-to-loops',
    rule: 'dispatch-to-kernel',
    node: 'maxpool',
    spoil: (m) =>
      m
        .ops('vector.store')
        .slice(0, 1)
        .some((op) => bypassStore(op)),
  },
  {
    name: 'kernel-skips-accumulation',
    model: 'mobilenet',
    pass: 'lower-to-loops',
    rule: 'dispatch-to-kernel',
    node: 'features.6/',
    spoil: (m) =>
      m
        .ops('vector.fma')
        .slice(0, 1)
        .some((op) => bypass(op, 2)),
  },
  {
    name: 'kernel-loop-ends-early',
    model: 'tiny',
    pass: 'lower-to-loops',
    rule: 'dispatch-to-kernel',
    node: 'stem',
    spoil: (m) => {
      const loop = m.ops('scf.for')[0];
      const bound = loop?.operand(1).definingOp;
      const v = bound?.attr('value');
      if (loop === undefined || bound === undefined || v?.kind !== 'integer') return false;
      const less = bound.clone();
      less.setAttr('value', indexAttr(v.value - 1n));
      bound.block!.insertBefore(less, bound.next);
      loop.setOperand(1, less.result());
      return true;
    },
  },
  {
    name: 'kernel-arguments-swapped',
    model: 'tiny',
    pass: 'lower-to-loops',
    rule: 'dispatch-to-kernel',
    node: 'block/Add',
    spoil: (m) => swapOperands(m.op('dispatch.launch'), 0, 1),
  },
  {
    name: 'loops-cse-merges-offsets',
    model: 'tiny',
    pass: 'cse',
    rule: 'merge-equal',
    occurrence: 3,
    node: 'stem',
    spoil: (m) =>
      m.root.name === 'arith.constant' &&
      m.values![0]!.definingOp!.result().uses.size > 2 &&
      wrongIndex(m.values![0]!.definingOp!),
  },
  {
    name: 'stale-buffer-reuse',
    model: 'tiny',
    pass: 'plan-arena',
    rule: 'allocate-in-arena',
    spoil: (m) => {
      const [first] = hostConstants(m);
      if (first === undefined) return false;
      first.setAttr('value', indexAttr(0));
      return true;
    },
  },
  {
    name: 'arena-offset-overlaps',
    model: 'mobilenet',
    pass: 'plan-arena',
    rule: 'allocate-in-arena',
    spoil: (m) => {
      const all = hostConstants(m);
      const op = all[Math.floor(all.length / 2)];
      const v = op?.attr('value');
      if (op === undefined || v?.kind !== 'integer') return false;
      op.setAttr('value', indexAttr(v.value - 128n < 0n ? 0n : v.value - 128n));
      return true;
    },
  },
  {
    name: 'bufferize-binds-wrong-operand',
    model: 'tiny',
    pass: 'bufferize',
    rule: 'bufferize-function',
    spoil: (m) =>
      m
        .ops('func.call')
        .some(
          (op) =>
            op.operandCount > 3 &&
            op.operand(0).type.text === op.operand(1).type.text &&
            swapOperands(op, 0, 1),
        ),
  },
];

function wrongIndex(op: Operation): boolean {
  const v = op.attr('value');
  if (v?.kind !== 'integer' || v.value < 2n) return false;
  op.setAttr('value', indexAttr(v.value - 1n));
  return true;
}
function bypassStore(op: Operation): boolean {
  op.erase();
  return true;
}

export const defects: readonly Defect[] = [...onGraph, ...onLayout, ...onLinalg, ...onFusion, ...onLoops];
