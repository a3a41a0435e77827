/**
 * What a reduction's body does to its running result: the op that joins, and whether a padded input leaves it as it
 * was. Used to skip padding, to reduce along vector lanes and to choose schedules.
 */
import type { Attribute, Operation, Value, types } from '../../ir';
import { floatAttr, integerAttr, types as t } from '../../ir';
import type { CombiningKind } from '../../ir/dialects/vectorAssembly';
import type { Expression } from './expression';
import type { Reduction } from './readDispatch';

export interface Combiner {
  /** The op in the body. */
  readonly op: Operation;
  readonly kind: CombiningKind;
  /** The operand that is not the running result. */
  readonly contribution: Value;
}

const kinds: Readonly<Record<string, CombiningKind>> = {
  'arith.addf': 'add',
  'arith.addi': 'add',
  'arith.mulf': 'mul',
  'arith.muli': 'mul',
  'arith.maximumf': 'maximumf',
  'arith.minimumf': 'minimumf',
  'arith.maxnumf': 'maxnumf',
  'arith.minnumf': 'minnumf',
  'arith.maxsi': 'maxsi',
  'arith.minsi': 'minsi',
  'arith.maxui': 'maxui',
  'arith.minui': 'minui',
  'arith.andi': 'and',
  'arith.ori': 'or',
  'arith.xori': 'xor',
};

/** How result `i` of the reduction is joined; undefined when its body is not `yield join(acc, f(inputs))`. */
export function combinerOf(reduction: Reduction, i: number): Combiner | undefined {
  const block = reduction.op.body();
  const acc = block.args[reduction.inputs.length + i]!;
  const op = block.terminator.operand(i).definingOp;
  const kind = op === undefined ? undefined : kinds[op.name];
  if (op === undefined || kind === undefined || acc.uses.size !== 1 || op.operandCount !== 2)
    return undefined;
  const side = op.operands.indexOf(acc);
  return side < 0 ? undefined : { op, kind, contribution: op.operand(1 - side) };
}

/** Whether the reduction sums products of two of its inputs. */
export function isContraction(reduction: Reduction | undefined): boolean {
  const combiner = reduction === undefined ? undefined : combinerOf(reduction, 0);
  const product = combiner?.contribution.definingOp;
  if (combiner?.kind !== 'add' || product === undefined) return false;
  const [a, b] = product.operands;
  return (product.name === 'arith.mulf' || product.name === 'arith.muli') && a !== b;
}

/** The value that joining does not change. */
export function neutralElement(kind: CombiningKind, type: types.Type): Attribute | undefined {
  if (type.kind === 'float') {
    const value: Partial<Record<CombiningKind, number>> = {
      add: 0,
      mul: 1,
      maximumf: -Infinity,
      maxnumf: -Infinity,
      minimumf: Infinity,
      minnumf: Infinity,
    };
    const v = value[kind];
    return v === undefined ? undefined : floatAttr(v, type);
  }
  if (type.kind !== 'integer') return undefined;
  const top = 1n << BigInt(type.width - 1);
  const value: Partial<Record<CombiningKind, bigint>> = {
    add: 0n,
    mul: 1n,
    and: -1n,
    or: 0n,
    xor: 0n,
    maxsi: -top,
    minsi: top - 1n,
    maxui: 0n,
    minui: -1n,
  };
  const v = value[kind];
  return v === undefined ? undefined : integerAttr(v, type);
}

/** Whether the reduction stays as it is where input `input` is `padding`, whatever the other (finite) inputs are. */
export function paddingIsNeutral(reduction: Reduction, input: number, padding: Expression): boolean {
  const known = knownNumber(padding);
  if (known === undefined) return false;
  return reduction.inits.every((_, i) => {
    const combiner = combinerOf(reduction, i);
    if (combiner === undefined) return false;
    const given = contributionFor(combiner.contribution, reduction.op.body().args[input]!, known);
    const neutral = neutralElement(combiner.kind, t.elementOf(combiner.contribution.type));
    if (given === undefined || neutral === undefined) return false;
    return (
      given === (neutral.kind === 'float' ? neutral.value : Number((neutral as { value: bigint }).value))
    );
  });
}

/** What a constant is, or one whose sign is read anew. */
function knownNumber(e: Expression): number | undefined {
  if (e.kind === 'scalar-op' && e.op.name === 'builtin.unrealized_conversion_cast') {
    const inner = knownNumber(e.inputs[0]!);
    return inner === undefined ? undefined : inWidth(inner, e.type);
  }
  return e.kind === 'constant' ? numberOf(e.value) : undefined;
}
const numberOf = (value: Attribute | undefined): number | undefined =>
  value?.kind === 'float' ? value.value : value?.kind === 'integer' ? Number(value.value) : undefined;
/** The number with the same bits, as the type reads them. */
function inWidth(x: number, type: types.Type): number {
  if (type.kind !== 'integer') return x;
  const bits = BigInt.asUintN(type.width, BigInt(x));
  return Number(type.signedness === 'unsigned' ? bits : BigInt.asIntN(type.width, bits));
}

/** The contribution when `argument` has a known value; undefined when that does not decide it. */
function contributionFor(v: Value, argument: Value, known: number): number | undefined {
  if (v === argument) return known;
  const op = v.definingOp;
  switch (op?.name) {
    case 'arith.mulf':
    case 'arith.muli': {
      const sides = op.operands.map((o) => contributionFor(o, argument, known));
      return sides.includes(0) ? 0 : undefined;
    }
    case 'arith.subi': {
      const [a, b] = op.operands.map((o) => contributionFor(o, argument, known));
      return a === undefined || b === undefined ? undefined : a - b;
    }
    case 'arith.constant':
      return numberOf(op.attr('value'));
    case 'builtin.unrealized_conversion_cast': {
      const inner = contributionFor(op.operand(0), argument, known);
      return inner === undefined ? undefined : inWidth(inner, op.result().type);
    }
    case 'arith.extui': {
      const inner = contributionFor(op.operand(0), argument, known);
      const { type } = op.operand(0);
      return inner === undefined || type.kind !== 'integer'
        ? undefined
        : Number(BigInt.asUintN(type.width, BigInt(inner)));
    }
    case 'arith.extf':
    case 'arith.extsi':
    case 'arith.sitofp':
      return contributionFor(op.operand(0), argument, known);
    default:
      return undefined;
  }
}
