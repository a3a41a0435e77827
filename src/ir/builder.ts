/** Creates ops from their declarations at an insertion point, with a location that every new op gets. */
import type { Attribute } from './attributes';
import type { Location } from './location';
import { unknownLoc } from './location';
import type { AttrSpecs, BuildOptions, OpArguments, TypedOpDefinition, ValueSpecs } from './opDefinition';
import { lowerArguments } from './opDefinition';
import type { Value } from './operation';
import { Block, Operation, Region } from './operation';
import type { Type } from './types';

/** Builds one op, not inserted. Result types come from `options` or from the declaration. */
export function createOp<O extends ValueSpecs, A extends AttrSpecs, R extends ValueSpecs>(
  definition: TypedOpDefinition<O, A, R>,
  given: OpArguments<O, A>,
  location: Location,
  options: BuildOptions = {},
): Operation {
  const { operands, attributes } = lowerArguments(definition, given);
  for (const [k, v] of options.extra ?? []) attributes.set(k, v);
  const noResults = Object.keys(definition.results).length === 0;
  const resultTypes =
    options.resultTypes ??
    (noResults
      ? []
      : definition.infer(
          operands.map((v) => v.type),
          attributes,
        ));
  if (resultTypes === undefined)
    throw new TypeError(`${definition.name} cannot infer its result types; give them`);
  return new Operation({
    name: definition.name,
    definition,
    operands,
    resultTypes,
    attributes,
    regions:
      options.regions ??
      definition.implicitRegions(operands, location) ??
      definition.regions.filter((r) => !r.endsWith('*')).map(() => new Region()),
    successors: options.successors ?? [],
    location,
  });
}

export class Builder {
  #block: Block | undefined;
  #before: Operation | undefined;

  constructor(public location: Location = unknownLoc) {}

  static atEnd(block: Block, location?: Location): Builder {
    const b = new Builder(location);
    b.setEnd(block);
    return b;
  }
  static before(op: Operation, location: Location = op.location): Builder {
    const b = new Builder(location);
    b.setBefore(op);
    return b;
  }
  setEnd(block: Block): void {
    this.#block = block;
    this.#before = undefined;
  }
  setBefore(op: Operation): void {
    if (op.block === undefined) throw new Error(`${op.name} is not in a block`);
    this.#block = op.block;
    this.#before = op;
  }
  get block(): Block {
    if (this.#block === undefined) throw new Error('the builder has no insertion point');
    return this.#block;
  }
  insert(op: Operation): Operation {
    this.block.insertBefore(op, this.#before);
    return op;
  }
  /** Creates and inserts an op. */
  op<O extends ValueSpecs, A extends AttrSpecs, R extends ValueSpecs>(
    definition: TypedOpDefinition<O, A, R>,
    given: OpArguments<O, A>,
    options?: BuildOptions,
  ): Operation {
    return this.insert(createOp(definition, given, this.location, options));
  }
  /** Creates and inserts an op; its only (or first) result. */
  value<O extends ValueSpecs, A extends AttrSpecs, R extends ValueSpecs>(
    definition: TypedOpDefinition<O, A, R>,
    given: OpArguments<O, A>,
    ...resultTypes: readonly Type[]
  ): Value {
    return this.op(definition, given, resultTypes.length > 0 ? { resultTypes } : undefined).result(0);
  }
  /** Runs `build` with another insertion point and comes back. */
  within<T>(block: Block, build: (block: Block) => T): T {
    const saved = [this.#block, this.#before] as const;
    this.setEnd(block);
    try {
      return build(block);
    } finally {
      [this.#block, this.#before] = saved;
    }
  }
  /** A region of one block with arguments, filled by `build` through this builder. */
  region(argTypes: readonly Type[], build: (args: readonly Value[], block: Block) => void): Region {
    const block = new Block(
      argTypes,
      argTypes.map(() => this.location),
    );
    const region = new Region([block]);
    this.within(block, () => {
      build(block.args, block);
    });
    return region;
  }
}

/** An op that no declaration describes, in generic form. */
export function createUnregistered(
  name: string,
  operands: readonly Value[],
  resultTypes: readonly Type[],
  attributes: Iterable<readonly [string, Attribute]>,
  location: Location,
  regions: readonly Region[] = [],
): Operation {
  return new Operation({ name, operands, resultTypes, attributes, regions, location });
}
