/** `lower-nn-to-linalg`: turns graph ops into loops over tensors, one named rule per op. */
import type { Builder, OpDefinition, Operation, Rule, Value } from '../../ir';
import { definePass, modelNodesOf, types } from '../../ir';
import * as nn from '../../ir/dialects/nn';
import { loweringMessages } from '../messages';
import type { NnOp } from '../nnToLinalg/lowering';
import { lowerings } from '../nnToLinalg/table';

/** An entry of the table without the types of its op. */
interface Entry {
  readonly definition: OpDefinition;
  /** Why the op has no lowering; undefined when it has. */
  readonly problem: (op: Operation) => string | undefined;
  readonly build: (b: Builder, op: Operation) => readonly Value[];
}

function entryOf<K extends NnOp>(key: K): Entry {
  const definition = nn[key];
  const lowering = lowerings[key];
  // The view of an op of `definition` is what its entry takes; the compiler cannot follow that through the union.
  const view = (op: Operation): never => definition.view(op) as never;
  return {
    definition,
    problem: (op) => {
      const open = [...op.operands, ...op.results].find(
        (v) => v.type.kind !== 'tensor' || !types.isStatic(v.type.shape),
      );
      if (open !== undefined) return `${open.type.text} has a size that is not known when compiling`;
      return lowering.kind === 'unsupported' ? lowering.reason : lowering.refuse?.(view(op));
    },
    build: (b, op) => {
      if (lowering.kind === 'unsupported') throw new Error(lowering.reason);
      const built = lowering.build(b, view(op));
      return 'kind' in built ? [built] : built;
    },
  };
}
const entries = (Object.keys(lowerings) as NnOp[]).map(entryOf);

const rules: readonly Rule[] = entries.map(({ definition, problem, build }) => ({
  name: `lower-${definition.name.slice('nn.'.length).replaceAll('_', '-')}`,
  doc: `${definition.name} → linalg`,
  roots: [definition],
  match: (op) => (problem(op) === undefined ? { build: (b) => build(b, op) } : undefined),
}));

export const lowerNnToLinalg = definePass({
  name: 'lower-nn-to-linalg',
  summary: 'turn graph ops into loops over tensors',
  doc: 'Convolutions, products, pooling and reductions become `linalg.generic` over a padded input with a start value; elementwise ops parallel loops; reshapes, padding, slices and concatenation tensor ops. Refuses all ops without a lowering at once.',
  anchor: 'func.func',
  rules,
  run: (root, { rewriter }) => {
    const byName = new Map(entries.map((e) => [e.definition.name, e]));
    const problems = root
      .find((op) => op.dialect === 'nn')
      .flatMap((op) => {
        const problem = byName.get(op.name)?.problem(op);
        if (problem === undefined) return [];
        const nodes = modelNodesOf(op.location).map((n) => `"${n.name}"`);
        return [`${op.name}${nodes.length === 0 ? '' : ` at model node ${nodes.join(', ')}`}: ${problem}`];
      });
    if (problems.length > 0) throw loweringMessages.error('STR0501', { problems });
    rewriter.applyRules(root, rules);
  },
});
