/** Names of element types in tensors of the host. */
import type { HostTensor } from '../frontend/elementType';
import type { Type } from '../ir';
import { types } from '../ir';

/** `f32`, `i64`, `u8`, `bool`. Throws for types that no tensor file holds. */
export function elementTypeName(type: Type): HostTensor['elementType'] {
  if (type.kind === 'integer') {
    if (type.width === 1) return 'bool';
    return type.signedness === 'unsigned'
      ? (`u${type.width}` as HostTensor['elementType'])
      : (`i${type.width}` as HostTensor['elementType']);
  }
  if (type.kind === 'float') return type.name as HostTensor['elementType'];
  throw new TypeError(`${type.text} is not the element of a tensor`);
}

/** The inverse of `elementTypeName`. Throws for types that the IR does not compute with. */
export function elementTypeOfHost(name: HostTensor['elementType']): Type {
  if (name === 'bool') return types.i1;
  const integer = /^([iu])(\d+)$/.exec(name);
  if (integer !== null)
    return types.integer(Number(integer[2]), integer[1] === 'u' ? 'unsigned' : 'signless');
  const float = types.floatNames.find((f) => f === name);
  if (float === undefined)
    throw new TypeError(`${name} is no element of a tensor that programs compute with`);
  return types.float(float);
}
