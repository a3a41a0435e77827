/** Constants of the graph stage: reading their elements, and making new ones that stay outside the text. */
import type { Attribute, Builder, Operation, ResourceStore, Value } from '../../ir';
import { decodeElements, denseBytes, denseResource } from '../../ir';
import { ConstantFolder } from '../../ir/constantFolding';
import { constant } from '../../ir/dialects/arith';
import type { TensorValue } from '../../ir/interpreter/runtimeValue';
import { tensorToBytes } from '../../ir/interpreter/tensor';
import { elementCount, tensor } from '../../ir/types';

/** The `arith.constant` that makes `value`. */
export const constantOp = (value: Value | undefined): Operation | undefined =>
  constant.is(value?.definingOp) ? value?.definingOp : undefined;

/** The elements of a constant tensor; a splat as large as it is. */
export function constantElements(
  value: Value | undefined,
  resources: ResourceStore,
): TensorValue | undefined {
  if (value === undefined || constantOp(value) === undefined) return undefined;
  const v = new ConstantFolder(resources, Infinity).valueOf(value);
  return typeof v === 'object' && v.kind === 'tensor' ? v : undefined;
}

/** The elements of a value that depends on constants alone. */
export function knownElements(value: Value, resources: ResourceStore): TensorValue | undefined {
  const v = new ConstantFolder(resources, Infinity).valueOf(value);
  return typeof v === 'object' && v.kind === 'tensor' ? v : undefined;
}

/** The number that all elements of a constant are; undefined for others and for blobs. */
export function splatNumber(value: Value | undefined): number | undefined {
  const a: Attribute | undefined = constantOp(value)?.attr('value');
  if (a?.kind !== 'dense') return undefined;
  if (!a.splat && elementCount(a.type.shape) !== 1) return undefined;
  if (a.type.element.kind !== 'float' && a.type.element.kind !== 'integer') return undefined;
  return Number(decodeElements(a.type.element, a.bytes)[0]);
}

/** What a blob that is computed from `value` is called after. */
export function blobName(value: Value | undefined, fallback: string): string {
  const a = constantOp(value)?.attr('value');
  return a?.kind === 'dense_resource' ? a.key : fallback;
}

/** Shapes, axes and the like, up to this many elements, are kept in the text. Floats are parameters. */
const inlineIntegers = 16;

/**
 * The attribute for `elements`: a splat or a few in the text, more as a blob named `base`. A blob of that name with the
 * same bytes is used again.
 */
export function constantAttribute(elements: TensorValue, resources: ResourceStore, base: string): Attribute {
  const type = tensor(elements.shape, elements.element);
  const bytes = tensorToBytes(elements);
  const count = elements.data.length;
  const size = bytes.length / Math.max(1, count);
  const splat = count > 0 && bytes.every((b, i) => i < size || b === bytes[i - size]);
  if (splat) return denseBytes(type, bytes.slice(0, size), true);
  if (type.element.kind !== 'float' && count <= inlineIntegers) return denseBytes(type, bytes, false);
  const same = resources.has(base) && Buffer.compare(resources.get(base), bytes) === 0;
  return denseResource(same ? base : resources.add(base, bytes), type);
}

/** Builds a constant tensor. */
export const buildConstant = (
  b: Builder,
  elements: TensorValue,
  resources: ResourceStore,
  base: string,
): Value => b.value(constant, { value: constantAttribute(elements, resources, base) });
