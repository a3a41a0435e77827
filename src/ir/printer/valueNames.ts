/** Canonical SSA names: `%arg0`, `%0`, `%cst_1`, `^bb2`, unique within each upstream op that is isolated from above. */
import type { Block, Operation, Value } from '../operation';

export interface ValueNames {
  /** With the leading `%`; results of one op of several read `%3#1`. */
  readonly values: ReadonlyMap<Value, string>;
  readonly blocks: ReadonlyMap<Block, string>;
}

/** Names inside one scope. */
class Scope {
  nextResult = 0;
  nextArgument = 0;
  readonly taken = new Map<string, number>();

  unique(base: string): string {
    const n = this.taken.get(base);
    this.taken.set(base, (n ?? -1) + 1);
    return n === undefined ? base : this.unique(`${base}_${n}`);
  }
}

/** Whether names begin anew in the op's regions: when MLIR knows that they see nothing from around them. */
function opensScope(op: Operation): boolean {
  return op.definition?.traits.has('isolated') === true && op.definition.assembly !== undefined;
}

export function nameValues(root: Operation): ValueNames {
  const values = new Map<Value, string>();
  const blocks = new Map<Block, string>();

  const visit = (op: Operation, scope: Scope): void => {
    if (op.results.length > 0) {
      const wanted = op.definition?.resultName(op);
      const base = `%${wanted === undefined ? scope.nextResult++ : scope.unique(wanted)}`;
      op.results.forEach((r, i) => values.set(r, op.results.length === 1 ? base : `${base}#${i}`));
    }
    const inner = opensScope(op) ? new Scope() : scope;
    op.regions.forEach((region, r) => {
      region.blocks.forEach((block, i) => blocks.set(block, `^bb${i}`));
      region.blocks.forEach((block, i) => {
        for (const arg of block.args) {
          // Entry arguments are `%argN` as MLIR names them; those of other blocks count as results.
          const wanted = i === 0 ? op.definition?.argumentName(op, r, arg.index) : undefined;
          const entry = (): string => inner.unique(wanted ?? `arg${inner.nextArgument++}`);
          values.set(arg, `%${i === 0 ? entry() : inner.nextResult++}`);
        }
        for (let o = block.first; o !== undefined; o = o.next) visit(o, inner);
      });
    });
  };
  visit(root, new Scope());
  return { values, blocks };
}
