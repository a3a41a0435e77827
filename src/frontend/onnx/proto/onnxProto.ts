/**
 * The messages of an ONNX file as plain data, and their codecs. Field numbers are those of `onnx-ml.proto`
 * (IR version 14). Training information, device placement and quantisation annotations are skipped.
 * 64-bit integers are `bigint` where a model may use all bits, else numbers that were checked to be exact.
 */
import type { MessageCodec } from './wire';
import {
  byteStrings,
  count,
  counts,
  doubleData,
  floatData,
  floats,
  int32,
  int32Data,
  int64Data,
  int64s,
  messageList,
  optionalBytes,
  optionalCount,
  optionalFloat,
  optionalInt64,
  optionalMessage,
  optionalText,
  text,
  texts,
  uint64Data,
} from './fields';
import { messageCodec } from './wire';

export interface ModelProto {
  readonly irVersion: number;
  readonly opsetImport: readonly OperatorSetIdProto[];
  readonly producerName: string;
  readonly producerVersion: string;
  readonly domain: string;
  readonly modelVersion: number;
  readonly docString: string;
  readonly graph: GraphProto | undefined;
  readonly metadataProps: readonly StringStringEntryProto[];
  readonly functions: readonly FunctionProto[];
}
/** The domain of the standard operators is the empty text or `ai.onnx`. */
export interface OperatorSetIdProto {
  readonly domain: string;
  readonly version: number;
}
export interface StringStringEntryProto {
  readonly key: string;
  readonly value: string;
}
export interface GraphProto {
  readonly node: readonly NodeProto[];
  readonly name: string;
  readonly initializer: readonly TensorProto[];
  readonly sparseInitializer: readonly SparseTensorProto[];
  readonly docString: string;
  readonly input: readonly ValueInfoProto[];
  readonly output: readonly ValueInfoProto[];
  readonly valueInfo: readonly ValueInfoProto[];
  readonly metadataProps: readonly StringStringEntryProto[];
}
export interface NodeProto {
  /** Value names; the empty text stands for an optional input that is not given. */
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly name: string;
  readonly opType: string;
  readonly domain: string;
  readonly overload: string;
  readonly attribute: readonly AttributeProto[];
  readonly docString: string;
  readonly metadataProps: readonly StringStringEntryProto[];
}
/** Values of `AttributeProto.type`. */
export const attributeTypes = {
  UNDEFINED: 0,
  FLOAT: 1,
  INT: 2,
  STRING: 3,
  TENSOR: 4,
  GRAPH: 5,
  FLOATS: 6,
  INTS: 7,
  STRINGS: 8,
  TENSORS: 9,
  GRAPHS: 10,
  SPARSE_TENSOR: 11,
  SPARSE_TENSORS: 12,
  TYPE_PROTO: 13,
  TYPE_PROTOS: 14,
} as const;
export type AttributeTypeName = keyof typeof attributeTypes;

