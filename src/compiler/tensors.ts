/** Inputs of a run: from files, seeded, in the byte form that the runner and the references take. */
import type { HostTensor } from '../frontend/elementType';
import { elementCountOf, elementTypeInfo } from '../frontend/elementType';
import { packElements, unpackElements } from '../frontend/packedElements';
import { randomTensor } from '../frontend/random';
import { readTensorFile } from '../frontend/tensorFile';
import type { TensorSignature } from '../artifact/contents';
import type { LoadedEntryPoint } from '../runner/runnerRequests';
import { compilerMessages } from './messages';

/** Where an input comes from. */
export type InputSource =
  { readonly kind: 'file'; readonly path: string } | { readonly kind: 'random'; readonly seed: number };

const shapeText = (shape: readonly (number | string)[]): string => `[${shape.join(', ')}]`;

/**
 * The tensor for each input of an entry point. Inputs without a source are seeded with 0; a file must have the
 * type of the signature and a shape that fits it. Symbolic dimensions of random inputs have the sizes of files, or those
 * that `dims` gives, or the first of `sizes` that agrees with them.
 */
export function loadInputs(
  signatures: readonly TensorSignature[],
  sources: ReadonlyMap<string, InputSource>,
  dims: ReadonlyMap<string, number> = new Map(),
  sizes: LoadedEntryPoint['sizes'] = [],
): Record<string, HostTensor> {
  const inputs: Record<string, HostTensor> = {};
  const known = new Map(dims);
  for (const { name, shape } of signatures) {
    const source = sources.get(name);
    if (source?.kind !== 'file') continue;
    const found = readTensorFile(source.path).tensor;
    inputs[name] = found;
    shape.forEach((d, k) => {
      const size = found.shape[k];
      if (typeof d === 'string' && size !== undefined) known.set(d, size);
    });
  }
  const agreeing = sizes.find((s) => Object.entries(s).every(([d, n]) => (known.get(d) ?? n) === n));
  for (const [d, size] of Object.entries(agreeing ?? {})) known.set(d, size);
  for (const signature of signatures) {
    const source = sources.get(signature.name) ?? { kind: 'random', seed: 0 };
    if (source.kind === 'random') {
      const shape = signature.shape.map((d) => (typeof d === 'number' ? d : known.get(d)));
      if (!shape.every((d) => d !== undefined))
        throw compilerMessages.error('STR0594', { input: signature.name });
      inputs[signature.name] = randomTensor(
        source.seed,
        shape,
        hostType(signature.elementType),
        signature.name,
      );
      continue;
    }
    const tensor = inputs[signature.name]!;
    const fits =
      tensor.elementType === hostType(signature.elementType) &&
      tensor.shape.length === signature.shape.length &&
      tensor.shape.every((d, i) => typeof signature.shape[i] === 'string' || signature.shape[i] === d);
    if (!fits) {
      throw compilerMessages.error('STR0593', {
        input: signature.name,
        expected: `${signature.elementType} ${shapeText(signature.shape)}`,
        found: `${tensor.elementType} ${shapeText(tensor.shape)} in ${source.path}`,
      });
    }
  }
  return inputs;
}

/** The host's name of an artifact's element type (i1 is a byte of 0 or 1). */
export const hostType = (t: TensorSignature['elementType']): HostTensor['elementType'] =>
  t === 'i1' ? 'bool' : t;

/** The elements of a tensor with at least a byte for each, as programs take them. */
export function elementBytes({ elementType, shape, bytes }: HostTensor): Uint8Array {
  const { bits, kind } = elementTypeInfo(elementType);
  return bits < 8 ? unpackElements(bytes, bits, elementCountOf(shape), kind === 'signed') : bytes;
}
/** The inverse of `elementBytes`. */
export function hostTensorOf(
  elementType: HostTensor['elementType'],
  shape: readonly number[],
  bytes: Uint8Array,
): HostTensor {
  const { bits } = elementTypeInfo(elementType);
  return { elementType, shape, bytes: bits < 8 ? packElements(bytes, bits) : bytes };
}
