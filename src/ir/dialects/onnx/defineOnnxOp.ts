/**
 * `defineOnnxOp`: the one declaration of an ONNX operator, in all its versions. What it means is written once, as its
 * expansion into `nn` ops: result types, reference semantics and the conversion to the graph stage come from it.
 */
import type { Builder as BuilderType } from '../../builder';
import { Builder } from '../../builder';
import type { BlobSource } from '../../constantFolding';
import { ConstantFolder, evaluateAlone } from '../../constantFolding';
import type { TypeConstraint } from '../../constraints';
import { int } from '../../constraints';
import type { RuntimeValue, TensorValue } from '../../interpreter/runtimeValue';
import { isTensorValue } from '../nn/tensors';
import type { Attribute } from '../../attributes';
import type { AttrSpec, AttrSpecs, OpDefinition, OpView, ValueSpec, ValueSpecs } from '../../opDefinition';
import { InferenceError, attr, defineOp, variadic } from '../../opDefinition';
import type { Value } from '../../operation';
import { Block, Operation } from '../../operation';
import type { Location } from '../../location';
import type { Type } from '../../types';
import { tensor } from '../../types';
import { isCompatible } from '../../verifier';

/** Values of a model; behind an operator that is not supported the rank may be unknown. */
export const modelTensor: TypeConstraint = {
  describe: 'a tensor',
  test: (t) => t.kind === 'tensor' || t.kind === 'unranked_tensor',
};

/** A use of the operator that is valid and that the compiler cannot express; completes "… is not supported". */
export class NotSupported extends Error {
  override readonly name = 'NotSupported';
}

/** Name of the discardable attribute of an imported op that says why it cannot be compiled. */
export const unsupportedAttribute = 'strata.unsupported';

/** What an expansion builds with. */
export interface Expansion {
  readonly b: BuilderType;
  /** How many results the node has. */
  readonly outputs: number;
  /** The elements of a value that is constant or computed from constants, when it is small. */
  constant(value: Value): TensorValue | undefined;
}

type VersionAttr = { readonly version: AttrSpec<number, true> };
type Outputs = { readonly outputs: ValueSpec<'variadic'> };
export type OnnxView<O extends ValueSpecs, A extends AttrSpecs> = OpView<O, A & VersionAttr, Outputs>;

export interface OnnxOpDeclaration<O extends ValueSpecs, A extends AttrSpecs> {
  /** As ONNX writes it: `Conv`. */
  readonly name: string;
  /** Opsets in which the operator changed, from the oldest that is read. */
  readonly versions: readonly number[];
  readonly summary: string;
  readonly doc?: string;
  readonly operands?: O;
  readonly attrs?: A;
  /**
   * The same computation in `nn` ops, one value per result. Throws `NotSupported` for what cannot be expressed and
   * `InferenceError` for what is wrong.
   */
  readonly expand: (view: OnnxView<O, A>, e: Expansion) => readonly Value[];
}

/** A declared ONNX operator without its static types. */
export interface OnnxOp extends OpDefinition {
  readonly onnxName: string;
  readonly versions: readonly number[];
  /** Builds the expansion of `op` with `e.b`; one value per result that the node uses. */
  expandOp(op: Operation, e: Expansion): readonly Value[];
}

export function defineOnnxOp<
  const O extends ValueSpecs = Record<never, never>,
  const A extends AttrSpecs = Record<never, never>,
>(declaration: OnnxOpDeclaration<O, A>): OnnxOp {
  const versions = declaration.versions;
  const attrs: A & VersionAttr = {
    ...(declaration.attrs ?? ({} as A)),
    version: attr(int, `the opset of the operator's definition: ${versions.join(', ')}`),
  };
  const outputs: Outputs = { outputs: variadic(modelTensor) };
  const definition = defineOp<O, A & VersionAttr, Outputs>({
    name: `onnx.${declaration.name}`,
    summary: declaration.summary,
    doc: `${declaration.doc === undefined ? '' : `${declaration.doc}\n\n`}Source: [ONNX ${declaration.name}](https://onnx.ai/onnx/operators/onnx__${declaration.name}.html), versions ${versions.join(', ')}.`,
    operands: declaration.operands ?? ({} as O),
    attrs,
    results: outputs,
    traits: ['pure'],
    verify: (view) => verifyByExpansion(op, view.op),
    evaluate: (view, context) =>
      evaluateByExpansion(
        op,
        view.op,
        view.op.operands.map((v) => context.get(v)),
        (key) => context.resource(key),
      ),
  });
  const op: OnnxOp = Object.assign(definition, {
    onnxName: declaration.name,
    versions,
    expandOp: (o: Operation, e: Expansion) => {
      const values = declaration.expand(definition.view(o), e);
      if (values.length < e.outputs) throw new NotSupported(`output ${values.length} of ${declaration.name}`);
      return values.slice(0, e.outputs);
    },
  });
  return op;
}

