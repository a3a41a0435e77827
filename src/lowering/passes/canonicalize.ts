/** `canonicalize`: brings ops into their simplest form by named rules of every dialect. */
import type { Rule } from '../../ir';
import { definePass } from '../../ir';
import { arithRules } from '../rules/arith';
import { linalgRules } from '../rules/linalg';
import { nnRules } from '../rules/nn';
import { tensorRules } from '../rules/tensor';

export const canonicalRules: readonly Rule[] = [...nnRules, ...arithRules, ...tensorRules, ...linalgRules];

export const canonicalize = definePass({
  name: 'canonicalize',
  summary: 'bring ops into their simplest form',
  anchor: 'any',
  rules: canonicalRules,
  run: (root, { rewriter }) => {
    rewriter.applyRules(root, canonicalRules);
  },
});
