/**
 * Element types of tensors in model files: their names here, their ONNX numbers and how they are stored. One
 * table for all formats; names are those of the IR's types where it has the type.
 */
export interface ElementTypeInfo {
  /** `TensorProto.DataType`. */
  readonly onnx: number;
  /** As ONNX documents write it. */
  readonly onnxName: string;
  /** Bits of one element in storage; types below 8 bits are packed, first element in the low bits. 0 for strings. */
  readonly bits: number;
  readonly kind: 'float' | 'signed' | 'unsigned' | 'bool' | 'complex' | 'string';
  /** The typed field of a `TensorProto` that may hold such elements instead of raw bytes. */
  readonly field: 'floatData' | 'doubleData' | 'int32Data' | 'int64Data' | 'uint64Data' | 'stringData';
}

export const elementTypes = {
  f32: { onnx: 1, onnxName: 'float', bits: 32, kind: 'float', field: 'floatData' },
  u8: { onnx: 2, onnxName: 'uint8', bits: 8, kind: 'unsigned', field: 'int32Data' },
  i8: { onnx: 3, onnxName: 'int8', bits: 8, kind: 'signed', field: 'int32Data' },
  u16: { onnx: 4, onnxName: 'uint16', bits: 16, kind: 'unsigned', field: 'int32Data' },
  i16: { onnx: 5, onnxName: 'int16', bits: 16, kind: 'signed', field: 'int32Data' },
  i32: { onnx: 6, onnxName: 'int32', bits: 32, kind: 'signed', field: 'int32Data' },
  i64: { onnx: 7, onnxName: 'int64', bits: 64, kind: 'signed', field: 'int64Data' },
  string: { onnx: 8, onnxName: 'string', bits: 0, kind: 'string', field: 'stringData' },
  bool: { onnx: 9, onnxName: 'bool', bits: 8, kind: 'bool', field: 'int32Data' },
  f16: { onnx: 10, onnxName: 'float16', bits: 16, kind: 'float', field: 'int32Data' },
  f64: { onnx: 11, onnxName: 'double', bits: 64, kind: 'float', field: 'doubleData' },
  u32: { onnx: 12, onnxName: 'uint32', bits: 32, kind: 'unsigned', field: 'uint64Data' },
  u64: { onnx: 13, onnxName: 'uint64', bits: 64, kind: 'unsigned', field: 'uint64Data' },
  c64: { onnx: 14, onnxName: 'complex64', bits: 64, kind: 'complex', field: 'floatData' },
  c128: { onnx: 15, onnxName: 'complex128', bits: 128, kind: 'complex', field: 'doubleData' },
  bf16: { onnx: 16, onnxName: 'bfloat16', bits: 16, kind: 'float', field: 'int32Data' },
  f8E4M3FN: { onnx: 17, onnxName: 'float8e4m3fn', bits: 8, kind: 'float', field: 'int32Data' },
  f8E4M3FNUZ: { onnx: 18, onnxName: 'float8e4m3fnuz', bits: 8, kind: 'float', field: 'int32Data' },
  f8E5M2: { onnx: 19, onnxName: 'float8e5m2', bits: 8, kind: 'float', field: 'int32Data' },
  f8E5M2FNUZ: { onnx: 20, onnxName: 'float8e5m2fnuz', bits: 8, kind: 'float', field: 'int32Data' },
  u4: { onnx: 21, onnxName: 'uint4', bits: 4, kind: 'unsigned', field: 'int32Data' },
  i4: { onnx: 22, onnxName: 'int4', bits: 4, kind: 'signed', field: 'int32Data' },
  f4E2M1FN: { onnx: 23, onnxName: 'float4e2m1', bits: 4, kind: 'float', field: 'int32Data' },
  f8E8M0FNU: { onnx: 24, onnxName: 'float8e8m0', bits: 8, kind: 'float', field: 'int32Data' },
  u2: { onnx: 25, onnxName: 'uint2', bits: 2, kind: 'unsigned', field: 'int32Data' },
  i2: { onnx: 26, onnxName: 'int2', bits: 2, kind: 'signed', field: 'int32Data' },
} as const satisfies Record<string, ElementTypeInfo>;

export type ElementType = keyof typeof elementTypes;

const byNumber = new Map<number, ElementType>(
  (Object.entries(elementTypes) as [ElementType, ElementTypeInfo][]).map(([name, info]) => [info.onnx, name]),
);
/** The type with this `TensorProto.DataType`, or undefined. */
export const elementTypeOfOnnx = (number: number): ElementType | undefined => byNumber.get(number);

export const elementTypeInfo = (type: ElementType): ElementTypeInfo => elementTypes[type];

/** Bytes that `count` elements take; packed types round up to whole bytes. Not for strings. */
export const storageSize = (type: ElementType, count: number): number =>
  Math.ceil((count * elementTypes[type].bits) / 8);

/** Product of the sizes; 1 for a scalar. */
export const elementCountOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** A whole tensor in memory: row-major, little endian. Strings are in `strings`, and `bytes` is empty. */
export interface HostTensor {
  readonly elementType: ElementType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
  readonly strings?: readonly string[];
}
