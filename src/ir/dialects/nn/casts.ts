/** What `nn.cast` and its lowering both need to know about types. */
import type { FloatType } from '../../types';

/** Largest finite values of the types that a cast saturates to. */
const saturation: Readonly<Record<string, number>> = {
  f8E4M3FN: 448,
  f8E4M3FNUZ: 240,
  f8E5M2: 57344,
  f8E5M2FNUZ: 57344,
};
/** Where a cast to the type saturates; undefined for types that it does not saturate to. */
export const saturationOf = (type: FloatType): number | undefined => saturation[type.name];
