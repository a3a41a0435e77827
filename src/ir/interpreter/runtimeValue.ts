/**
 * Values that the interpreter computes with. Scalars: `number` for floats, integers up to 32 bits and index;
 * `bigint` for 64-bit integers; i1 is 0 or 1. Shaped values own or view typed arrays in row-major order.
 */
import type { Block, Operation, Region, Value } from '../operation';
import type { Type } from '../types';

export type Scalar = number | bigint;

/** Storage of elements. f16, bf16 and narrower floats are kept as f32 values, rounded at each store. */
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
/** A view of a buffer: element (i, j, …) is `buffer[offset + Σ i·stride]`. */
export interface MemRefValue {
  readonly kind: 'memref';
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  /** In elements. */
  readonly offset: number;
  readonly element: Type;
  /** Shared bytes below `data`, so that views of other element types alias. */
  readonly data: ElementArray;
}
export type RuntimeValue = Scalar | TensorValue | VectorValue | MemRefValue;

/** What `evaluate` of an op may use. */
export interface EvaluationContext {
  /** Value of an operand (or of any visible value). */
  get(value: Value): RuntimeValue;
  /** Runs a one-block region and returns what its terminator was given, and the terminator. */
  runRegion(region: Region, args: readonly RuntimeValue[]): { readonly values: readonly RuntimeValue[]; readonly terminator: Operation };
  /** Calls a function of the module by symbol. */
  call(symbol: string, args: readonly RuntimeValue[]): readonly RuntimeValue[];
  /** Little-endian bytes of a named blob. */
  resource(key: string): Uint8Array;
  /** A module-level buffer (`memref.global`), made on first use. */
  global(symbol: string): RuntimeValue;
  /** Runs a block of a control-flow region; used by ops with several blocks. */
  runBlock(block: Block, args: readonly RuntimeValue[]): { readonly values: readonly RuntimeValue[]; readonly terminator: Operation };
}
