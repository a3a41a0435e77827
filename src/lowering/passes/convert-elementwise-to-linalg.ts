/** `convert-elementwise-to-linalg`: arithmetic on whole tensors becomes linalg, one loop body per op. */
import type { Rule } from '../../ir';
import { definePass, Operation } from '../../ir';
import type { TensorType } from '../../ir/types';
import { elementOf, isStatic } from '../../ir/types';
import { buildElementwise } from '../rules/linalgGeneric';

/** The shape that the op works on when it is elementwise on tensors. */
function tensorShape(op: Operation): TensorType | undefined {
  if (op.definition?.traits.has('elementwise') !== true || op.results.length !== 1) return undefined;
  const { type } = op.result();
  return type.kind === 'tensor' && isStatic(type.shape) ? type : undefined;
}

const elementwiseToGeneric: Rule = {
  name: 'elementwise-to-generic',
  doc: 'f(x, y) on tensors → linalg.generic with f on elements',
  roots: 'any',
  match: (op) => {
    const type = tensorShape(op);
    if (type === undefined) return undefined;
    const tensors = op.operands.filter((v) => v.type.kind === 'tensor');
    return {
      build: (b) => [
        buildElementwise(b, tensors, type.shape, type.element, (inner, args) => {
          const byTensor = new Map(tensors.map((v, i) => [v, args[i]!]));
          return inner
            .insert(
              new Operation({
                name: op.name,
                definition: op.definition,
                operands: op.operands.map((v) => byTensor.get(v) ?? v),
                resultTypes: [elementOf(type)],
                attributes: op.attributes,
                location: inner.location,
              }),
            )
            .result();
        }),
      ],
    };
  },
};

export const convertElementwiseToLinalg = definePass({
  name: 'convert-elementwise-to-linalg',
  summary: 'turn arithmetic on whole tensors into linalg',
  doc: 'Imported models have none of it; IR written by hand or by other tools does. Upstream has a pass of the same name.',
  anchor: 'any',
  rules: [elementwiseToGeneric],
  run: (op, { rewriter }) => {
    rewriter.applyRules(op, [elementwiseToGeneric]);
  },
});
