/** Type constraints and attribute codecs that op declarations are made of. */
import type { AffineMap } from './affine';
import type { Attribute, DictionaryAttr } from './attributes';
import {
  affineMapAttr,
  arrayAttr,
  boolAttr,
  denseArray,
  denseElements,
  floatAttr,
  i64Attr,
  integerAttr,
  numbersOf,
  stringAttr,
  symbolRef,
  typeAttr,
  unitAttr,
} from './attributes';
import type { FloatType, IntegerType, Type } from './types';
import { elementOf, f32, i1, i64, index, tensor } from './types';

export interface TypeConstraint {
  /** Completes "must be …". */
  readonly describe: string;
  readonly test: (type: Type) => boolean;
  /** The only type that passes, when there is just one. */
  readonly exact?: Type;
}

const constraint = (describe: string, test: (type: Type) => boolean): TypeConstraint => ({ describe, test });

export const anyType = constraint('any type', () => true);
export const anyTensor = constraint('a ranked tensor', (t) => t.kind === 'tensor');
export const anyMemref = constraint('a memref', (t) => t.kind === 'memref');
export const anyVector = constraint('a vector', (t) => t.kind === 'vector');
export const anyShaped = constraint(
  'a tensor, memref or vector',
  (t) => t.kind === 'tensor' || t.kind === 'memref' || t.kind === 'vector',
);
export const tensorOrMemref = constraint(
  'a tensor or memref',
  (t) => t.kind === 'tensor' || t.kind === 'memref',
);
export const exactType = (type: Type): TypeConstraint => ({
  describe: type.text,
  test: (t) => t === type,
  exact: type,
});
export const indexType = exactType(index);
export const boolType = exactType(i1);
export const anyInteger = constraint(
  'an integer or index',
  (t) => t.kind === 'integer' || t.kind === 'index',
);
export const floatScalar = constraint('a float', (t) => t.kind === 'float');
/** A float, or a vector or tensor of floats. */
export const floatLike = constraint(
  'float-like',
  (t) => elementOf(t).kind === 'float' && t.kind !== 'memref',
);
/** A signless integer or index, or a vector or tensor of them. */
export const integerLike = constraint(
  'signless-integer-like',
  (t) => t.kind !== 'memref' && (elementOf(t).kind === 'index' || isSignless(elementOf(t))),
);
export const boolLike = constraint('bool-like', (t) => t.kind !== 'memref' && elementOf(t) === i1);
const isSignless = (t: Type): boolean => t.kind === 'integer' && t.signedness === 'signless';
export const tensorOf = (...elements: readonly Type[]): TypeConstraint =>
  constraint(
    `a tensor of ${elements.map((e) => e.text).join(' or ')}`,
    (t) => t.kind === 'tensor' && elements.includes(t.element),
  );
export const floatTensor = constraint(
  'a tensor of floats',
  (t) => t.kind === 'tensor' && t.element.kind === 'float',
);
export const eitherOf = (...options: readonly TypeConstraint[]): TypeConstraint =>
  constraint(options.map((o) => o.describe).join(' or '), (t) => options.some((o) => o.test(t)));
/** A type of one dialect without a class here, by prefix of its text. */
export const opaqueType = (prefix: string): TypeConstraint =>
  constraint(prefix, (t) => t.text.startsWith(prefix));

/** Between an attribute and the value that code works with. `read` gives undefined when the attribute does not fit. */
export interface AttributeCodec<T> {
  /** Completes "must be …". */
  readonly describe: string;
  readonly read: (attribute: Attribute) => T | undefined;
  // A method, so that codecs of different T share one table.
  write(value: T): Attribute;
  /** For enumerations: the words that the custom form writes bare. */
  readonly keywords?: readonly string[];
  /** Several keywords at once, joined by commas. */
  readonly several?: boolean;
  /** Says all by its presence; the custom form writes nothing for it. */
  readonly presence?: boolean;
  /** The type that the custom form leaves out (`2` for i64 written without `: i64`). */
  readonly bareType?: Type;
}

