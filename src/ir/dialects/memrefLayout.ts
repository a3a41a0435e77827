/** Strides and offsets of memref types: what views, lowering and the C target compute addresses from. */
import { linearForm } from '../affine';
import { stridedLayout } from '../attributes';
import type { MemRefType } from '../types';
import { DYNAMIC, memref } from '../types';
import type { MixedIndex } from './mixedIndices';

/** A number of elements; undefined when it is known only at run time. */
export type Known = number | undefined;
export interface Layout {
  readonly strides: readonly Known[];
  readonly offset: Known;
}

const product = (a: Known, b: Known): Known =>
  a === 0 || b === 0 ? 0 : a === undefined || b === undefined ? undefined : a * b;
const sum = (a: Known, b: Known): Known => (a === undefined || b === undefined ? undefined : a + b);
const known = (n: number): Known => (n === DYNAMIC ? undefined : n);

/** Strides of a dense row-major shape. */
export function rowMajorStrides(shape: readonly number[]): Known[] {
  const strides: Known[] = new Array<Known>(shape.length).fill(1);
  for (let d = shape.length - 2; d >= 0; d--) {
    const size = known(shape[d + 1]!);
    const next = strides[d + 1];
    strides[d] = size === undefined || next === undefined ? undefined : size * next;
  }
  return strides;
}

/** Undefined when the layout is no strided one (tiled maps). */
export function layoutOf(type: MemRefType): Layout | undefined {
  const { layout, shape } = type;
  if (layout === undefined) return { strides: rowMajorStrides(shape), offset: 0 };
  if (layout.kind === 'strided') return { strides: layout.strides.map(known), offset: known(layout.offset) };
  if (layout.kind !== 'affine_map') return undefined;
  if (layout.map.isIdentity) return { strides: rowMajorStrides(shape), offset: 0 };
  const [only, ...more] = layout.map.results;
  const form = only === undefined || more.length > 0 ? undefined : linearForm(only, layout.map.numDims);
  return form === undefined ? undefined : { strides: form.coefficients, offset: form.constant };
}

/** The type with a layout; a dense row-major one is left out, as MLIR canonicalises it only where it began so. */
export function withLayout(
  type: MemRefType,
  shape: readonly number[],
  layout: Layout,
  keepText = false,
): MemRefType {
  const dense = rowMajorStrides(shape);
  const plain = layout.offset === 0 && layout.strides.every((s, d) => s !== undefined && s === dense[d]);
  if (plain && !keepText) return memref(shape, type.element, undefined, type.memorySpace);
  const text = (n: Known): number => n ?? DYNAMIC;
  return memref(
    shape,
    type.element,
    stridedLayout(layout.strides.map(text), text(layout.offset)),
    type.memorySpace,
  );
}

/** Whether elements lie in row-major order without gaps (the offset may be anything). */
export function isContiguous(type: MemRefType): boolean {
  const layout = layoutOf(type);
  const dense = rowMajorStrides(type.shape);
  return (
    layout !== undefined &&
    layout.strides.every((s, d) => type.shape[d] === 1 || (s !== undefined && s === dense[d]))
  );
}

export interface Slice {
  readonly offsets: readonly MixedIndex[];
  readonly sizes: readonly MixedIndex[];
  readonly strides: readonly MixedIndex[];
}

/** What memref.subview gives for a slice, of the source's rank; undefined without a strided layout. */
export function subviewType(source: MemRefType, slice: Slice): MemRefType | undefined {
  const layout = layoutOf(source);
  if (layout === undefined) return undefined;
  const fixed = (x: MixedIndex): Known => (typeof x === 'number' ? x : undefined);
  const shape = slice.sizes.map((s) => fixed(s) ?? DYNAMIC);
  const strides = layout.strides.map((s, d) => product(s, fixed(slice.strides[d]!)));
  const offset = slice.offsets.reduce<Known>(
    (at, o, d) => sum(at, product(fixed(o), layout.strides[d])),
    layout.offset,
  );
  return withLayout(source, shape, { strides, offset }, true);
}

/** `type` without the dims that are not in `kept`. */
export function dropDims(type: MemRefType, kept: readonly number[]): MemRefType {
  const layout = layoutOf(type)!;
  return withLayout(
    type,
    kept.map((d) => type.shape[d]!),
    { strides: kept.map((d) => layout.strides[d]), offset: layout.offset },
    true,
  );
}

/** Which source dims stay when unit dims are dropped to reach `shape`; undefined when that cannot be. */
export function keptDims(full: readonly number[], shape: readonly number[]): readonly number[] | undefined {
  const kept: number[] = [];
  let next = 0;
  full.forEach((size, d) => {
    const remaining = full.length - d;
    if (next < shape.length && size === shape[next] && (size !== 1 || remaining >= shape.length - next)) {
      kept.push(d);
      next++;
    } else if (size !== 1) next = NaN;
  });
  return next === shape.length ? kept : undefined;
}
