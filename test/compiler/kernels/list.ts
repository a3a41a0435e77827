/** All families of kernels. */
import { convolutionFamilies } from './convolutions';
import { elementFamilies } from './elements';
import type { Family } from './family';
import { integerFamilies } from './integers';
import { movementFamilies } from './movement';
import { productFamilies } from './products';
import { rowFamilies } from './rows';

export const families: readonly Family[] = [
  ...rowFamilies,
  ...movementFamilies,
  ...productFamilies,
  ...convolutionFamilies,
  ...elementFamilies,
  ...integerFamilies,
];