/** The field that `type` names holds the value. */
export interface AttributeProto {
  readonly name: string;
  /** In a function body: the attribute of the function whose value this takes. */
  readonly refAttrName: string;
  readonly docString: string;
  readonly type: number;
  readonly f: number | undefined;
  readonly i: bigint | undefined;
  readonly s: Uint8Array | undefined;
  readonly t: TensorProto | undefined;
  readonly g: GraphProto | undefined;
  readonly sparseTensor: SparseTensorProto | undefined;
  readonly tp: TypeProto | undefined;
  readonly floats: readonly number[];
  readonly ints: readonly bigint[];
  readonly strings: readonly Uint8Array[];
  readonly tensors: readonly TensorProto[];
  readonly graphs: readonly GraphProto[];
  readonly sparseTensors: readonly SparseTensorProto[];
  readonly typeProtos: readonly TypeProto[];
}
/** Elements lie in `rawData`, in one of the typed fields, or in an external file. See `tensorData.ts`. */
export interface TensorProto {
  readonly dims: readonly number[];
  /** A number of `elementTypes`. */
  readonly dataType: number;
  readonly segment: TensorSegment | undefined;
  readonly floatData: Float32Array;
  readonly int32Data: Int32Array;
  readonly stringData: readonly Uint8Array[];
  readonly int64Data: BigInt64Array;
  readonly name: string;
  readonly docString: string;
  /** A view into the file. */
  readonly rawData: Uint8Array | undefined;
  readonly externalData: readonly StringStringEntryProto[];
  /** 1: the elements are in the file that `externalData` names. */
  readonly dataLocation: number;
  readonly doubleData: Float64Array;
  readonly uint64Data: BigUint64Array;
  readonly metadataProps: readonly StringStringEntryProto[];
}
export interface TensorSegment {
  readonly begin: number;
  readonly end: number;
}
export interface SparseTensorProto {
  readonly values: TensorProto | undefined;
  readonly indices: TensorProto | undefined;
  readonly dims: readonly number[];
}
export interface ValueInfoProto {
  readonly name: string;
  readonly type: TypeProto | undefined;
  readonly docString: string;
  readonly metadataProps: readonly StringStringEntryProto[];
}
/** Exactly one of the `…Type` properties is given. */
export interface TypeProto {
  readonly tensorType: TensorTypeProto | undefined;
  readonly sequenceType: ElementTypeProto | undefined;
  readonly mapType: MapTypeProto | undefined;
  readonly optionalType: ElementTypeProto | undefined;
  readonly sparseTensorType: TensorTypeProto | undefined;
  readonly opaqueType: OpaqueTypeProto | undefined;
  readonly denotation: string;
}
/** Without a shape the rank is unknown. */
export interface TensorTypeProto {
  readonly elemType: number;
  readonly shape: TensorShapeProto | undefined;
}
export interface ElementTypeProto {
  readonly elemType: TypeProto | undefined;
}
export interface MapTypeProto {
  readonly keyType: number;
  readonly valueType: TypeProto | undefined;
}
export interface OpaqueTypeProto {
  readonly domain: string;
  readonly name: string;
}
export interface TensorShapeProto {
  readonly dim: readonly DimensionProto[];
}
/** A size, a symbol, or neither: unknown. */
export interface DimensionProto {
  readonly dimValue: number | undefined;
  readonly dimParam: string | undefined;
  readonly denotation: string;
}
export interface FunctionProto {
  readonly name: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  /** Names of attributes without a default. */
  readonly attribute: readonly string[];
  /** Attributes with their defaults. */
  readonly attributeProto: readonly AttributeProto[];
  readonly node: readonly NodeProto[];
  readonly docString: string;
  readonly opsetImport: readonly OperatorSetIdProto[];
  readonly domain: string;
  readonly overload: string;
  readonly valueInfo: readonly ValueInfoProto[];
  readonly metadataProps: readonly StringStringEntryProto[];
}
/** Values of `SequenceProto.elem_type` and `OptionalProto.elem_type`. */
export const containerTypes = {
  UNDEFINED: 0,
  TENSOR: 1,
  SPARSE_TENSOR: 2,
  SEQUENCE: 3,
  MAP: 4,
  OPTIONAL: 5,
} as const;
/** A sequence stored as test data (`onnx-data.proto`). */
export interface SequenceProto {
  readonly name: string;
  readonly elemType: number;
  readonly tensorValues: readonly TensorProto[];
  readonly sparseTensorValues: readonly SparseTensorProto[];
  readonly sequenceValues: readonly SequenceProto[];
  readonly optionalValues: readonly OptionalProto[];
}
/** An optional stored as test data (`onnx-data.proto`); empty without a value. */
export interface OptionalProto {
  readonly name: string;
  readonly elemType: number;
  readonly tensorValue: TensorProto | undefined;
  readonly sparseTensorValue: SparseTensorProto | undefined;
  readonly sequenceValue: SequenceProto | undefined;
  readonly optionalValue: OptionalProto | undefined;
}

