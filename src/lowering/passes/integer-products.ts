/** `integer-products`: convolutions and matrix products of dequantised tensors are done in integers. */
import { definePass } from '../../ir';
import { integerProductRules } from '../rules/integerProducts';

export const integerProducts = definePass({
  name: 'integer-products',
  summary: 'do products of dequantised tensors in integers',
  doc: 'Runs before constants are folded, while it can be seen that they were quantised. Sums are exact in 32 bits; scales and biases follow in f32.',
  anchor: 'func.func',
  rules: integerProductRules,
  run: (root, { rewriter }) => {
    rewriter.applyRules(root, integerProductRules);
  },
});
