/** Names of element types in tensors of the host. */
import type { HostTensor } from '../frontend/elementType';
import type { Type } from '../ir';

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
