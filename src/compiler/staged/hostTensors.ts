/** Small tensors and attributes as host nodes read and make them. */
import type { HostTensor } from '../../frontend/elementType';
import type { AttributeProto, NodeProto } from '../../frontend/onnx/proto/onnxProto';
import { attributeCodec, attributeTypes } from '../../frontend/onnx/proto/onnxProto';

export const int64s = (
  values: readonly (number | bigint)[],
  shape: readonly number[] = [values.length],
): HostTensor => ({
  elementType: 'i64',
  shape,
  bytes: new Uint8Array(BigInt64Array.from(values, BigInt).buffer),
});
export const truths = (values: readonly boolean[], shape: readonly number[] = []): HostTensor => ({
  elementType: 'bool',
  shape,
  bytes: Uint8Array.from(values, Number),
});
export const texts = (strings: readonly string[], shape: readonly number[]): HostTensor => ({
  elementType: 'string',
  shape,
  bytes: new Uint8Array(0),
  strings,
});
/** Elements of an integer or Boolean tensor. */
export function integersOf({ elementType, bytes }: HostTensor): number[] {
  const own = bytes.slice();
  if (elementType === 'i64') return Array.from(new BigInt64Array(own.buffer), Number);
  if (elementType === 'i32') return [...new Int32Array(own.buffer)];
  return [...own];
}
export const isTrue = (t: HostTensor): boolean => t.bytes.some((b) => b !== 0);

export const intAttribute = (name: string, value: number): AttributeProto =>
  attributeCodec.make({ name, type: attributeTypes.INT, i: BigInt(value) });
export const intsAttribute = (name: string, values: readonly number[]): AttributeProto =>
  attributeCodec.make({ name, type: attributeTypes.INTS, ints: values.map(BigInt) });
const attributeOf = (node: NodeProto, name: string): AttributeProto | undefined =>
  node.attribute.find((a) => a.name === name);
export const intOf = (node: NodeProto, name: string, absent: number): number =>
  Number(attributeOf(node, name)?.i ?? absent);
export const intsOf = (node: NodeProto, name: string): readonly number[] =>
  attributeOf(node, name)?.ints.map(Number) ?? [];
export const textsOf = (node: NodeProto, name: string): readonly string[] =>
  attributeOf(node, name)?.strings.map((s) => new TextDecoder().decode(s)) ?? [];
export function textOf(node: NodeProto, name: string, absent: string): string {
  const s = attributeOf(node, name)?.s;
  return s === undefined ? absent : new TextDecoder().decode(s);
}
