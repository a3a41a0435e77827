/** How each `nn` op becomes linalg, or why it does not. An op without an entry does not compile. */
import type { Lowering, NnOp, NnView } from './lowering';
import { unsupported } from './lowering';
import { conv2dLowering, matmulLowering } from './contraction';
import { elementwiseLowerings } from './elementwise';
import {
  broadcastLowering,
  concatLowering,
  padLowering,
  reshapeLowering,
  shapeLowering,
  sliceLowering,
  transposeLowering,
} from './movement';
import { batchNormLowering, reductionLowerings, softmaxLowering } from './reduction';
import { averagePoolLowering, maxPoolLowering } from './window';

const dataDependent = 'a size that depends on data is not lowered yet';
const noFunction = 'the function is not lowered yet';

export const lowerings: { readonly [K in NnOp]: Lowering<NnView<K>> } = {
  ...elementwiseLowerings,
  ...reductionLowerings,
  conv2d: conv2dLowering,
  matmul: matmulLowering,
  maxPool2d: maxPoolLowering,
  averagePool2d: averagePoolLowering,
  softmax: softmaxLowering,
  batchNorm: batchNormLowering,
  reshape: reshapeLowering,
  transpose: transposeLowering,
  broadcast: broadcastLowering,
  concat: concatLowering,
  pad: padLowering,
  slice: sliceLowering,
  shapeOf: shapeLowering,
  gather: unsupported('reading at computed positions is not lowered yet'),
  gatherElements: unsupported('reading at computed positions is not lowered yet'),
  gatherNd: unsupported('reading at computed positions is not lowered yet'),
  scatterElements: unsupported('writing at computed positions is not lowered yet'),
  scatterNd: unsupported('writing at computed positions is not lowered yet'),
  argReduce: unsupported('a reduction to positions is not lowered yet'),
  topK: unsupported('sorting is not lowered yet'),
  cumulate: unsupported('a running reduction is not lowered yet'),
  reverse: unsupported('reading backwards is not lowered yet'),
  gridSample: unsupported('reading at computed positions is not lowered yet'),
  nonZero: unsupported(dataDependent),
  unique: unsupported(dataDependent),
  nonMaxSuppression: unsupported(dataDependent),
  tan: unsupported(noFunction),
  asin: unsupported(noFunction),
  acos: unsupported(noFunction),
  atan: unsupported(noFunction),
  sinh: unsupported(noFunction),
  cosh: unsupported(noFunction),
  asinh: unsupported(noFunction),
  acosh: unsupported(noFunction),
  atanh: unsupported(noFunction),
  sign: unsupported(noFunction),
  isNan: unsupported('a test of floats is not lowered yet'),
  isInf: unsupported('a test of floats is not lowered yet'),
  mod: unsupported('a remainder is not lowered yet'),
  rem: unsupported('a remainder is not lowered yet'),
  bitwise: unsupported('operations on bits are not lowered yet'),
  not: unsupported('operations on bits are not lowered yet'),
  bitcast: unsupported('operations on bits are not lowered yet'),
};
