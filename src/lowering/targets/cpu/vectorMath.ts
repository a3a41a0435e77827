/** Vector versions of `math` functions for the prelude, in f32. Each says its largest error in units in the last place. */
import type { VectorC } from './cTypes';
import type { Prelude } from './prelude';

type VectorFunction = (prelude: Prelude, v: VectorC) => string;

export const vectorMath: Readonly<Record<string, VectorFunction>> = {};
