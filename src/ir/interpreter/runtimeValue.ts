/**
 * Values that the interpreter computes with, and what the semantics of ops are given. Scalars: `number` for floats,
 * integers up to 32 bits and index; `bigint` for integers of 33 to 64 bits; i1 is 0 or 1; signless integers are kept
 * in their signed range. Shaped values own or view typed arrays in row-major order.
 */
import type { Operation, Region, Value } from '../operation';
import type { Type } from '../types';

export type Scalar = number | bigint;

/** Storage of elements. f16, bf16 and narrower floats are kept as f32 values, index as f64 values. */
export type ElementArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** A tensor value: immutable by convention; an op that writes makes a new one. */
export interface TensorValue {
  readonly kind: 'tensor';
  readonly shape: readonly number[];
  readonly element: Type;
  readonly data: ElementArray;
}
/** A vector value. */
export interface VectorValue {
  readonly kind: 'vector';
  readonly shape: readonly number[];
  readonly element: Type;
  readonly data: ElementArray;
}
/** A view of a buffer: element (i, j, …) is `data[offset + i·strides[0] + j·strides[1] + …]`. */
export interface MemRefValue {
  readonly kind: 'memref';
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  /** In elements. */
  readonly offset: number;
  readonly element: Type;
  /** Views of other element types over the same `ArrayBuffer` alias. */
  readonly data: ElementArray;
}
export type ShapedValue = TensorValue | VectorValue | MemRefValue;
export type RuntimeValue = Scalar | ShapedValue;

/** What `evaluate` of an op may use. */
export interface EvaluationContext {
  /** Value of an operand (or of any visible value). */
  get(value: Value): RuntimeValue;
  /**
   * Runs a region from its entry block until a terminator without successors; returns what that was given, and the
   * terminator.
   */
  runRegion(
    region: Region,
    args: readonly RuntimeValue[],
  ): { readonly values: readonly RuntimeValue[]; readonly terminator: Operation };
  /** Calls a function of the module by symbol. */
  call(symbol: string, args: readonly RuntimeValue[]): readonly RuntimeValue[];
  /** Little-endian bytes of a named blob. */
  resource(key: string): Uint8Array;
  /** A module-level buffer (`memref.global`), made on first use. */
  global(symbol: string): RuntimeValue;
}

/** Where a terminator with successors goes: their index, and the arguments of that block. */
export interface Branch {
  readonly successor: number;
  readonly args: readonly RuntimeValue[];
}

/** The values of one function call; a value's place is its slot. */
export type Frame = RuntimeValue[];
/** One op, resolved: reads and writes slots. */
export type Step = (frame: Frame, context: EvaluationContext) => void;

/** A region of one block, resolved. */
export interface RegionCode {
  /** Slots of the block's arguments: write them, then `run`. */
  readonly args: readonly number[];
  run(frame: Frame, context: EvaluationContext): void;
  readonly terminator: Operation;
  /** Slots of the terminator's operands: read them after `run`. */
  readonly yields: readonly number[];
}
/** What `compile` of an op may use. */
export interface StepCompiler {
  slot(value: Value): number;
  region(region: Region): RegionCode;
  /** The step of an op in a region that the compiled op runs by itself. */
  step(op: Operation): Step;
}

/**
 * An elementwise op on one element. `apply` gets one scalar per operand and returns the result already rounded or
 * wrapped to its type. `loop`, where given, computes `out[i]` for `from <= i < to` with the same meaning; it may
 * leave rounding to the store into `out`, which has the storage type of the result.
 */
export interface ScalarKernel {
  readonly apply: ScalarFunction;
  readonly loop?: ElementLoop;
}
// The scalars of one op have types that its operand types decide; `number` for most.
export type ScalarFunction = (a: never, b: never, c: never) => Scalar;
export type ElementLoop = (
  out: Float64Array,
  from: number,
  to: number,
  a: Float64Array,
  b: Float64Array,
  c: Float64Array,
) => void;
