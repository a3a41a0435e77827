/** `fuse-elementwise`: merges elementwise ops into the ops that read them, and notes why where it does not. */
import type { Operation } from '../../ir';
import { arrayAttr, definePass, stringAttr } from '../../ir';
import { generic } from '../../ir/dialects/linalg';
import { linalgRules } from '../rules/linalg';
import { fuseProducer, fusionVerdict, padBeforeTranspose } from '../rules/linalgFusion';
import { sinkReshape } from '../rules/linalgReshape';
import { fusionRefused } from '../rules/linalgGeneric';

const rules = [sinkReshape, padBeforeTranspose, fuseProducer, ...linalgRules];

export const fuseElementwise = definePass({
  name: 'fuse-elementwise',
  summary: 'merge elementwise ops into the ops that read them',
  doc: `Refusals are kept as the attribute \`${fusionRefused}\` of the op that would have taken the other in.`,
  anchor: 'func.func',
  rules,
  run: (root, { rewriter }) => {
    rewriter.applyRules(root, rules);
    for (const op of root.find((o) => generic.is(o))) {
      const reasons = refusals(op);
      if (reasons.length === 0 || op.attr(fusionRefused)?.text === arrayAttr(reasons.map(stringAttr)).text)
        continue;
      rewriter.apply({
        rule: 'note-refusals',
        root: op,
        build: () => {
          op.setAttr(fusionRefused, arrayAttr(reasons.map(stringAttr)));
          return undefined;
        },
      });
    }
  },
});

function refusals(op: Operation): readonly string[] {
  const reasons = new Set<string>();
  op.operands.forEach((_, i) => {
    const verdict = fusionVerdict(op, i);
    if (verdict?.kind === 'refuse' && !verdict.expected) reasons.add(verdict.reason);
  });
  return [...reasons];
}
