/** Values of a model on the host: tensors, and what holds tensors. */
import type { HostTensor } from '../frontend/elementType';

export type HostValue =
  | { readonly kind: 'tensor'; readonly tensor: HostTensor }
  | { readonly kind: 'sequence'; readonly elements: readonly HostValue[] }
  | { readonly kind: 'optional'; readonly value: HostValue | undefined };
export type HostValues = Readonly<Record<string, HostValue>>;
