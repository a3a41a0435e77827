/** `fold-constants`: computes what depends on constants alone. */
import { definePass } from '../../ir';
import { foldConstant } from '../rules/foldConstant';

export const foldConstants = definePass({
  name: 'fold-constants',
  summary: 'compute ops on constants when compiling',
  doc: 'Results are constants outside the text, named after the parameter that they are computed from.',
  anchor: 'any',
  rules: [foldConstant],
  run: (root, { rewriter }) => {
    rewriter.applyRules(root, [foldConstant]);
  },
});
