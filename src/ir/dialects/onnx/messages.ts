/** What can be wrong with the operators of a model (STR034x) and with their operands (STR040x). */
import { defineMessages, message } from '../../../base/diagnostics';

/** An operator that cannot be compiled, with the model nodes that use it. */
export interface UnsupportedUse {
  /** `ai.onnx.Loop`, or `Conv (an input of rank 5)`. */
  readonly what: string;
  readonly nodes: readonly string[];
}
const listed = (uses: readonly UnsupportedUse[]): string =>
  uses
    .map(
      (u) =>
        `\n  ${u.what}: ${u.nodes.slice(0, 8).join(', ')}${u.nodes.length > 8 ? ` and ${u.nodes.length - 8} more` : ''}`,
    )
    .join('');

export const onnxMessages = defineMessages({
  STR0340: message<{ file: string; uses: readonly UnsupportedUse[] }>({
    text: (p) =>
      `${p.file} has ${p.uses.length === 1 ? 'an operator that is' : `${p.uses.length} operators that are`} not supported:${listed(p.uses)}\n`,
    next: () =>
      'Export the model with other operators (an older or newer opset may help), or see docs/ops.md for what is supported.',
  }),
  STR0341: message<{ file: string; value: string; found: string }>({
    text: (p) =>
      `${p.file}: "${p.value}" has the type ${p.found}; tensors of numbers with a known rank are supported.`,
    next: () =>
      'Export the model with tensor inputs and outputs, or run onnx.shape_inference.infer_shapes on it.',
  }),
  STR0342: message<{ file: string; dims: string; known: string }>({
    text: (p) => `${p.file} has no dimension named ${p.dims}; it has ${p.known}.`,
    next: () => 'Give sizes by the names that the model uses.',
  }),
  STR0343: message<{ file: string; value: string; declared: string; found: string }>({
    severity: 'warning',
    text: (p) => `${p.file}: "${p.value}" is declared as ${p.declared}, and its node computes ${p.found}.`,
    next: () => 'The computed type is used.',
  }),
  STR0344: message<{ file: string; node: string; attribute: string }>({
    severity: 'warning',
    text: (p) =>
      `${p.file}: node ${p.node} has an attribute "${p.attribute}" that its operator does not have.`,
    next: () => 'It is ignored.',
  }),
  STR0345: message<{ file: string; node: string; problem: string }>({
    text: (p) => `${p.file}: node ${p.node}: ${p.problem}.`,
    next: () => 'Check the model with "python -m onnx.checker" or export it again.',
  }),
  STR0401: message<{ op: string; node: string; problem: string }>({
    text: (p) => `${p.op} at model node "${p.node}": ${p.problem}.`,
    next: () => 'Check the export.',
  }),
});
