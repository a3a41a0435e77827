/** `cf`: branches between blocks. Upstream dialect. */
import type { CustomAssembly } from '../assembly';
import { anyType, boolType } from '../constraints';
import type { EvaluationContext, RuntimeValue } from '../interpreter/runtimeValue';
import { defineOp, one, segmentAttribute, variadic } from '../opDefinition';
import type { Block, Value } from '../operation';
import type { OpParser } from '../parser/opParser';
import type { OpPrinter } from '../printer/opPrinter';
import type { Dialect } from '../registry';
import { i1 } from '../types';

function printSuccessor(p: OpPrinter, block: Block, values: readonly Value[]): void {
  p.blockName(block);
  if (values.length === 0) return;
  p.raw('(');
  p.operands(values);
  p.word(':');
  p.types(values.map((v) => v.type));
  p.raw(')');
}
function parseArguments(p: OpParser): Value[] {
  if (!p.optional('(')) return [];
  const values = p.optionalOperands(Infinity);
  p.expect(':');
  const out = p.resolveAll(values, p.typeList());
  p.expect(')');
  return out;
}
const read = (values: readonly Value[], context: EvaluationContext): RuntimeValue[] =>
  values.map((v) => context.get(v));

/** Why `values` do not fit the arguments of `block`, or undefined. */
function mismatch(block: Block | undefined, values: readonly Value[]): string | undefined {
  const expected = block?.args.map((a) => a.type.text).join(', ') ?? '';
  const found = values.map((v) => v.type.text).join(', ');
  return expected === found ? undefined : `passes (${found}) to a block that takes (${expected})`;
}

const branchAssembly: CustomAssembly = {
  print: (op, p) => {
    printSuccessor(p, op.successors[0]!, op.operands);
    p.attributeDictionary(op);
  },
  parse: (p) => {
    const successors = p.successors();
    return { successors, operands: parseArguments(p), attributes: p.attributeDictionary() };
  },
};
export const br = defineOp({
  name: 'cf.br',
  summary: 'goes to a block',
  operands: { destOperands: variadic(anyType, 'arguments of the block') },
  successors: 1,
  traits: ['terminator', 'pure'],
  assembly: branchAssembly,
  branch: ({ destOperands }, context) => ({ successor: 0, args: read(destOperands, context) }),
  verify: ({ op, destOperands }) =>
    op.successors.length === 1
      ? mismatch(op.successors[0], destOperands)
      : `has ${op.successors.length} successors, expected 1`,
});

const condBranchAssembly: CustomAssembly = {
  print: (op, p) => {
    const { condition, trueDestOperands, falseDestOperands } = condBr.view(op);
    p.operand(condition);
    p.raw(',');
    printSuccessor(p, op.successors[0]!, trueDestOperands);
    p.raw(',');
    printSuccessor(p, op.successors[1]!, falseDestOperands);
    p.attributeDictionary(op);
  },
  parse: (p) => {
    const condition = p.resolve(p.operand(), i1);
    p.expect(',');
    const successors = p.successors();
    const first = successors.length === 1 ? parseArguments(p) : [];
    if (successors.length === 1) {
      p.expect(',');
      successors.push(...p.successors());
    }
    const second = parseArguments(p);
    const attributes = p.attributeDictionary();
    attributes.set('operandSegmentSizes', segmentAttribute([1, first.length, second.length]));
    return { successors, operands: [condition, ...first, ...second], attributes };
  },
};
export const condBr = defineOp({
  name: 'cf.cond_br',
  summary: 'goes to one of two blocks',
  operands: {
    condition: one(boolType),
    trueDestOperands: variadic(anyType),
    falseDestOperands: variadic(anyType),
  },
  successors: 2,
  traits: ['terminator', 'pure'],
  assembly: condBranchAssembly,
  branch: ({ condition, trueDestOperands, falseDestOperands }, context) =>
    Number(context.get(condition)) !== 0
      ? { successor: 0, args: read(trueDestOperands, context) }
      : { successor: 1, args: read(falseDestOperands, context) },
  verify: ({ op, trueDestOperands, falseDestOperands }) =>
    op.successors.length === 2
      ? (mismatch(op.successors[0], trueDestOperands) ?? mismatch(op.successors[1], falseDestOperands))
      : `has ${op.successors.length} successors, expected 2`,
});

export const cfDialect: Dialect = {
  name: 'cf',
  summary: 'Branches between blocks.',
  ops: [br, condBr],
  upstream: true,
};
