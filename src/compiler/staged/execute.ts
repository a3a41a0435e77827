/** How a function of known sizes is run: in the interpreter, or as generated code. */
import type { Cancellation } from '../../base/cancellation';
import type { HostTensor } from '../../frontend/elementType';
import type { Operation, ResourceStore } from '../../ir';

/** Runs `@main` of a module of the import stage, which may be changed, on tensors by name. */
export type Execute = (
  module: Operation,
  resources: ResourceStore,
  inputs: Readonly<Record<string, HostTensor>>,
  cancellation: Cancellation,
) => Promise<Record<string, HostTensor>>;
