/**
 * What a lowering of one `nn` op to linalg is, and the scalar arithmetic that the lowerings share. `table.ts` lists
 * them.
 */
import type { Attribute, Builder, OpDefinition, Type, Value } from '../../ir';
import { floatAttr, integerAttr, types } from '../../ir';
import * as arith from '../../ir/dialects/arith';
import { unrealizedConversionCast } from '../../ir/dialects/builtin';
import type * as nn from '../../ir/dialects/nn';

/** Names under which the `nn` dialect exports its op declarations. */
export type NnOp = {
  [K in keyof typeof nn]: (typeof nn)[K] extends OpDefinition ? K : never;
}[keyof typeof nn];
export type NnView<K extends NnOp> = ReturnType<(typeof nn)[K]['view']>;

/** How ops of one kind become linalg, or why they do not. */
export type Lowering<View> =
  | {
      readonly kind: 'lower';
      /** Why this op, unlike others of its kind, has no lowering. */
      readonly refuse?: (view: View) => string | undefined;
      /** Builds the values of the op's results. */
      readonly build: (b: Builder, view: View) => Value | readonly Value[];
    }
  | { readonly kind: 'unsupported'; readonly reason: string };

export const lowering = <View>(
  build: (b: Builder, view: View) => Value | readonly Value[],
  refuse?: (view: View) => string | undefined,
): Lowering<View> => ({ kind: 'lower', build, ...(refuse === undefined ? {} : { refuse }) });
export const unsupported = (reason: string): { readonly kind: 'unsupported'; readonly reason: string } => ({
  kind: 'unsupported',
  reason,
});

export const isFloat = (type: Type): type is types.FloatType => type.kind === 'float';
/** Whether elements count from 0 up: unsigned integers and `i1`. */
export const isUnsigned = (type: Type): boolean =>
  type === types.i1 || (type.kind === 'integer' && type.signedness === 'unsigned');

/** The type that arithmetic on elements of `type` is done in: `arith` takes signless integers. */
export const signless = <T extends Type>(type: T): T =>
  type.kind === 'integer' ? (types.integer(type.width) as T) : type;
/** The same bits in another reading of the sign. */
export const reinterpret = (b: Builder, value: Value, type: Type): Value =>
  value.type === type ? value : b.value(unrealizedConversionCast, { inputs: [value] }, type);

/** A scalar constant of a float, integer or index type; a fraction is cut off for integers. */
export function scalarConstant(b: Builder, value: number, type: Type): Value {
  const own = signless(type);
  return reinterpret(b, b.value(arith.constant, { value: scalarAttribute(value, own) }, own), type);
}
export function scalarAttribute(value: number, type: Type): Attribute {
  if (type.kind === 'float') return floatAttr(value, type);
  if (type.kind === 'integer' || type.kind === 'index') return integerAttr(Math.trunc(value), signless(type));
  throw new TypeError(`${type.text} has no scalar constants`);
}

/** The smallest and largest value of a type: infinities for floats. As attributes of the signless type. */
export function bounds(type: Type): readonly [Attribute, Attribute] {
  if (type.kind === 'float') return [floatAttr(-Infinity, type), floatAttr(Infinity, type)];
  if (type.kind !== 'integer') throw new TypeError(`${type.text} has no bounds`);
  const own = signless(type);
  if (isUnsigned(type)) return [integerAttr(0, own), integerAttr(-1, own)];
  const half = 2n ** BigInt(type.width - 1);
  return [integerAttr(-half, own), integerAttr(half - 1n, own)];
}

/** A function of two scalars of one type: floats or signless integers, which `unsigned` says how to read. */
export type BinaryScalars = (b: Builder, lhs: Value, rhs: Value, unsigned?: boolean) => Value;
const either =
  (float: BinaryScalars, integer: BinaryScalars): BinaryScalars =>
  (b, lhs, rhs, unsigned) =>
    isFloat(lhs.type) ? float(b, lhs, rhs) : integer(b, lhs, rhs, unsigned === true);

export const addScalars: BinaryScalars = either(
  (b, lhs, rhs) => b.value(arith.addf, { lhs, rhs }),
  (b, lhs, rhs) => b.value(arith.addi, { lhs, rhs }),
);
export const subScalars: BinaryScalars = either(
  (b, lhs, rhs) => b.value(arith.subf, { lhs, rhs }),
  (b, lhs, rhs) => b.value(arith.subi, { lhs, rhs }),
);
export const mulScalars: BinaryScalars = either(
  (b, lhs, rhs) => b.value(arith.mulf, { lhs, rhs }),
  (b, lhs, rhs) => b.value(arith.muli, { lhs, rhs }),
);
export const maxScalars: BinaryScalars = either(
  (b, lhs, rhs) => b.value(arith.maximumf, { lhs, rhs }),
  (b, lhs, rhs, unsigned) => b.value(unsigned === true ? arith.maxui : arith.maxsi, { lhs, rhs }),
);
export const minScalars: BinaryScalars = either(
  (b, lhs, rhs) => b.value(arith.minimumf, { lhs, rhs }),
  (b, lhs, rhs, unsigned) => b.value(unsigned === true ? arith.minui : arith.minsi, { lhs, rhs }),
);

/** The type that sums of products are kept in. */
export const accumulatorType = (element: Type): Type =>
  element === types.f16 || element === types.bf16 ? types.f32 : element;
/** `value` in a wider float type, or as it is. */
export const widen = (b: Builder, value: Value, type: Type): Value =>
  value.type === type ? value : b.value(arith.extf, { in: value }, type);
export const narrow = (b: Builder, value: Value, type: Type): Value =>
  value.type === type ? value : b.value(arith.truncf, { in: value }, type);
