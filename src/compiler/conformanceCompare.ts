/** Whether a computed value is the expected one, as the ONNX backend suite compares: what differs first, in words. */
import type { ElementType, HostTensor } from '../frontend/elementType';
import { elementCountOf, elementTypeInfo } from '../frontend/elementType';
import { unpackElements } from '../frontend/packedElements';
import { decodeElements } from '../ir/elements';
import { elementTypeOfOnnx } from '../ir/dialects/onnx';
import type { Tolerance } from './conformanceCases';
import type { HostValue } from './hostValue';

/** Undefined when `found` agrees with `expected`. Element type and shape always count. */
export function differenceOf(
  found: HostValue | undefined,
  expected: HostValue,
  tolerance: Tolerance,
): string | undefined {
  if (found === undefined) return 'it is missing';
  if (expected.kind === 'optional' || found.kind === 'optional') {
    // An optional that holds a value is compared as the value.
    const [f, e] = [contentOf(found), contentOf(expected)];
    if (f === undefined || e === undefined) return f === e ? undefined : 'one of the two is empty';
    return differenceOf(f, e, tolerance);
  }
  if (found.kind === 'sequence' || expected.kind === 'sequence') {
    if (found.kind !== 'sequence' || expected.kind !== 'sequence')
      return `it is a ${found.kind}, expected a ${expected.kind}`;
    if (found.elements.length !== expected.elements.length)
      return `it has ${found.elements.length} elements, expected ${expected.elements.length}`;
    for (const [i, e] of expected.elements.entries()) {
      const difference = differenceOf(found.elements[i], e, tolerance);
      if (difference !== undefined) return `element ${i}: ${difference}`;
    }
    return undefined;
  }
  return tensorDifference(found.tensor, expected.tensor, tolerance);
}
const contentOf = (v: HostValue): HostValue | undefined =>
  v.kind !== 'optional' ? v : v.value === undefined ? undefined : contentOf(v.value);

const shapeText = (t: HostTensor): string => `${t.elementType}[${t.shape.join(', ')}]`;

function tensorDifference(found: HostTensor, expected: HostTensor, tolerance: Tolerance): string | undefined {
  if (
    found.elementType !== expected.elementType ||
    found.shape.length !== expected.shape.length ||
    found.shape.some((d, i) => d !== expected.shape[i])
  )
    return `it is ${shapeText(found)}, expected ${shapeText(expected)}`;
  const { kind } = elementTypeInfo(expected.elementType);
  const [a, b] = [scalarsOf(found), scalarsOf(expected)];
  const isFloat = kind === 'float' || kind === 'complex';
  const wrong = b.findIndex((e, i) => !(isFloat ? isClose(Number(a[i]), Number(e), tolerance) : a[i] === e));
  if (wrong < 0) return undefined;
  const count = b.filter((e, i) =>
    isFloat ? !isClose(Number(a[i]), Number(e), tolerance) : a[i] !== e,
  ).length;
  return `${count} of ${b.length} elements differ; element ${wrong} is ${a[wrong]}, expected ${b[wrong]}`;
}

/** As NumPy's `assert_allclose`: NaN equals NaN, infinities equal themselves. */
function isClose(a: number, b: number, { rtol, atol }: Tolerance): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b);
  if (!Number.isFinite(a) || !Number.isFinite(b)) return a === b;
  return Math.abs(a - b) <= atol + rtol * Math.abs(b);
}

function scalarsOf(t: HostTensor): readonly (number | bigint | string)[] {
  if (t.strings !== undefined) return t.strings;
  const { bits, kind, onnx } = elementTypeInfo(t.elementType);
  if (kind === 'complex') return decodeElements(partOf(t.elementType), t.bytes);
  const bytes =
    bits < 8 ? unpackElements(t.bytes, bits, elementCountOf(t.shape), kind === 'signed') : t.bytes;
  return decodeElements(elementTypeOfOnnx(onnx)!, bytes);
}
/** The type of the real and the imaginary part. */
const partOf = (type: ElementType) =>
  elementTypeOfOnnx(elementTypeInfo(type === 'c64' ? 'f32' : 'f64').onnx)!;
