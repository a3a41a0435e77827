/** All families of kernels. */
import type { Family } from './family';
import { rowFamilies } from './rows';

export const families: readonly Family[] = [...rowFamilies];
