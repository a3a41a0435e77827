/** The ops that a parser, printer or verifier knows: dialects are given as a list, nothing registers itself. */
import type { OpDefinition } from './opDefinition';

export interface Dialect {
  readonly name: string;
  /** One sentence on what the dialect is for. */
  readonly summary: string;
  readonly ops: readonly OpDefinition[];
  /** Whether stock MLIR has this dialect; others print in the generic form. */
  readonly upstream: boolean;
}

export class Registry {
  readonly dialects: ReadonlyMap<string, Dialect>;
  readonly #ops = new Map<string, OpDefinition>();

  constructor(dialects: readonly Dialect[]) {
    this.dialects = new Map(dialects.map((d) => [d.name, d]));
    for (const dialect of dialects) {
      for (const op of dialect.ops) {
        if (this.#ops.has(op.name)) throw new Error(`op ${op.name} is declared twice`);
        if (!op.name.startsWith(`${dialect.name}.`))
          throw new Error(`op ${op.name} is listed under dialect ${dialect.name}`);
        this.#ops.set(op.name, op);
      }
    }
  }
  find(name: string): OpDefinition | undefined {
    return this.#ops.get(name);
  }
  get ops(): Iterable<OpDefinition> {
    return this.#ops.values();
  }
}
