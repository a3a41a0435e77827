/** Tensor types of the two forms of ONNX in MLIR: `tensor<2x?xi64>` here, `!torch.vtensor<[2,?],si64>` there. */
import type { Type } from '../../ir/types';
import { DYNAMIC, dialectType, i1, integer, tensor, unrankedTensor } from '../../ir/types';
import { parseTypeText } from '../../ir';

/** Undefined for types that have no such form. */
export function toTorchType(type: Type): Type | undefined {
  if (type.kind !== 'tensor' && type.kind !== 'unranked_tensor') return undefined;
  const element = signed(type.element).text;
  const sizes =
    type.kind === 'tensor' ? `[${type.shape.map((d) => (d === DYNAMIC ? '?' : d)).join(',')}]` : '*';
  const body = `vtensor<${sizes},${element}>`;
  return dialectType('torch', body, `!torch.${body}`);
}

/** Integers have a sign there; a bool is an i1. */
export const signed = (element: Type): Type =>
  element.kind === 'integer' && element.signedness === 'signless' && element !== i1
    ? integer(element.width, 'signed')
    : element;
/** Signed integers are signless here. */
export const signless = (element: Type): Type =>
  element.kind === 'integer' && element.signedness === 'signed' ? integer(element.width) : element;

const vtensor = /^!torch\.v?tensor<\s*(?:\[([\d?,\s]*)\]|\*)\s*,\s*([^,<>]+(?:<[^<>]*>)?)\s*>$/;

/** Undefined for anything but a tensor with a known element type. */
export function fromTorchType(type: Type): Type | undefined {
  if (type.kind === 'tensor' || type.kind === 'unranked_tensor') return type;
  if (type.kind !== 'dialect' || type.dialect !== 'torch') return undefined;
  const m = vtensor.exec(type.text);
  if (m === null) return undefined;
  const element = signless(parseTypeText(m[2]!));
  if (m[1] === undefined) return unrankedTensor(element);
  const sizes = m[1].trim() === '' ? [] : m[1].split(',').map((d) => d.trim());
  const shape = sizes.map((d) => (d === '?' ? DYNAMIC : /^\d{1,15}$/.test(d) ? Number(d) : NaN));
  return shape.some(Number.isNaN) ? undefined : tensor(shape, element);
}