export const modelCodec: MessageCodec<ModelProto> = messageCodec('ModelProto', () => ({
  irVersion: count(1),
  producerName: text(2),
  producerVersion: text(3),
  domain: text(4),
  modelVersion: count(5),
  docString: text(6),
  graph: optionalMessage(7, () => graphCodec),
  opsetImport: messageList(8, () => operatorSetCodec),
  metadataProps: messageList(14, () => entryCodec),
  functions: messageList(25, () => functionCodec),
}));
export const operatorSetCodec: MessageCodec<OperatorSetIdProto> = messageCodec('OperatorSetIdProto', () => ({
  domain: text(1),
  version: count(2),
}));
export const entryCodec: MessageCodec<StringStringEntryProto> = messageCodec(
  'StringStringEntryProto',
  () => ({
    key: text(1),
    value: text(2),
  }),
);
export const graphCodec: MessageCodec<GraphProto> = messageCodec('GraphProto', () => ({
  node: messageList(1, () => nodeCodec),
  name: text(2),
  initializer: messageList(5, () => tensorCodec),
  docString: text(10),
  input: messageList(11, () => valueInfoCodec),
  output: messageList(12, () => valueInfoCodec),
  valueInfo: messageList(13, () => valueInfoCodec),
  sparseInitializer: messageList(15, () => sparseTensorCodec),
  metadataProps: messageList(16, () => entryCodec),
}));
export const nodeCodec: MessageCodec<NodeProto> = messageCodec('NodeProto', () => ({
  input: texts(1),
  output: texts(2),
  name: text(3),
  opType: text(4),
  attribute: messageList(5, () => attributeCodec),
  docString: text(6),
  domain: text(7),
  overload: text(8),
  metadataProps: messageList(9, () => entryCodec),
}));
export const attributeCodec: MessageCodec<AttributeProto> = messageCodec('AttributeProto', () => ({
  name: text(1),
  f: optionalFloat(2),
  i: optionalInt64(3),
  s: optionalBytes(4),
  t: optionalMessage(5, () => tensorCodec),
  g: optionalMessage(6, () => graphCodec),
  floats: floats(7),
  ints: int64s(8),
  strings: byteStrings(9),
  tensors: messageList(10, () => tensorCodec),
  graphs: messageList(11, () => graphCodec),
  docString: text(13),
  tp: optionalMessage(14, () => typeCodec),
  typeProtos: messageList(15, () => typeCodec),
  type: int32(20),
  refAttrName: text(21),
  sparseTensor: optionalMessage(22, () => sparseTensorCodec),
  sparseTensors: messageList(23, () => sparseTensorCodec),
}));
export const tensorCodec: MessageCodec<TensorProto> = messageCodec('TensorProto', () => ({
  dims: counts(1),
  dataType: int32(2),
  segment: optionalMessage(3, () => segmentCodec),
  floatData: floatData(4),
  int32Data: int32Data(5),
  stringData: byteStrings(6),
  int64Data: int64Data(7),
  name: text(8),
  rawData: optionalBytes(9),
  doubleData: doubleData(10),
  uint64Data: uint64Data(11),
  docString: text(12),
  externalData: messageList(13, () => entryCodec),
  dataLocation: int32(14),
  metadataProps: messageList(16, () => entryCodec),
}));
const segmentCodec: MessageCodec<TensorSegment> = messageCodec('TensorProto.Segment', () => ({
  begin: count(1),
  end: count(2),
}));
export const sparseTensorCodec: MessageCodec<SparseTensorProto> = messageCodec('SparseTensorProto', () => ({
  values: optionalMessage(1, () => tensorCodec),
  indices: optionalMessage(2, () => tensorCodec),
  dims: counts(3),
}));
export const valueInfoCodec: MessageCodec<ValueInfoProto> = messageCodec('ValueInfoProto', () => ({
  name: text(1),
  type: optionalMessage(2, () => typeCodec),
  docString: text(3),
  metadataProps: messageList(4, () => entryCodec),
}));
export const typeCodec: MessageCodec<TypeProto> = messageCodec('TypeProto', () => ({
  tensorType: optionalMessage(1, () => tensorTypeCodec),
  sequenceType: optionalMessage(4, () => elementTypeCodec),
  mapType: optionalMessage(5, () => mapTypeCodec),
  denotation: text(6),
  opaqueType: optionalMessage(7, () => opaqueTypeCodec),
  sparseTensorType: optionalMessage(8, () => tensorTypeCodec),
  optionalType: optionalMessage(9, () => elementTypeCodec),
}));
export const tensorTypeCodec: MessageCodec<TensorTypeProto> = messageCodec('TypeProto.Tensor', () => ({
  elemType: int32(1),
  shape: optionalMessage(2, () => shapeCodec),
}));
const elementTypeCodec: MessageCodec<ElementTypeProto> = messageCodec('TypeProto.Sequence', () => ({
  elemType: optionalMessage(1, () => typeCodec),
}));
const mapTypeCodec: MessageCodec<MapTypeProto> = messageCodec('TypeProto.Map', () => ({
  keyType: int32(1),
  valueType: optionalMessage(2, () => typeCodec),
}));
const opaqueTypeCodec: MessageCodec<OpaqueTypeProto> = messageCodec('TypeProto.Opaque', () => ({
  domain: text(1),
  name: text(2),
}));
export const shapeCodec: MessageCodec<TensorShapeProto> = messageCodec('TensorShapeProto', () => ({
  dim: messageList(1, () => dimensionCodec),
}));
export const dimensionCodec: MessageCodec<DimensionProto> = messageCodec(
  'TensorShapeProto.Dimension',
  () => ({
    dimValue: optionalCount(1),
    dimParam: optionalText(2),
    denotation: text(3),
  }),
);
export const functionCodec: MessageCodec<FunctionProto> = messageCodec('FunctionProto', () => ({
  name: text(1),
  input: texts(4),
  output: texts(5),
  attribute: texts(6),
  node: messageList(7, () => nodeCodec),
  docString: text(8),
  opsetImport: messageList(9, () => operatorSetCodec),
  domain: text(10),
  attributeProto: messageList(11, () => attributeCodec),
  valueInfo: messageList(12, () => valueInfoCodec),
  overload: text(13),
  metadataProps: messageList(14, () => entryCodec),
}));
export const sequenceCodec: MessageCodec<SequenceProto> = messageCodec('SequenceProto', () => ({
  name: text(1),
  elemType: int32(2),
  tensorValues: messageList(3, () => tensorCodec),
  sparseTensorValues: messageList(4, () => sparseTensorCodec),
  sequenceValues: messageList(5, () => sequenceCodec),
  optionalValues: messageList(7, () => optionalCodec),
}));
export const optionalCodec: MessageCodec<OptionalProto> = messageCodec('OptionalProto', () => ({
  name: text(1),
  elemType: int32(2),
  tensorValue: optionalMessage(3, () => tensorCodec),
  sparseTensorValue: optionalMessage(4, () => sparseTensorCodec),
  sequenceValue: optionalMessage(5, () => sequenceCodec),
  optionalValue: optionalMessage(7, () => optionalCodec),
}));
