/** What a name of a model stands for while the model runs in stages. */
export type Ref =
  | { readonly kind: 'tensor'; readonly name: string }
  | { readonly kind: 'sequence'; readonly elements: readonly Ref[] }
  | { readonly kind: 'optional'; readonly value: Ref | undefined };

export const tensorRef = (name: string): Ref => ({ kind: 'tensor', name });
