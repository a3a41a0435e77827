/** What a reference model is. Each lives in a file of its own; `referenceModels.ts` lists them. */
import type { ElementType } from '../elementType';
import type { Dimension } from './onnxGraphBuilder';

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

export interface TensorSignature {
  readonly name: string;
  readonly elementType: ElementType;
  readonly shape: readonly Dimension[];
}

export interface ReferenceModel {
  readonly name: string;
  readonly summary: string;
  /** Trained parameters at the default options (without the running statistics of batch normalisation). */
  readonly parameters: number;
  readonly inputs: (options?: BuildOptions) => readonly TensorSignature[];
  readonly outputs: (options?: BuildOptions) => readonly TensorSignature[];
  /** Which of `width` and `resolution` the architecture has. */
  readonly variable: readonly ('width' | 'resolution')[];
  /** The bytes of the `.onnx` file. */
  readonly build: (options?: BuildOptions) => Uint8Array;
}

/** Signatures of an image classifier: `input` N x 3 x R x R to `output` N x classes. */
export const classifierSignatures = (
  resolution: number,
  classes: number,
): Pick<ReferenceModel, 'inputs' | 'outputs'> => ({
  inputs: (options) => {
    const size = options?.resolution ?? resolution;
    return [{ name: 'input', elementType: 'f32', shape: [options?.batch ?? 1, 3, size, size] }];
  },
  outputs: (options) => [{ name: 'output', elementType: 'f32', shape: [options?.batch ?? 1, classes] }],
});
