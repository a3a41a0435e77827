/** The rule that replaces a pure op on constants by its result. */
import type { Operation, ResourceStore, Rule, Value } from '../../ir';
import { InferenceError, types } from '../../ir';
import { StrataError } from '../../base/diagnostics';
import * as nn from '../../ir/dialects/nn';
import { evaluateAlone } from '../../ir/constantFolding';
import type { RuntimeValue, TensorValue } from '../../ir/interpreter/runtimeValue';
import { blobName, buildConstant, constantElements, constantOp } from './tensorConstants';

/** A result may be this many elements larger than all operands together: repeating a small tensor is no gain. */
const allowedGrowth = 65536;

const elementsOf = (type: types.Type): number | undefined =>
  types.isShaped(type) ? types.elementCount(type.shape) : undefined;

function isFoldable(op: Operation): boolean {
  const { definition } = op;
  if (
    definition?.canEvaluate !== true ||
    !definition.traits.has('pure') ||
    definition.traits.has('terminator')
  )
    return false;
  if (op.operandCount === 0 || op.regions.length > 0 || op.results.length === 0) return false;
  if (
    op.operands.some((v) => constantOp(v) === undefined) ||
    op.results.some((r) => r.type.kind !== 'tensor')
  )
    return false;
  if (unpacks(op)) return false;
  const given = op.operands.reduce((n, v) => n + (elementsOf(v.type) ?? 1), 0);
  return op.results.every((r) => (elementsOf(r.type) ?? Infinity) <= given + allowedGrowth);
}

/** Weights of 8 bits that an integer product reads: it widens them as it goes. */
function unpacks(op: Operation): boolean {
  const cast = nn.cast.as(op);
  const from = cast?.input.type;
  if (cast === undefined || from?.kind !== 'tensor' || from.shape.filter((n) => n !== 1).length < 2)
    return false;
  return from.element.kind === 'integer' && from.element.width === 8 && cast.to === types.i32;
}

const isTensor = (v: RuntimeValue): v is TensorValue => typeof v === 'object' && v.kind === 'tensor';

export const foldConstant: Rule = {
  name: 'fold-constant',
  doc: 'f(constants) → constant, by the reference semantics of f',
  roots: 'any',
  match: (op, { resources }) => {
    if (!isFoldable(op)) return undefined;
    const results = resultsOf(op, resources);
    if (results === undefined) return undefined;
    return {
      sources: op.operands.flatMap((v) => v.definingOp ?? []),
      build: (b) => {
        const kind = op.name.slice(op.name.indexOf('.') + 1);
        const base = op.operands.map((v) => blobName(v, '')).find((n) => n !== '');
        return results.map((r) =>
          buildConstant(b, r, resources, base === undefined ? kind : `${base}.${kind}`),
        );
      },
    };
  },
};

/** Undefined when the op has no result on these operands (an index out of bounds): the run reports that. */
function resultsOf(op: Operation, resources: ResourceStore): readonly TensorValue[] | undefined {
  const operands = new Map(op.operands.map((v) => [v, constantElements(v, resources)]));
  const get = (v: Value): RuntimeValue => {
    const known = operands.get(v);
    if (known === undefined) throw new RangeError('not a constant tensor');
    return known;
  };
  try {
    const results = evaluateAlone(op, get, resources).filter(isTensor);
    return results.length === op.results.length ? results : undefined;
  } catch (error) {
    if (error instanceof StrataError || error instanceof InferenceError || error instanceof RangeError)
      return undefined;
    throw error;
  }
}
