/**
 * Values that are known when compiling: constants, and what pure ops compute from them. Used by importers for shape
 * arithmetic and by constant folding; the semantics are those of the interpreter.
 */
import { evaluateOp } from './interpreter/evaluateOp';
import { InferenceError } from './opDefinition';
import type { EvaluationContext, RuntimeValue } from './interpreter/runtimeValue';
import { irMessages } from './messages';
import type { Operation, Value } from './operation';
import { StrataError } from '../base/diagnostics';
import { elementCount, isShaped } from './types';

/** Where blobs come from; a `ResourceStore` is one. */
export interface BlobSource {
  has(key: string): boolean;
  get(key: string): Uint8Array;
}

/** Evaluates one op whose operands `get` knows. Ops with calls are refused. */
export function evaluateAlone(
  op: Operation,
  get: (value: Value) => RuntimeValue,
  blobs: BlobSource | undefined,
): readonly RuntimeValue[] {
  const refuse = (): never => {
    throw irMessages.error('STR0124', { op: op.name, problem: 'it does not stand alone' });
  };
  const context: EvaluationContext = {
    get,
    resource: (key) => {
      if (blobs === undefined) throw irMessages.error('STR0123', { name: key });
      return blobs.get(key);
    },
    runRegion: refuse,
    call: refuse,
    global: refuse,
  };
  return evaluateOp(op, context);
}

/** Longer chains of ops are not followed. */
const maximumDepth = 1000;

export class ConstantFolder {
  readonly #known = new WeakMap<Value, RuntimeValue | null>();
  #depth = 0;
  /** Called with each value that turns out to be unknown, those it comes from first. */
  onUnknown: ((value: Value) => void) | undefined;

  /**
   * Values with more than `limit` elements count as unknown. `expand` may give other values for the results of an op
   * that is known although its operands are not (the sizes of a tensor); they are read through `use` before it returns.
   */
  constructor(
    readonly blobs: BlobSource | undefined,
    readonly limit: number,
    readonly expand?: (
      op: Operation,
      folder: ConstantFolder,
      use: (results: readonly Value[]) => void,
    ) => void,
  ) {}

  /** The run-time value, when it is known; the ops it comes from are evaluated once. */
  valueOf(value: Value): RuntimeValue | undefined {
    const known = this.#known.get(value);
    if (known === undefined && this.#depth < maximumDepth) {
      this.#depth++;
      try {
        this.#known.set(value, this.#evaluate(value) ?? null);
      } finally {
        this.#depth--;
      }
    }
    const found = this.#known.get(value) ?? undefined;
    if (found === undefined) this.onUnknown?.(value);
    return found;
  }

  #evaluate(value: Value): RuntimeValue | undefined {
    const op = value.definingOp;
    if (op === undefined || op.regions.length > 0 || !this.#fits(value)) return undefined;
    const { definition } = op;
    if (definition?.canEvaluate !== true || !definition.traits.has('pure')) return undefined;
    if (op.operandCount === 0 && !definition.traits.has('constantLike') && op.results.length === 0)
      return undefined;
    const operands = new Map<Value, RuntimeValue>();
    for (const v of op.operands) {
      const x = this.valueOf(v);
      if (x === undefined) return this.#expanded(op, value);
      operands.set(v, x);
    }
    const resource = op.attr('value');
    if (resource?.kind === 'dense_resource' && this.blobs?.has(resource.key) !== true) return undefined;
    try {
      const results = evaluateAlone(op, (v) => operands.get(v)!, this.blobs);
      op.results.forEach((r, i) => this.#known.set(r, results[i]!));
      return results[value.kind === 'result' ? value.index : 0];
    } catch (error) {
      // What cannot be computed now is left for the run to report.
      if (error instanceof StrataError || error instanceof InferenceError || error instanceof RangeError)
        return undefined;
      throw error;
    }
  }
  #expanded(op: Operation, value: Value): RuntimeValue | undefined {
    let found: RuntimeValue | undefined;
    this.expand?.(op, this, (results) => {
      const same = results[value.kind === 'result' ? value.index : 0];
      if (same !== undefined && same !== value) found = this.valueOf(same);
    });
    return found;
  }
  #fits(value: Value): boolean {
    if (!isShaped(value.type)) return value.type.kind !== 'unranked_tensor';
    const count = elementCount(value.type.shape);
    return count !== undefined && count <= this.limit;
  }
}
