/** `onnx`: ONNX operators as a model has them. Their meaning is their expansion into `nn`. */
import type { Dialect } from '../../registry';
import { arithmeticOps } from './arithmetic';
import { attentionOps } from './attention';
import { composedOps } from './composed';
import { controlFlowOps } from './controlFlow';
import { convolutionOps } from './convolution';
import type { OnnxOp } from './defineOnnxOp';
import { einsumOps } from './einsum';
import { indexingOps } from './indexing';
import { linearOps } from './linear';
import { lossOps } from './losses';
import { logicOps } from './logic';
import { movementOps } from './movement';
import { otherDomainOps } from './otherDomains';
import { quantisationOps } from './quantisation';
import { recurrentOps } from './recurrent';
import { resizeOps } from './resize';
import { samplingOps } from './sampling';
import { signalOps } from './signal';
import { visionOps } from './vision';

export {
  NotSupported,
  constantsOf,
  inferOnnx,
  isExpandable,
  onnxFolder,
  unsupportedAttribute,
  versionIn,
  type Expansion,
  type OnnxOp,
} from './defineOnnxOp';
export { controlFlowNamed, yieldOp } from './controlFlow';
export { elementTypeOfOnnx } from './elementTypes';
export { onnxMessages } from './messages';

export const onnxOps: readonly OnnxOp[] = [
  ...convolutionOps,
  ...linearOps,
  ...arithmeticOps,
  ...movementOps,
  ...composedOps,
  ...logicOps,
  ...indexingOps,
  ...lossOps,
  ...attentionOps,
  ...quantisationOps,
  ...resizeOps,
  ...einsumOps,
  ...signalOps,
  ...recurrentOps,
  ...samplingOps,
  ...visionOps,
  ...otherDomainOps,
];
const byName = new Map(onnxOps.map((op) => [op.onnxName, op]));
/** The declaration of an operator, by the name that ONNX gives it, behind its domain where that is not the standard one. */
export const onnxOpNamed = (name: string): OnnxOp | undefined => byName.get(name);
/** The declaration of an op of the import stage. */
export const onnxOpOf = (op: { readonly name: string }): OnnxOp | undefined =>
  op.name.startsWith('onnx.') ? byName.get(op.name.slice('onnx.'.length)) : undefined;

export const onnxDialect: Dialect = {
  name: 'onnx',
  summary: 'ONNX operators as a model has them, with the version of their definition.',
  ops: [...onnxOps, ...controlFlowOps],
  upstream: false,
};
