/**
 * What an artifact holds, as plain data. The compiler produces it, `writeArtifact` packages it, `readArtifact` gives it
 * back, and the native runner reads the same facts from `program.bin`.
 */
import type { Architecture } from './cpuFeatures';
import type { BindingAccess, BufferSpace, ElementType } from './format';

export type { Architecture, BindingAccess, BufferSpace, ElementType };

export interface TensorSignature {
  readonly name: string;
  readonly elementType: ElementType;
  /** Extents; a string is a symbolic dimension, equal wherever it appears within the entry point. Row-major, dense. */
  readonly shape: readonly (number | string)[];
}

/** A buffer that a dispatch is given, in the order of `strata_kernel_state.bindings`. */
export type Binding = { readonly access: BindingAccess } & (
  | { readonly space: 'input' | 'output'; readonly index: number }
  | { readonly space: 'arena'; /** bytes */ readonly offset: number; /** bytes */ readonly length: number }
  | { readonly space: 'constant'; readonly index: number }
);

/** One kernel launch. Its index in `EntryPoint.steps` is its order of execution and its number in traces. */
export interface DispatchStep {
  readonly name: string;
  /** The C function in the kernel library; see `strata_kernel.h`. */
  readonly symbol: string;
  /** Index into `ArtifactContents.kernelLibraries`. */
  readonly kernelLibrary: number;
  /** Units of the parallel range, ≥ 1. Threads are given disjoint sub-ranges of [0, extent). */
  readonly extent: number;
  /** Smallest sub-range worth giving to a thread, in units, ≥ 1. */
  readonly grain: number;
  readonly bindings: readonly Binding[];
  /** Work of one execution. */
  readonly flops: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Private scratch memory of each thread, bytes; 0 when left out. */
  readonly scratchBytes?: number;
  /** Names of the model nodes that it came from. */
  readonly origins: readonly string[];
  /** The schedule attribute as IR text; empty for the default schedule. */
  readonly schedule: string;
  /** Why more ops were not fused into it, a reason a line; empty when nothing was refused. */
  readonly refused: string;
  /** The cost model's estimate. */
  readonly predictedNs?: number;
}

/** One program over the shared constants, such as `prefill` and `decode`. */
export interface EntryPoint {
  readonly name: string;
  readonly inputs: readonly TensorSignature[];
  readonly outputs: readonly TensorSignature[];
  readonly arenaBytes: number;
  readonly steps: readonly DispatchStep[];
}

/** An entry point of a function, and the sizes that it is for, in the order of the function's symbols. */
export interface Variant {
  readonly entry: string;
  readonly sizes: readonly number[];
}

/**
 * A function of the model that has an entry point for each of several sizes. Which one runs is decided by the shapes of
 * the inputs: they are what guards it.
 */
export interface SizedFunction {
  readonly name: string;
  /** With symbolic dimensions, whose order is that of `symbolsOf`. */
  readonly inputs: readonly TensorSignature[];
  /** At least one, in the order in which they were asked for; no two have the same sizes. */
  readonly variants: readonly Variant[];
}

/** A range of a parameter file; `path` is absolute or relative to the folder of the artifact. */
export interface ExternalRange {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

/**
 * A parameter. Embedded bytes are aligned to 64 in memory; an external range is only as aligned as its offset.
 */
export type Constant = { readonly name: string } & (
  { readonly bytes: Uint8Array } | { readonly external: ExternalRange }
);

export interface KernelLibrary {
  /** A shared library. */
  readonly bytes: Uint8Array;
  /** The C that it was compiled from. */
  readonly source: string;
  /** Features that must be present before it may be loaded; names of `cpuFeatures`. */
  readonly cpuFeatures: readonly string[];
}

/** The IR after one pass, in order; `pass` becomes part of a file name. */
export interface IrText {
  readonly pass: string;
  readonly text: string;
}

export interface Target {
  /** Name of the target in the compiler, such as `cpu`. */
  readonly name: string;
  readonly architecture: Architecture;
}

/** An input or output of a host model. Sizes that are known only at run time are names. */
export interface HostSignature {
  readonly name: string;
  /** Undefined for what is no tensor. */
  readonly tensor: Pick<TensorSignature, 'elementType' | 'shape'> | undefined;
}

/** An ONNX file beside the artifact, and by what it is recognised: its size, and its time of change or its bytes. */
export interface HostFile {
  readonly path: string;
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modified: number;
  readonly sha256: string;
}

/**
 * A model whose shapes depend on values, or whose sizes are not given: its own graph is the host program, which the
 * driver runs. It gathers nodes into functions of known sizes; those that could be known in advance are entry points.
 */
export interface HostModel {
  /** The ONNX file, or where it lies. */
  readonly model: { readonly bytes: Uint8Array } | HostFile;
  readonly inputs: readonly HostSignature[];
  readonly outputs: readonly HostSignature[];
  /** Entry points by the keys that the host program has for its functions. */
  readonly stages: readonly { readonly entry: string; readonly key: string }[];
  /** How further functions are compiled. */
  readonly cpuLevel: string;
  readonly optLevel: number;
}

/** The entry points as code for one set of CPU features. */
export interface ProgramContents {
  readonly entryPoints: readonly EntryPoint[];
  /** Functions of which several entry points are; the other entry points stand for themselves. */
  readonly functions: readonly SizedFunction[];
  readonly constants: readonly Constant[];
  readonly kernelLibraries: readonly KernelLibrary[];
  readonly irTexts: readonly IrText[];
}

export interface ArtifactContents extends ProgramContents {
  /** Who wrote it: `strata 0.1.0`. */
  readonly producer: string;
  /** File name of the model, for people. */
  readonly model: string;
  readonly target: Target;
  /**
   * The same entry points for machines that lack a feature which the program itself requires, in the order in which the
   * runner tries them. Bytes that several programs share are stored once.
   */
  readonly fallbacks: readonly ProgramContents[];
  /** Present where a host program runs the entry points. */
  readonly host?: HostModel;
}

/**
 * The symbolic dimensions of an entry point in order of first appearance in its inputs: the order of
 * `strata_kernel_state.dims`.
 */
export function symbolsOf(entry: Pick<EntryPoint, 'inputs'>): readonly string[] {
  const symbols = new Set<string>();
  for (const { shape } of entry.inputs)
    for (const dim of shape) if (typeof dim === 'string') symbols.add(dim);
  return [...symbols];
}

/** Every CPU feature that some kernel library needs, sorted. */
export const requiredCpuFeatures = (contents: {
  readonly kernelLibraries: readonly Pick<KernelLibrary, 'cpuFeatures'>[];
}): readonly string[] =>
  [...new Set(contents.kernelLibraries.flatMap((library) => library.cpuFeatures))].sort();
