/**
 * A TensorFlow Lite model as plain data, checked: every index leads to something, every constant has as many bytes as its
 * shape says. Fields by number, from the published schema (version 3).
 */
import { readFileSync, statSync } from 'node:fs';
import type { ElementType } from '../elementType';
import { elementCountOf, storageSize } from '../elementType';
import { FlatBufferError, FlatTable } from './flatbuffer';
import { tfliteMessages } from './messages';

/** Numbers of operators in the schema. */
export const operatorCodes = {
  ADD: 0,
  AVERAGE_POOL_2D: 1,
  CONCATENATION: 2,
  CONV_2D: 3,
  DEPTHWISE_CONV_2D: 4,
  DEQUANTIZE: 6,
  FULLY_CONNECTED: 9,
  LOGISTIC: 14,
  MAX_POOL_2D: 17,
  MUL: 18,
  RELU: 19,
  RELU6: 21,
  RESHAPE: 22,
  SOFTMAX: 25,
  TANH: 28,
  PAD: 34,
  TRANSPOSE: 39,
  MEAN: 40,
  SUB: 41,
  SQUEEZE: 43,
  EXPAND_DIMS: 70,
  QUANTIZE: 114,
} as const;
export type OperatorCode = keyof typeof operatorCodes;
const codeNames = new Map<number, OperatorCode>(
  Object.entries(operatorCodes).map(([name, n]) => [n, name as OperatorCode]),
);

const elementTypes: readonly (ElementType | undefined)[] = [
  'f32',
  'f16',
  'i32',
  'u8',
  'i64',
  undefined,
  'bool',
  'i16',
  undefined,
  'i8',
  'f64',
];

export interface Quantization {
  /** One, or one per index of `axis`. */
  readonly scales: readonly number[];
  readonly zeroPoints: readonly number[];
  readonly axis: number;
}
export interface TfliteTensor {
  readonly name: string;
  readonly elementType: ElementType;
  readonly shape: readonly number[];
  readonly quantization: Quantization | undefined;
  /** Of a constant: a view of the file. */
  readonly bytes: Uint8Array | undefined;
}
export interface TfliteOperator {
  /** Undefined for one that is not known here; `title` says what it is. */
  readonly code: OperatorCode | undefined;
  readonly title: string;
  /** Indices of tensors; -1 for one that is left out. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly options: FlatTable | undefined;
}
export interface TfliteModel {
  readonly file: string;
  readonly description: string;
  readonly tensors: readonly TfliteTensor[];
  readonly operators: readonly TfliteOperator[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** The reader holds the file in memory; larger ones are not what the format is for. */
const largestFile = 2 ** 31 - 1;

export function readTflite(
  source: string | { readonly bytes: Uint8Array; readonly name: string },
): TfliteModel {
  const file = typeof source === 'string' ? source : source.name;
  const fail = (problem: string, at = 0, cause?: unknown): Error =>
    tfliteMessages.error('STR0360', { file, problem, at }, { cause });
  let bytes: Uint8Array;
  try {
    if (typeof source === 'string' && statSync(source).size > largestFile)
      throw fail('it takes more than 2 GiB');
    bytes = typeof source === 'string' ? readFileSync(source) : source.bytes;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw code === undefined || !code.startsWith('E') ? error : fail(`it cannot be read (${code})`, 0, error);
  }
  try {
    return modelOf(FlatTable.root(bytes, 'TFL3'), file, fail);
  } catch (error) {
    if (error instanceof FlatBufferError) throw fail(error.problem, error.at, error);
    throw error;
  }
}

function modelOf(root: FlatTable, file: string, fail: (problem: string, at?: number) => Error): TfliteModel {
  const version = root.u32(0);
  if (version !== 3) throw fail(`its schema has version ${version}; 3 is expected`, root.at);
  const subgraphs = root.tables(2);
  if (subgraphs.length !== 1) throw fail(`it has ${subgraphs.length} subgraphs; one is expected`, root.at);
  const [graph] = subgraphs as [FlatTable];
  const codes = root.tables(1).map((t) => Math.max(t.i8(0), t.i32(3)));
  const customs = root.tables(1).map((t) => t.text(1));
  const buffers = root.tables(4);
  const tensors = graph.tables(0).map((t) => tensorOf(t, buffers, fail));
  const indices = (t: FlatTable, field: number, least: number): readonly number[] => {
    const found = t.i32s(field) ?? [];
    const bad = found.find((i) => i < least || i >= tensors.length);
    if (bad !== undefined) throw fail(`there is no tensor ${bad}; there are ${tensors.length}`, t.at);
    return found;
  };
  const operators = graph.tables(3).map((t): TfliteOperator => {
    const index = t.u32(0);
    const number = codes[index];
    if (number === undefined)
      throw fail(`there is no operator code ${index}; there are ${codes.length}`, t.at);
    const code = codeNames.get(number);
    const custom = customs[index] ?? '';
    return {
      code,
      title: code ?? (custom === '' ? `operator number ${number}` : `custom operator ${custom}`),
      inputs: indices(t, 1, -1),
      outputs: indices(t, 2, 0),
      options: t.table(4),
    };
  });
  return {
    file,
    description: root.text(3),
    tensors,
    operators,
    inputs: indices(graph, 1, 0),
    outputs: indices(graph, 2, 0),
  };
}

function tensorOf(
  t: FlatTable,
  buffers: readonly FlatTable[],
  fail: (problem: string, at?: number) => Error,
): TfliteTensor {
  const name = t.text(3);
  const elementType = elementTypes[t.i8(1)];
  if (elementType === undefined) throw fail(`a tensor has elements of type number ${t.i8(1)}`, t.at);
  const shape = t.i32s(0) ?? [];
  const bad = shape.find((d) => d < 0);
  if (bad !== undefined) throw fail(`a tensor has the size ${bad}`, t.at);
  const count = elementCountOf(shape);
  if (!Number.isSafeInteger(count * 16)) throw fail('a tensor has too many elements', t.at);
  const index = t.u32(2);
  const buffer = buffers[index];
  if (buffer === undefined) throw fail(`there is no buffer ${index}; there are ${buffers.length}`, t.at);
  const data = buffer.bytes(0);
  const bytes = data === undefined || data.length === 0 ? undefined : data;
  const size = storageSize(elementType, count);
  if (bytes !== undefined && bytes.length !== size)
    throw fail(`a constant has ${bytes.length} bytes; its shape needs ${size}`, t.at);
  return { name, elementType, shape, bytes, quantization: quantizationOf(t.table(4), shape, fail) };
}

function quantizationOf(
  t: FlatTable | undefined,
  shape: readonly number[],
  fail: (problem: string, at?: number) => Error,
): Quantization | undefined {
  const scales = t?.f32s(2) ?? [];
  if (t === undefined || scales.length === 0) return undefined;
  const zeroPoints = (t.i64s(3) ?? []).map(Number);
  const axis = t.i32(6);
  if (scales.some((s) => !Number.isFinite(s) || s <= 0)) throw fail('a scale is not above 0', t.at);
  if (zeroPoints.length !== 0 && zeroPoints.length !== scales.length)
    throw fail(`${scales.length} scales have ${zeroPoints.length} zero points`, t.at);
  if (scales.length > 1 && scales.length !== shape[axis])
    throw fail(`${scales.length} scales along axis ${axis} of size ${shape[axis] ?? 'none'}`, t.at);
  return { scales, zeroPoints: zeroPoints.length === 0 ? scales.map(() => 0) : zeroPoints, axis };
}
