/** What a reference model is. Each family lives in a file of its own; `referenceModels.ts` lists them. */
import type { Dimension, OnnxGraphBuilder } from './onnxGraphBuilder';

export interface BuildOptions {
  /** A size, or a symbol such as `N` for a batch that is known when the model runs. Default 1. */
  readonly batch?: Dimension;
  /** Default 0. The same seed gives the same bytes. */
  readonly seed?: number;
  /** Multiplies the channels, where the architecture is published with such a factor. Default 1. */
  readonly width?: number;
  /** Height and width of the input image; the published one by default. */
  readonly resolution?: number;
}

/** A size of the model's symbolic dimensions at which it is run, compared and measured: prefill, decode. */
export interface Workload {
  readonly name: string;
  /** Sizes by the names of the dimensions. */
  readonly dims: Readonly<Record<string, number>>;
}

export interface ReferenceModel {
  readonly name: string;
  readonly summary: string;
  /** Trained parameters at the default options (without the running statistics of batch normalisation). */
  readonly parameters: number;
  /** Made for tests, not published: it says nothing about speed. */
  readonly forTests?: true;
  /** Which of `width` and `resolution` the architecture has. */
  readonly variable: readonly ('width' | 'resolution')[];
  /** What to run. A model without symbolic dimensions has one workload, `main`. */
  readonly workloads: readonly Workload[];
  /** Largest relative error beside ONNX Runtime; above that of floats where results are rounded to 8 bits. */
  readonly tolerance: number;
  /** The graph; weights are drawn when it is written. */
  readonly graph: (options?: BuildOptions) => OnnxGraphBuilder;
}

/** What most models have: one workload, and results that differ by rounding of floats alone. */
export const plainRun = { workloads: [{ name: 'main', dims: {} }], tolerance: 1e-4 } as const;
/** Results of quantised models may differ by a step where a sum falls between two. */
export const quantisedRun = { workloads: plainRun.workloads, tolerance: 2e-2 } as const;
