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
};