export const anyAttr: AttributeCodec<Attribute> = {
  describe: 'an attribute',
  read: (a) => a,
  write: (v) => v,
};
/** An integer of the given type as a JavaScript number. */
export const integerOf = (type: IntegerType): AttributeCodec<number> => ({
  describe: `an ${type.text}`,
  read: (a) => (a.kind === 'integer' ? Number(a.value) : undefined),
  write: (v) => integerAttr(v, type),
  bareType: type,
});
export const int: AttributeCodec<number> = integerOf(i64);
export const indexInt: AttributeCodec<number> = {
  describe: 'an index',
  read: (a) => (a.kind === 'integer' ? Number(a.value) : undefined),
  write: (v) => integerAttr(v, index),
};
export const floatOf = (type: FloatType): AttributeCodec<number> => ({
  describe: `an ${type.text}`,
  read: (a) => (a.kind === 'float' ? a.value : undefined),
  write: (v) => floatAttr(v, type),
  bareType: type,
});
export const number32: AttributeCodec<number> = floatOf(f32);
export const bool: AttributeCodec<boolean> = {
  describe: 'a bool',
  read: (a) => (a.kind === 'bool' ? a.value : undefined),
  write: boolAttr,
};
/** Present or absent. Use with `defaultAttr(unit, false)`; false is never written. */
export const unit: AttributeCodec<boolean> = {
  describe: 'a unit attribute',
  read: (a) => (a.kind === 'unit' ? true : undefined),
  write: () => unitAttr,
  presence: true,
};
export const text: AttributeCodec<string> = {
  describe: 'a string',
  read: (a) => (a.kind === 'string' ? a.value : undefined),
  write: stringAttr,
};
export const typeOf: AttributeCodec<Type> = {
  describe: 'a type',
  read: (a) => (a.kind === 'type' ? a.type : undefined),
  write: typeAttr,
};
export const symbol: AttributeCodec<string> = {
  describe: 'a symbol reference',
  read: (a) => (a.kind === 'symbol' && a.nested.length === 0 ? a.root : undefined),
  write: (v) => symbolRef(v),
};
/** A list of i64, written `array<i64: …>`; also reads `[…]` and dense integers. */
export const ints: AttributeCodec<readonly number[]> = {
  describe: 'an array of i64',
  read: numbersOf,
  write: (v) => denseArray(i64, v),
};
/** A list of i64, written `[1, 2]` with typed elements. */
export const intList: AttributeCodec<readonly number[]> = {
  describe: 'a list of i64',
  read: numbersOf,
  write: (v) => arrayAttr(v.map(i64Attr)),
};
/** Integers as `dense<…> : tensor<Nxi64>`, a splat spread out; also reads the array forms. */
export const denseInts: AttributeCodec<readonly number[]> = {
  describe: 'dense i64 elements',
  read: numbersOf,
  write: (v) => denseElements(tensor([v.length], i64), v),
};
/** A list of lists of i64, written `[[0, 1], [2]]`. */
export const intLists: AttributeCodec<readonly (readonly number[])[]> = {
  describe: 'a list of lists of i64',
  read: (a) => {
    if (a.kind !== 'array') return undefined;
    const out = a.elements.flatMap((e) => {
      const list = numbersOf(e);
      return list === undefined ? [] : [list];
    });
    return out.length === a.elements.length ? out : undefined;
  },
  write: (v) => arrayAttr(v.map((list) => arrayAttr(list.map(i64Attr)))),
};
export const floats: AttributeCodec<readonly number[]> = {
  describe: 'an array of f32',
  read: (a) => (a.kind === 'dense_array' && a.element.kind === 'float' ? a.values.map(Number) : undefined),
  write: (v) => denseArray(f32, v),
};
export const strings: AttributeCodec<readonly string[]> = {
  describe: 'a list of strings',
  read: (a) => {
    if (a.kind !== 'array') return undefined;
    const out = a.elements.flatMap((e) => (e.kind === 'string' ? [e.value] : []));
    return out.length === a.elements.length ? out : undefined;
  },
  write: (v) => arrayAttr(v.map(stringAttr)),
};
export const affineMap: AttributeCodec<AffineMap> = {
  describe: 'an affine map',
  read: (a) => (a.kind === 'affine_map' ? a.map : undefined),
  write: affineMapAttr,
};
export const affineMaps: AttributeCodec<readonly AffineMap[]> = {
  describe: 'a list of affine maps',
  read: (a) => {
    if (a.kind !== 'array') return undefined;
    const out = a.elements.flatMap((e) => (e.kind === 'affine_map' ? [e.map] : []));
    return out.length === a.elements.length ? out : undefined;
  },
  write: (v) => arrayAttr(v.map(affineMapAttr)),
};
export const dictionary: AttributeCodec<DictionaryAttr> = {
  describe: 'a dictionary',
  read: (a) => (a.kind === 'dictionary' ? a : undefined),
  write: (v) => v,
};
/** A string out of a fixed set. */
export const oneOf = <const W extends readonly string[]>(...words: W): AttributeCodec<W[number]> => ({
  describe: `one of ${words.map((w) => `"${w}"`).join(', ')}`,
  read: (a) => (a.kind === 'string' && words.includes(a.value) ? a.value : undefined),
  write: (v) => stringAttr(v),
  keywords: words,
});
/** An enumeration that upstream stores as an i64 (arith.cmpi predicates): words in the order of their numbers. */
export const numberedEnum = <const W extends readonly string[]>(
  words: W,
  type: IntegerType = i64,
): AttributeCodec<W[number]> => ({
  describe: `one of ${words.join(', ')} as ${type.text}`,
  read: (a) => (a.kind === 'integer' ? words[Number(a.value)] : undefined),
  write: (v) => integerAttr(words.indexOf(v), type),
  keywords: words,
});
/** An enumeration of a dialect: `#arith.fastmath<fast>`, `#vector.kind<add>`, `#linalg.iterator_type<parallel>`. */
export const dialectEnum = <const W extends readonly string[]>(
  dialect: string,
  mnemonic: string,
  ...words: W
): AttributeCodec<W[number]> => ({
  describe: `#${dialect}.${mnemonic}<${words.join('|')}>`,
  read: (a) => {
    if (a.kind !== 'dialect' || a.dialect !== dialect) return undefined;
    const word = a.body.startsWith(`${mnemonic}<`) ? a.body.slice(mnemonic.length + 1, -1).trim() : undefined;
    return words.find((w) => w === word);
  },
  write: (v) => ({
    kind: 'dialect',
    dialect,
    body: `${mnemonic}<${v}>`,
    text: `#${dialect}.${mnemonic}<${v}>`,
  }),
  keywords: words,
});
/** A set of flags of a dialect, `#arith.fastmath<nnan,ninf>`; the empty set is `none`. `separator` is MLIR's. */
export const dialectFlags = (
  dialect: string,
  mnemonic: string,
  separator: string,
  ...words: readonly string[]
): AttributeCodec<readonly string[]> => ({
  describe: `#${dialect}.${mnemonic}<…> of ${words.join(', ')}`,
  read: (a) => {
    if (a.kind !== 'dialect' || a.dialect !== dialect || !a.body.startsWith(`${mnemonic}<`)) return undefined;
    const found = a.body
      .slice(mnemonic.length + 1, -1)
      .split(',')
      .map((w) => w.trim());
    if (found.length === 1 && found[0] === 'none') return [];
    return found.every((w) => words.includes(w)) ? found : undefined;
  },
  write: (v) => {
    const body = `${mnemonic}<${v.length === 0 ? 'none' : v.join(separator)}>`;
    return { kind: 'dialect', dialect, body, text: `#${dialect}.${body}` };
  },
  keywords: ['none', ...words],
  several: true,
});
/** A list of enumeration attributes. */
export const listOf = <T>(codec: AttributeCodec<T>): AttributeCodec<readonly T[]> => ({
  describe: `a list: ${codec.describe}`,
  read: (a) => {
    if (a.kind !== 'array') return undefined;
    const out: T[] = [];
    for (const e of a.elements) {
      const v = codec.read(e);
      if (v === undefined) return undefined;
      out.push(v);
    }
    return out;
  },
  write: (v) => arrayAttr(v.map((x) => codec.write(x))),
});
