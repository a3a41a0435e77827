/** `convert-onnx-to-nn`: from the model as written to the graph stage, each operator by its declared expansion. */
import type { Operation } from '../../ir';
import { InferenceError, definePass, modelNodesOf } from '../../ir';
import type { ConstantFolder } from '../../ir/constantFolding';
import type { Expansion } from '../../ir/dialects/onnx';
import {
  NotSupported,
  constantsOf,
  inferOnnx,
  isExpandable,
  onnxFolder,
  onnxMessages,
  onnxOpOf,
  unsupportedAttribute,
  yieldOp,
} from '../../ir/dialects/onnx';

export const convertOnnxToNn = definePass({
  name: 'convert-onnx-to-nn',
  summary: 'expand ONNX operators into normalised tensor ops',
  doc: 'Fails before any change with all operators that are not supported and the model nodes that use them (STR0340).',
  anchor: 'any',
  run: (root, { rewriter, resources }) => {
    const ops = root.find((op) => op.dialect === 'onnx' && !yieldOp.is(op));
    const folder = onnxFolder(resources);
    refuseUnsupported(ops, folder);
    const constant: Expansion['constant'] = constantsOf(folder);
    for (const op of ops) {
      const definition = onnxOpOf(op);
      if (definition === undefined || op.block === undefined) continue;
      rewriter.apply({
        rule: `expand-${kebab(definition.onnxName)}`,
        root: op,
        build: (b) => definition.expandOp(op, { b, outputs: op.results.length, constant }),
      });
    }
  },
});

/** `BatchNormalization` → `batch-normalization`, `LRN` → `lrn`. */
const kebab = (name: string): string =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1-$2')
    .toLowerCase();

const nodeNames = (op: Operation): readonly string[] => modelNodesOf(op.location).map((n) => n.name);

function refuseUnsupported(ops: readonly Operation[], folder: ConstantFolder): void {
  const uses = new Map<string, string[]>();
  for (const op of ops) {
    const what = unsupportedUse(op, folder);
    if (what === undefined) continue;
    const names = nodeNames(op);
    uses.set(what, [...(uses.get(what) ?? []), ...(names.length > 0 ? names : [op.name])]);
  }
  if (uses.size === 0) return;
  const file = ops.flatMap((op) => modelNodesOf(op.location).map((n) => n.model))[0] ?? 'the module';
  throw onnxMessages.error('STR0340', { file, uses: [...uses].map(([what, nodes]) => ({ what, nodes })) });
}

/** Why the op cannot be converted; undefined when it can, or when only another op's failure stands in its way. */
function unsupportedUse(op: Operation, folder: ConstantFolder): string | undefined {
  const said = op.attr(unsupportedAttribute);
  if (said?.kind === 'string') return said.value;
  const definition = onnxOpOf(op);
  if (definition === undefined) return op.name.slice('onnx.'.length);
  if (!isExpandable(op.operands)) return undefined;
  try {
    inferOnnx(definition, op.operands, op.attributes, op.location, op.results.length, folder);
    return undefined;
  } catch (error) {
    if (error instanceof NotSupported) return `${definition.onnxName} (${error.message})`;
    if (error instanceof InferenceError) {
      throw onnxMessages.error(
        'STR0401',
        { op: op.name, node: nodeNames(op).join(', '), problem: error.message },
        { cause: error },
      );
    }
    throw error;
  }
}
