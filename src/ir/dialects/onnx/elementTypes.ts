/** Element types by their ONNX number (`TensorProto.DataType`), as the IR writes them. */
import type { Type } from '../../types';
import { bf16, complex, f16, f32, f64, float, i1, i16, i32, i64, i8, integer } from '../../types';

const types: readonly (Type | undefined)[] = [
  undefined,
  f32,
  integer(8, 'unsigned'),
  i8,
  integer(16, 'unsigned'),
  i16,
  i32,
  i64,
  undefined,
  i1,
  f16,
  f64,
  integer(32, 'unsigned'),
  integer(64, 'unsigned'),
  complex(f32),
  complex(f64),
  bf16,
  float('f8E4M3FN'),
  float('f8E4M3FNUZ'),
  float('f8E5M2'),
  float('f8E5M2FNUZ'),
  integer(4, 'unsigned'),
  integer(4),
  float('f4E2M1FN'),
  float('f8E8M0FNU'),
  integer(2, 'unsigned'),
  integer(2),
];
/** Undefined for strings and unknown numbers. */
export const elementTypeOfOnnx = (number: number): Type | undefined => types[number];
