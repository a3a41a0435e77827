/** `nn`: normalised tensor ops of neural networks. Explicit attributes, ranked types, no versions. */
import type { Dialect } from '../../registry';
import { convolutionOps } from './convolution';
import { elementwiseOps } from './elementwise';
import { functionOps } from './functions';
import { indexingOps } from './indexing';
import { movementOps } from './movement';
import { poolingOps } from './pooling';
import { reductionOps } from './reduction';
import { samplingOps } from './sampling';

export * from './convolution';
export * from './elementwise';
export * from './functions';
export * from './indexing';
export * from './movement';
export * from './pooling';
export * from './reduction';
export * from './sampling';

export const nnDialect: Dialect = {
  name: 'nn',
  summary: 'Normalised tensor ops of neural networks: explicit attributes, ranked types, no versions.',
  ops: [
    ...convolutionOps,
    ...poolingOps,
    ...reductionOps,
    ...elementwiseOps,
    ...functionOps,
    ...movementOps,
    ...indexingOps,
    ...samplingOps,
  ],
  upstream: false,
};
