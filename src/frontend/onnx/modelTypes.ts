/** Types of ONNX values as the IR writes them, with symbolic sizes bound or kept by name. */
import { elementTypeOfOnnx } from '../../ir/dialects/onnx';
import type { TensorType, Type } from '../../ir/types';
import { DYNAMIC, tensor, unrankedTensor } from '../../ir/types';
import type { DimensionProto, TypeProto } from './proto/onnxProto';

/** Sizes of symbolic dimensions. */
export type BoundDims = Readonly<Record<string, number>>;

export interface DeclaredType {
  readonly type: Type;
  /** Per axis: its symbol, or undefined where the size is known or has no name. */
  readonly symbols: readonly (string | undefined)[];
}

/** The type of a tensor value, unranked without a shape; undefined for other values and unknown elements. */
export function declaredType(proto: TypeProto | undefined, dims: BoundDims): DeclaredType | undefined {
  const t = proto?.tensorType;
  const element = t === undefined ? undefined : elementTypeOfOnnx(t.elemType);
  if (t === undefined || element === undefined) return undefined;
  if (t.shape === undefined) return { type: unrankedTensor(element), symbols: [] };
  return {
    type: tensor(
      t.shape.dim.map((d) => sizeOf(d, dims)),
      element,
    ),
    symbols: t.shape.dim.map((d) =>
      sizeOf(d, dims) === DYNAMIC && d.dimParam !== '' ? d.dimParam : undefined,
    ),
  };
}

function sizeOf(d: DimensionProto, dims: BoundDims): number {
  if (d.dimValue !== undefined) return d.dimValue < 0 ? DYNAMIC : d.dimValue;
  return (d.dimParam === undefined ? undefined : dims[d.dimParam]) ?? DYNAMIC;
}

/** Whether a declared type does not say more than a computed one can be. */
export const agrees = (declared: Type, computed: Type): boolean => {
  if (declared === computed || computed.kind === 'unranked_tensor') return true;
  if (computed.kind !== 'tensor') return false;
  if (declared.kind === 'unranked_tensor') return declared.element === computed.element;
  return declared.kind === 'tensor' && declared.element === computed.element && sameSizes(declared, computed);
};
const sameSizes = (a: TensorType, b: TensorType): boolean =>
  a.shape.length === b.shape.length &&
  a.shape.every((d, i) => d === b.shape[i] || d === DYNAMIC || b.shape[i] === DYNAMIC);

export const describeProto = (proto: TypeProto | undefined): string => {
  if (proto === undefined) return 'no type';
  if (proto.tensorType !== undefined) return `tensor of element type number ${proto.tensorType.elemType}`;
  if (proto.sequenceType !== undefined) return 'sequence';
  if (proto.optionalType !== undefined) return 'optional';
  return proto.mapType !== undefined
    ? 'map'
    : proto.sparseTensorType !== undefined
      ? 'sparse tensor'
      : 'opaque';
};
