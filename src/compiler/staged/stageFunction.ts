/** A function of known sizes that a staged run asks for, and how it is run: in the interpreter, or as generated code. */
import type { Cancellation } from '../../base/cancellation';
import type { HostTensor } from '../../frontend/elementType';
import type { Operation, ResourceStore } from '../../ir';

export interface StageFunction {
  /** Equal for functions that do the same, in each run of one model. */
  readonly key: string;
  /** Names of its results, in order. */
  readonly outputs: readonly string[];
  /** `@main` in a module of the import or graph stage, made anew at each call: the caller may change it. */
  readonly make: () => { readonly module: Operation; readonly resources: ResourceStore };
}

/** Runs a function on tensors by the names of its arguments, in order; gives its results by theirs. */
export type Execute = (
  stage: StageFunction,
  inputs: Readonly<Record<string, HostTensor>>,
  cancellation: Cancellation,
) => Promise<Record<string, HostTensor>>;
