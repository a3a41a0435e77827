/** Canonicalisation rules of scalar and index arithmetic. */
import type { Attribute, Operation, Rule, Value } from '../../ir';

const integerOf = (value: Value | undefined): bigint | undefined => {
  const op = value?.definingOp;
  if (op?.name !== 'arith.constant') return undefined;
  const a: Attribute | undefined = op.attr('value');
  return a?.kind === 'integer' ? a.value : undefined;
};

/** `op(x, neutral) → x`, the neutral element on the right (or on either side when `commutes`). */
const neutral = (name: string, root: string, element: bigint, commutes: boolean): Rule => ({
  name,
  doc: `${root}(x, ${element}) → x`,
  roots: [{ name: root }],
  match: (op: Operation) => {
    if (integerOf(op.operand(1)) === element) return { build: () => [op.operand(0)] };
    if (commutes && integerOf(op.operand(0)) === element) return { build: () => [op.operand(1)] };
    return undefined;
  },
});

export const arithRules: readonly Rule[] = [
  neutral('add-zero', 'arith.addi', 0n, true),
  neutral('sub-zero', 'arith.subi', 0n, false),
  neutral('mul-one', 'arith.muli', 1n, true),
  neutral('div-one', 'arith.divsi', 1n, false),
  {
    name: 'select-same',
    doc: 'select(c, x, x) → x',
    roots: [{ name: 'arith.select' }],
    match: (op) => (op.operand(1) === op.operand(2) ? { build: () => [op.operand(1)] } : undefined),
  },
];