/** Elements beyond which shape arithmetic is not followed. */
export const constantLimit = 4096;

export function constantsOf(folder: ConstantFolder): Expansion['constant'] {
  return (value) => {
    const v = folder.valueOf(value);
    return v !== undefined && isTensorValue(v) ? v : undefined;
  };
}

/**
 * Knows the elements of values in IR of the import stage: of constants and of what is computed from constants and from
 * static sizes.
 */
export const onnxFolder = (blobs: BlobSource | undefined): ConstantFolder =>
  new ConstantFolder(blobs, constantLimit, (op, folder, use) => {
    const definition = op.definition;
    if (definition === undefined || !isOnnxOp(definition) || !isExpandable(op.operands)) return;
    try {
      inScratch(definition, op, op.results.length, folder, use);
    } catch (error) {
      if (!(error instanceof NotSupported) && !(error instanceof InferenceError)) throw error;
    }
  });
const isOnnxOp = (definition: OpDefinition): definition is OnnxOp => 'expandOp' in definition;

/** Expands `op` beside the IR, and takes it away again. */
function inScratch<T>(
  definition: OnnxOp,
  op: Operation,
  outputs: number,
  folder: ConstantFolder,
  use: (results: readonly Value[]) => T,
): T {
  const block = new Block();
  try {
    return use(
      definition.expandOp(op, {
        b: Builder.atEnd(block, op.location),
        outputs,
        constant: constantsOf(folder),
      }),
    );
  } finally {
    for (const step of block.ops.reverse()) step.dropAllReferences();
  }
}

/** Types of the first `outputs` results of an operator on `operands`. Throws as `expand` does. */
export function inferOnnx(
  definition: OnnxOp,
  operands: readonly Value[],
  attributes: Iterable<readonly [string, Attribute]>,
  location: Location,
  outputs: number,
  folder: ConstantFolder,
): readonly Type[] {
  const node = new Operation({ name: definition.name, definition, operands, attributes, location });
  try {
    return inScratch(definition, node, outputs, folder, (results) => results.map((v) => v.type));
  } finally {
    node.dropAllReferences();
  }
}

/** Whether the rank of all operands is known, so that the operator can be expanded. */
export const isExpandable = (operands: readonly Value[]): boolean =>
  operands.every((v) => v.type.kind === 'tensor');

function verifyByExpansion(definition: OnnxOp, op: Operation): string | undefined {
  if (!isExpandable(op.operands)) return undefined;
  let types: readonly Type[];
  try {
    types = inferOnnx(
      definition,
      op.operands,
      op.attributes,
      op.location,
      op.results.length,
      onnxFolder(undefined),
    );
  } catch (error) {
    if (error instanceof NotSupported) return undefined;
    if (error instanceof InferenceError) return error.message;
    throw error;
  }
  const i = types.findIndex((t, k) => !isCompatible(t, op.result(k).type));
  return i < 0 ? undefined : `result ${i} must be ${types[i]!.text}, found ${op.result(i).type.text}`;
}

/** Runs the expansion for the sizes at hand, so that sizes which depend on data are fine here. */
function evaluateByExpansion(
  definition: OnnxOp,
  op: Operation,
  operands: readonly RuntimeValue[],
  resource: (key: string) => Uint8Array,
): readonly RuntimeValue[] {
  const block = new Block(
    operands.map((v) => {
      if (!isTensorValue(v)) throw new InferenceError(`${definition.name} takes tensors`);
      return tensor(v.shape, v.element);
    }),
  );
  const known = new Map<Value, RuntimeValue>(block.args.map((a, i) => [a, operands[i]!]));
  const blobs = { has: () => true, get: resource };
  const folder = new ConstantFolder(blobs, Infinity);
  const node = new Operation({
    name: op.name,
    definition,
    operands: block.args,
    attributes: op.attributes,
    location: op.location,
  });
  const constant: Expansion['constant'] = (value) => {
    const v = known.get(value) ?? folder.valueOf(value);
    return v !== undefined && isTensorValue(v) ? v : undefined;
  };
  const values = definition.expandOp(node, {
    b: Builder.atEnd(block, op.location),
    outputs: op.results.length,
    constant,
  });
  for (const step of block.ops) {
    const results = evaluateAlone(step, (v) => known.get(v)!, blobs);
    step.results.forEach((r, i) => known.set(r, results[i]!));
  }
  return values.map((v) => known.get(v)!);
}

/** Which definition of an operator holds in `opset`: the newest version that is not newer. */
export const versionIn = (definition: OnnxOp, opset: number): number | undefined =>
  definition.versions.filter((v) => v <= opset).at(-1);
