/** All passes, as `strata opt` knows them. Adding a pass is one line here. */
import type { Pass } from '../../ir';
import { bufferize } from './bufferize';
import { canonicalize } from './canonicalize';
import { channelsLast } from './channels-last';
import { chooseSchedules } from './choose-schedules';
import { convertElementwiseToLinalg } from './convert-elementwise-to-linalg';
import { convertOnnxToNn } from './convert-onnx-to-nn';
import { cse } from './cse';
import { dce } from './dce';
import { emulateNarrowFloats } from './emulate-narrow-floats';
import { foldBatchNorm } from './fold-batch-norm';
import { foldConstants } from './fold-constants';
import { formDispatches } from './form-dispatches';
import { fuseElementwise } from './fuse-elementwise';
import { fuseRows } from './fuse-rows';
import { generalizeNamedOps } from './generalize-named-ops';
import { inferShapes } from './infer-shapes';
import { integerProducts } from './integer-products';
import { lowerNnToLinalg } from './lower-nn-to-linalg';
import { lowerToLoops } from './lower-to-loops';
import { packDots } from './pack-dots';
import { packOperands } from './pack-operands';
import { packWeights } from './pack-weights';
import { planArena } from './plan-arena';
import { winogradConvolutions } from './winograd-convolutions';

export const passes: readonly Pass[] = [
  canonicalize,
  cse,
  dce,
  convertOnnxToNn,
  inferShapes,
  foldBatchNorm,
  integerProducts,
  foldConstants,
  channelsLast,
  lowerNnToLinalg,
  convertElementwiseToLinalg,
  generalizeNamedOps,
  winogradConvolutions,
  emulateNarrowFloats,
  fuseElementwise,
  formDispatches,
  fuseRows,
  packDots,
  packWeights,
  packOperands,
  chooseSchedules,
  lowerToLoops,
  bufferize,
  planArena,
];
