/** Values of a model on the host: tensors, and what holds tensors. */
import type { HostTensor } from '../frontend/elementType';

export type HostValue =
  | { readonly kind: 'tensor'; readonly tensor: HostTensor }
  | { readonly kind: 'sequence'; readonly elements: readonly HostValue[] }
  | { readonly kind: 'optional'; readonly value: HostValue | undefined };
export type HostValues = Readonly<Record<string, HostValue>>;

/** Tensors by name. Elements of sequences are called `name[0]` and so on; an empty optional is none. */
export function tensorsOf(values: HostValues): Record<string, HostTensor> {
  const found: Record<string, HostTensor> = {};
  const add = (name: string, value: HostValue | undefined): void => {
    if (value?.kind === 'tensor') found[name] = value.tensor;
    else if (value?.kind === 'optional') add(name, value.value);
    else
      value?.elements.forEach((e, i) => {
        add(`${name}[${i}]`, e);
      });
  };
  for (const [name, value] of Object.entries(values)) add(name, value);
  return found;
}
