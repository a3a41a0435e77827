/** How each `nn` op becomes linalg, or why it does not. An op without an entry does not compile. */
import type { Lowering, NnOp, NnView } from './lowering';
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
import {
  cumulateLowering,
  gatherElementsLowering,
  gatherLowering,
  gatherNdLowering,
  reverseLowering,
  scatterElementsLowering,
  scatterNdLowering,
} from './indexing';
import { nonMaxSuppressionLowering, nonZeroLowering, uniqueLowering } from './selection';
import { argReduceLowering, topKLowering } from './ordering';
import { gridSampleLowering } from './sampling';
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
  gather: gatherLowering,
  gatherElements: gatherElementsLowering,
  gatherNd: gatherNdLowering,
  scatterElements: scatterElementsLowering,
  scatterNd: scatterNdLowering,
  argReduce: argReduceLowering,
  topK: topKLowering,
  cumulate: cumulateLowering,
  reverse: reverseLowering,
  gridSample: gridSampleLowering,
  nonZero: nonZeroLowering,
  unique: uniqueLowering,
  nonMaxSuppression: nonMaxSuppressionLowering,
};
