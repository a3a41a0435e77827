/**
 * The structure of MLIR text of any dialect as plain data: ops with results, operands, regions, blocks and symbols, all
 * with ranges in UTF-16 offsets. What the diff, the pass list and the language features read.
 */

export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** A name as written, with its `%`, `^`, `@`, `#` or `!`. */
export interface Name extends TextRange {
  readonly name: string;
}

export interface ValueDefinition extends Name {
  /** How many values the name stands for: `%0:2`. */
  readonly count: number;
}

export interface ValueUse extends Name {
  /** `1` of `%0#1`. */
  readonly resultNumber?: number;
  /** Named again among the types, to say that a result shares its storage: `-> %arg0 as tensor<4xf32>`. No operand more. */
  readonly tied?: true;
}

export interface StructureOp extends TextRange {
  /** `arith.addf`; without a dialect where the text has none (`return`). */
  readonly name: string;
  readonly nameRange: TextRange;
  readonly results: readonly ValueDefinition[];
  /** In the order of the text. */
  readonly operands: readonly ValueUse[];
  readonly successors: readonly Name[];
  readonly regions: readonly StructureRegion[];
  /** The symbol that it defines, without `@`; the range is that of the name in the text. */
  readonly symbol?: Name;
  /** Symbols that it refers to: `@a`, `@a::@b`. */
  readonly symbolUses: readonly Name[];
  /** Names after `#` and `!`: aliases, and attributes and types of dialects. */
  readonly hashUses: readonly Name[];
  /** Range of `loc(…)`. */
  readonly location?: TextRange;
  /** Offset after the `:` that its types follow. */
  readonly typesStart?: number;
}

export interface StructureRegion extends TextRange {
  readonly blocks: readonly StructureBlock[];
}

export interface StructureBlock extends TextRange {
  readonly label?: Name;
  /** Of the label, or of the op's header (`func.func @f(%arg0: i32)`, `scf.for %i = …`). */
  readonly arguments: readonly ValueDefinition[];
  readonly ops: readonly StructureOp[];
}

/** `#map = …`, `!t = …`. */
export interface AliasDefinition extends TextRange {
  readonly name: string;
  readonly nameRange: TextRange;
  readonly body: TextRange;
}

export interface Structure {
  readonly ops: readonly StructureOp[];
  readonly aliases: readonly AliasDefinition[];
  /** `{-# … #-}`. */
  readonly resources?: TextRange;
  /** Text that is no op. */
  readonly skipped: readonly TextRange[];
}

/** All ops, parents before children. */
export function* walkStructure(ops: readonly StructureOp[]): Generator<StructureOp> {
  const stack = [...ops].reverse();
  for (let op = stack.pop(); op !== undefined; op = stack.pop()) {
    yield op;
    for (let r = op.regions.length - 1; r >= 0; r--) {
      const blocks = op.regions[r]!.blocks;
      for (let b = blocks.length - 1; b >= 0; b--) {
        const inner = blocks[b]!.ops;
        for (let i = inner.length - 1; i >= 0; i--) stack.push(inner[i]!);
      }
    }
  }
}

/** Ops from the outermost to the innermost that hold `offset`. */
export function opsAt(structure: Structure, offset: number): StructureOp[] {
  const path: StructureOp[] = [];
  let ops = structure.ops;
  for (;;) {
    const op = ops.find((o) => o.start <= offset && offset <= o.end);
    if (op === undefined) return path;
    path.push(op);
    ops = op.regions
      .filter((r) => r.start <= offset && offset <= r.end)
      .flatMap((r) => r.blocks)
      .flatMap((b) => b.ops);
  }
}

const dialectOfBare: Readonly<Record<string, string>> = {
  module: 'builtin.module',
  func: 'func.func',
  return: 'func.return',
  call: 'func.call',
  call_indirect: 'func.call_indirect',
  constant: 'func.constant',
  br: 'cf.br',
  cond_br: 'cf.cond_br',
  switch: 'cf.switch',
  assert: 'cf.assert',
};

/** The name of an op with its dialect, also where the text leaves it out. */
export const qualifiedName = (name: string): string =>
  name.includes('.') ? name : (dialectOfBare[name] ?? name);
