/** `infer-shapes`: result types from operand types again, where these have become more precise. */
import type { Operation, types } from '../../ir';
import { definePass, isCompatible, typeAttr } from '../../ir';
import { func, signatureOf } from '../../ir/dialects/func';
import { DYNAMIC, functionType, isShaped } from '../../ir/types';

export const inferShapes = definePass({
  name: 'infer-shapes',
  summary: 'make result types as precise as operand types allow',
  doc: 'Types only become more precise: a dynamic size may become known. The signature of the function follows its return.',
  anchor: 'func.func',
  run: (root, { rewriter }) => {
    for (const op of root.body().ops) {
      const types = inferred(op);
      if (types === undefined) continue;
      rewriter.apply({
        rule: 'refine-types',
        root: op,
        build: () => {
          op.results.forEach((r, i) => (r.type = types[i]!));
          return undefined;
        },
      });
    }
    if (!func.is(root)) return;
    const signature = signatureOf(root);
    const results = root.body().terminator.operands.map((v) => v.type);
    const type = functionType(
      root.body().args.map((a) => a.type),
      results,
    );
    if (type !== signature) {
      rewriter.apply({
        rule: 'refine-signature',
        root,
        build: () => {
          root.setAttr('function_type', typeAttr(type));
          return undefined;
        },
      });
    }
  },
});

/** The inferred types, when one of them says more than what is there. */
function inferred(op: Operation): readonly types.Type[] | undefined {
  const found = op.definition?.infer(
    op.operands.map((v) => v.type),
    op.attributes,
  );
  if (found === undefined || found.length < op.results.length) return undefined;
  const better = op.results.some(
    (r, i) => found[i] !== r.type && isCompatible(found[i]!, r.type) && known(found[i]!) > known(r.type),
  );
  return better
    ? found.map((t, i) => (known(t) >= known(op.result(i).type) ? t : op.result(i).type))
    : undefined;
}
const known = (t: types.Type): number => (isShaped(t) ? t.shape.filter((d) => d !== DYNAMIC).length : 0);
