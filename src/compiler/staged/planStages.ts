/**
 * What of a staged model is known before it runs: its host program is followed with tensors whose elements nobody knows,
 * up to the first one that is looked at. The functions on the way are compiled in advance.
 */
import type { Cancellation } from '../../base/cancellation';
import { StrataError } from '../../base/diagnostics';
import type { HostTensor } from '../../frontend/elementType';
import type { OnnxModel } from '../../frontend/onnx/readModel';
import type { Operation } from '../../ir';
import { Block, createOp, Region, ResourceStore, stringAttr, types } from '../../ir';
import { module as moduleOp } from '../../ir/dialects/builtin';
import { func, signatureOf } from '../../ir/dialects/func';
import { elementTypeName } from '../elementNames';
import type { HostValue } from '../hostValue';
import { hostType } from '../tensors';
import { hostInputs, tensorInputs } from './hostSignature';
import { StagedModel, StagedRun } from './stagedRun';
import type { Execute } from './stageFunction';

export interface StagePlan {
  /** The functions, each an entry point; undefined when nothing is known in advance. */
  readonly module: Operation | undefined;
  readonly resources: ResourceStore;
  readonly stages: readonly { readonly entry: string; readonly key: string }[];
  /** Sizes that were assumed for symbols without one. */
  readonly assumed: Readonly<Record<string, number>>;
  /** The node that waits for elements of a tensor; undefined when the outputs of the model do, or nothing does. */
  readonly waiting: string | undefined;
  /** Why nothing is known of a model with the sizes that were assumed. */
  readonly problem: StrataError | undefined;
}

/** Elements were looked at that only a run has. */
class UnknownElements extends Error {}

function unknownTensor(elementType: HostTensor['elementType'], shape: readonly number[]): HostTensor {
  const unknown = (): never => {
    throw new UnknownElements();
  };
  return {
    elementType,
    shape,
    get bytes(): Uint8Array {
      return unknown();
    },
    get strings(): readonly string[] {
      return unknown();
    },
  };
}

/** For each of `sizes`; symbols without a size count as 1. Throws what importing throws. */
export async function planStages(
  model: OnnxModel,
  sizes: readonly Readonly<Record<string, number>>[],
  cancellation: Cancellation,
): Promise<StagePlan> {
  const signatures = tensorInputs(hostInputs(model));
  const symbols = new Set(signatures.flatMap((s) => s.shape.filter((d) => typeof d === 'string')));
  const assumed = Object.fromEntries(
    [...symbols].filter((s) => sizes.some((dims) => dims[s] === undefined)).map((s) => [s, 1]),
  );
  const made = new Map<string, Planned>();
  const execute: Execute = (stage) => {
    let planned = made.get(stage.key);
    if (planned === undefined) {
      const { module, resources } = stage.make();
      const main = module.body().ops.find((op) => func.is(op))!;
      planned = { main, resources, results: resultsOf(main) };
      made.set(stage.key, planned);
    }
    const { results } = planned;
    return Promise.resolve(Object.fromEntries(stage.outputs.map((name, i) => [name, results[i]!])));
  };
  let waiting: string | undefined;
  let problem: StrataError | undefined;
  for (const dims of sizes) {
    const inputs = Object.fromEntries(
      signatures.map(({ name, elementType, shape }): [string, HostValue] => {
        const known = shape.map((d) => (typeof d === 'number' ? d : (dims[d] ?? 1)));
        return [name, { kind: 'tensor', tensor: unknownTensor(hostType(elementType), known) }];
      }),
    );
    const run = new StagedRun(new StagedModel(model), { execute, cancellation });
    try {
      await run.run(inputs);
    } catch (error) {
      if (error instanceof UnknownElements) waiting = run.nodeOnHost;
      else if (error instanceof StrataError && Object.keys(assumed).length > 0) problem = error;
      else throw error;
    }
  }
  return { ...joined(made), assumed, waiting, problem };
}

interface Planned {
  readonly main: Operation;
  readonly resources: ResourceStore;
  readonly results: readonly HostTensor[];
}

const resultsOf = (main: Operation): readonly HostTensor[] =>
  signatureOf(main).results.map((type) => {
    if (type.kind !== 'tensor' || !types.isStatic(type.shape)) throw new UnknownElements();
    return unknownTensor(elementTypeName(type.element), type.shape);
  });

/** All functions in one module. What they share of the model's parameters is there once. */
function joined(made: ReadonlyMap<string, Planned>): Pick<StagePlan, 'module' | 'resources' | 'stages'> {
  const resources = new ResourceStore();
  if (made.size === 0) return { module: undefined, resources, stages: [] };
  const body = new Block();
  const stages: { entry: string; key: string }[] = [];
  let like: Operation | undefined;
  for (const [key, { main, resources: own }] of made) {
    like ??= main.parentOp;
    const entry = stageEntry(stages.length);
    for (const [name, blob] of own.entries) resources.set(name, blob);
    main.detach();
    main.setAttr('sym_name', stringAttr(entry));
    body.append(main);
    stages.push({ entry, key });
  }
  const module = createOp(moduleOp, {}, like!.location, { regions: [new Region([body])] });
  for (const [name, value] of like!.attributes) module.setAttr(name, value);
  return { module, resources, stages };
}

/** The name of the function that a staged model asks for as its `index`-th, from 0. */
export const stageEntry = (index: number): string => (index === 0 ? 'main' : `main_${index}`);
