/**
 * What a target makes of the planned host function: entry points as lists of kernel launches over bound buffers, and
 * the constants they read. Plain data; the driver packages it.
 */

export type BufferAccess = 'read' | 'write' | 'readwrite';

/** A buffer of a launch, in the order of the kernel's parameters. Offsets and lengths are in bytes. */
export type TargetBinding = { readonly access: BufferAccess; readonly length: number } & (
  | {
      readonly space: 'input' | 'output' | 'constant';
      /** Which one. */ readonly index: number;
      /** Where the buffer begins in it. */ readonly offset: number;
    }
  | { readonly space: 'arena'; readonly offset: number }
);

export interface TargetStep {
  /** What it computes, for people: the dispatch's name. */
  readonly name: string;
  /** C symbol of the kernel. */
  readonly symbol: string;
  /** Units of the parallel range, at least 1. */
  readonly extent: number;
  /** Smallest sub-range worth giving to a thread, in units. */
  readonly grain: number;
  readonly bindings: readonly TargetBinding[];
  readonly flops: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Private memory of each thread, in bytes. */
  readonly scratchBytes: number;
  /** Names of the model nodes that it came from, in graph order. */
  readonly origins: readonly string[];
  /** The schedule attribute as IR text; empty when there is none. */
  readonly schedule: string;
  /** Why more ops were not fused into it, a reason a line; empty when nothing was refused. */
  readonly refused: string;
  readonly predictedNs: number | undefined;
}

export interface TargetTensor {
  readonly name: string;
  /** Text of the element type: `f32`, `i64`, `i1`. */
  readonly element: string;
  readonly shape: readonly number[];
  readonly bytes: number;
}

export interface TargetEntryPoint {
  readonly name: string;
  readonly inputs: readonly TargetTensor[];
  readonly outputs: readonly TargetTensor[];
  readonly arenaBytes: number;
  /** In order of execution. */
  readonly steps: readonly TargetStep[];
}

/** A parameter: a named blob of the resource store, or a few bytes that were in the IR. Little-endian, row-major. */
export type TargetConstant = TargetTensor &
  (
    | { readonly resource: string; readonly data?: undefined }
    | { readonly resource?: undefined; readonly data: Uint8Array }
  );

/** A function of the model that has an entry point for each of several sizes of its symbolic dimensions. */
export interface TargetFunction {
  readonly name: string;
  /** With names for symbolic dimensions. */
  readonly inputs: readonly (Pick<TargetTensor, 'name' | 'element'> & {
    readonly shape: readonly (number | string)[];
  })[];
  /** Sizes in the order in which their symbols first appear in `inputs`. */
  readonly variants: readonly { readonly entry: string; readonly sizes: Readonly<Record<string, number>> }[];
}

export interface TargetProgram {
  readonly entryPoints: readonly TargetEntryPoint[];
  readonly functions: readonly TargetFunction[];
  readonly constants: readonly TargetConstant[];
}
