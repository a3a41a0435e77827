/** Pieces of custom assembly that several `vector` ops share. */
import type { Attribute } from '../attributes';
import { numbersOf } from '../attributes';
import type { CustomAssembly } from '../assembly';
import type { AttributeCodec } from '../constraints';
import { i64Array } from '../attributes';
import type { OpParser } from '../parser/opParser';
import type { OpPrinter } from '../printer/opPrinter';
import type { Type, VectorType } from '../types';
import { elementOf } from '../types';

export const combiningKinds = [
  'add',
  'mul',
  'minui',
  'minsi',
  'minnumf',
  'maxui',
  'maxsi',
  'maxnumf',
  'and',
  'or',
  'xor',
  'minimumf',
  'maximumf',
] as const;
export type CombiningKind = (typeof combiningKinds)[number];

/** `#vector.kind<add>`. */
export const combiningKind: AttributeCodec<CombiningKind> = {
  describe: '#vector.kind<…>',
  read: (a) =>
    a.kind === 'dialect' && a.dialect === 'vector'
      ? combiningKinds.find((k) => a.body === `kind<${k}>`)
      : undefined,
  write: (v) => ({ kind: 'dialect', dialect: 'vector', body: `kind<${v}>`, text: `#vector.kind<${v}>` }),
  keywords: combiningKinds,
};

/** Flags between the angle brackets of `#arith.fastmath<…>`; `none` when there are none. */
export const fastMath: AttributeCodec<string> = {
  describe: '#arith.fastmath<…>',
  read: (a) =>
    a.kind === 'dialect' && a.dialect === 'arith' && a.body.startsWith('fastmath<')
      ? a.body.slice(9, -1)
      : undefined,
  write: (v) => ({
    kind: 'dialect',
    dialect: 'arith',
    body: `fastmath<${v}>`,
    text: `#arith.fastmath<${v}>`,
  }),
};

/** `#vector.iterator_type<parallel>`; also reads the word that the custom form has. */
export const iteratorTypes: AttributeCodec<readonly ('parallel' | 'reduction')[]> = {
  describe: 'a list of "parallel" or "reduction"',
  read: (a) => {
    if (a.kind !== 'array') return undefined;
    const words = a.elements.map((e) => {
      const word =
        e.kind === 'string'
          ? e.value
          : e.kind === 'dialect'
            ? /^iterator_type<(\w+)>$/.exec(e.body)?.[1]
            : undefined;
      return word === 'parallel' || word === 'reduction' ? word : undefined;
    });
    return words.every((w) => w !== undefined) ? words : undefined;
  },
  write: (v) => {
    const elements = v.map((w): Attribute => ({
      kind: 'dialect',
      dialect: 'vector',
      body: `iterator_type<${w}>`,
      text: `#vector.iterator_type<${w}>`,
    }));
    return { kind: 'array', elements, text: `[${elements.map((e) => e.text).join(', ')}]` };
  },
};

export const vectorType = (t: Type): VectorType => {
  if (t.kind !== 'vector') throw new TypeError(`${t.text} is no vector`);
  return t;
};

/** ` [1, 2]` of an i64 array. */
export function printInts(p: OpPrinter, a: Attribute | undefined): void {
  p.raw(` [${(numbersOf(a) ?? []).join(', ')}]`);
}
export const parseInts = (p: OpParser): Attribute => i64Array(p.commaList('[', ']', () => p.integer()));

/** `%v, [1, 0] : type` and ` to type` where `joint` says so. */
export const withInts = (name: string, comma: boolean, joint: string): CustomAssembly => ({
  print: (op, p) => {
    p.operands(op.operands);
    if (comma) p.raw(',');
    printInts(p, op.attr(name));
    p.attributeDictionary(op, { elide: new Set([name]) });
    p.word(':');
    p.types(op.operands.map((v) => v.type));
    if (joint !== '') {
      p.word(joint);
      p.types(op.results.map((v) => v.type));
    }
  },
  parse: (p, definition) => {
    const operands = p.optionalOperands(Infinity);
    if (comma) p.expect(',');
    const list = parseInts(p);
    const attributes = p.attributeDictionary();
    attributes.set(name, list);
    p.expect(':');
    const values = p.resolveAll(operands, p.typeList());
    if (joint === '')
      return { operands: values, resultTypes: p.inferResults(definition, values, attributes), attributes };
    p.expect(joint);
    return { operands: values, resultTypes: p.typeList(), attributes };
  },
});

/** The vector or scalar left when the first `depth` dimensions of `t` are indexed. */
export function innerType(
  t: VectorType,
  depth: number,
  make: (shape: readonly number[], element: Type, scalable?: readonly boolean[]) => VectorType,
): Type {
  return depth === t.shape.length
    ? elementOf(t)
    : make(t.shape.slice(depth), t.element, t.scalable.slice(depth));
}
