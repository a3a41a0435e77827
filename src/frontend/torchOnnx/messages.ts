/** What cannot go from one form of ONNX in MLIR to the other (STR035x). */
import { defineMessages, message } from '../../base/diagnostics';

export const torchOnnxMessages = defineMessages({
  STR0350: message<{ op: string; node: string; problem: string }>({
    text: (p) =>
      `${p.op}${p.node === '' ? '' : ` at model node "${p.node}"`} cannot be written as torch.operator: ${p.problem}.`,
    next: () => "'--emit import' prints the model as it was read.",
  }),
  STR0351: message<{ file: string; op: string; problem: string }>({
    text: (p) => `${p.file}: ${p.op}: ${p.problem}.`,
    next: () =>
      'Strata reads what iree-import-onnx writes: one function of torch.operator "onnx.…" ops on !torch.vtensor values.',
  }),
});
