/** `func`: functions, calls and returns. Upstream dialect. */
import type { Attribute } from '../attributes';
import { arrayAttr, dictionaryAttr, entriesText, stringAttr, typeAttr } from '../attributes';
import type { CustomAssembly } from '../assembly';
import { anyAttr, anyType, symbol, text, typeOf, unit } from '../constraints';
import type { EvaluationContext } from '../interpreter/runtimeValue';
import { attr, defaultAttr, defineOp, optionalAttr, variadic } from '../opDefinition';
import type { Operation } from '../operation';
import type { OpParser, ParsedArgument } from '../parser/opParser';
import type { OpPrinter } from '../printer/opPrinter';
import type { Dialect } from '../registry';
import type { FunctionType, Type } from '../types';
import { functionType } from '../types';

const shownElsewhere = new Set([
  'sym_name',
  'sym_visibility',
  'function_type',
  'arg_attrs',
  'res_attrs',
  'no_inline',
]);

/** The attribute dictionary of argument or result `i`, when it has entries. */
const dictionaryAt = (list: Attribute | undefined, i: number): Attribute | undefined => {
  const d = list?.kind === 'array' ? list.elements[i] : undefined;
  return d?.kind === 'dictionary' && d.entries.size > 0 ? d : undefined;
};

function printSignature(op: Operation, p: OpPrinter): void {
  const type = signatureOf(op);
  const body = op.region().blocks[0];
  p.glue();
  p.word('(');
  type.inputs.forEach((t, i) => {
    if (i > 0) p.raw(',');
    const arg = body?.args[i];
    if (arg === undefined) p.type(t);
    else p.argument(arg);
    const extra = dictionaryAt(op.attr('arg_attrs'), i);
    if (extra !== undefined) p.attribute(extra);
    if (arg !== undefined) p.argumentLocation(arg);
  });
  p.raw(')');
  if (type.results.length === 0) return;
  p.word('->');
  const attributed = type.results.some((_, i) => dictionaryAt(op.attr('res_attrs'), i) !== undefined);
  if (type.results.length === 1 && !attributed && type.results[0]!.kind !== 'function') {
    p.type(type.results[0]!);
    return;
  }
  p.word('(');
  type.results.forEach((t, i) => {
    if (i > 0) p.raw(',');
    p.type(t);
    const extra = dictionaryAt(op.attr('res_attrs'), i);
    if (extra?.kind === 'dictionary') p.word(`{${entriesText(extra.entries)}}`);
  });
  p.raw(')');
}

interface Signature {
  readonly args: readonly ParsedArgument[];
  readonly inputs: readonly Type[];
  readonly results: readonly Type[];
  readonly argAttrs: readonly ReadonlyMap<string, Attribute>[];
  readonly resAttrs: readonly ReadonlyMap<string, Attribute>[];
}

function parseSignature(p: OpParser): Signature {
  const args: ParsedArgument[] = [];
  const inputs: Type[] = [];
  const argAttrs: Map<string, Attribute>[] = [];
  p.commaList('(', ')', () => {
    if (p.atOperand()) {
      const { name, offset } = p.argumentName();
      p.expect(':');
      const type = p.type();
      argAttrs.push(p.attributeDictionary());
      const location = p.optionalLocation();
      args.push({ name, offset, type, ...(location === undefined ? {} : { location }) });
      inputs.push(type);
    } else {
      inputs.push(p.type());
      argAttrs.push(p.attributeDictionary());
    }
  });
  const results: Type[] = [];
  const resAttrs: Map<string, Attribute>[] = [];
  if (p.optional('->')) {
    const one = (): void => {
      results.push(p.type());
      resAttrs.push(p.attributeDictionary());
    };
    if (p.at('(')) p.commaList('(', ')', one);
    else results.push(p.type());
  }
  return { args, inputs, results, argAttrs, resAttrs };
}

const dictionaries = (list: readonly ReadonlyMap<string, Attribute>[]): Attribute | undefined =>
  list.some((d) => d.size > 0) ? arrayAttr(list.map((d) => dictionaryAttr(d))) : undefined;

const funcAssembly: CustomAssembly = {
  print: (op, p) => {
    const visibility = op.attr('sym_visibility');
    if (visibility?.kind === 'string') p.word(visibility.value);
    p.symbol(symbolNameOf(op));
    printSignature(op, p);
    p.attributeDictionary(op, { elide: shownElsewhere, keyword: true });
    if (op.region().blocks.length > 0) p.region(op.region(), { hideEntryArguments: true });
  },
  parse: (p) => {
    const visibility = ['private', 'public', 'nested'].find((v) => p.optional(v));
    const name = p.symbol();
    const s = parseSignature(p);
    const attributes = p.attributeDictionary(true);
    attributes.set('sym_name', stringAttr(name));
    attributes.set('function_type', typeAttr(functionType(s.inputs, s.results)));
    if (visibility !== undefined) attributes.set('sym_visibility', stringAttr(visibility));
    const argAttrs = dictionaries(s.argAttrs);
    const resAttrs = dictionaries(s.resAttrs);
    if (argAttrs !== undefined) attributes.set('arg_attrs', argAttrs);
    if (resAttrs !== undefined) attributes.set('res_attrs', resAttrs);
    return { attributes, regions: [p.at('{') ? p.region(s.args) : p.emptyRegion()] };
  },
};

/** `@name` of an op with the `symbol` trait. */
export function symbolNameOf(op: Operation): string {
  const name = op.attr('sym_name');
  if (name?.kind !== 'string') throw new TypeError(`${op.name} has no symbol name`);
  return name.value;
}
export function signatureOf(op: Operation): FunctionType {
  const t = op.attr('function_type');
  if (t?.kind !== 'type' || t.type.kind !== 'function')
    throw new TypeError(`${op.name} has no function type`);
  return t.type;
}

export const func = defineOp({
  name: 'func.func',
  summary: 'a function with a name and, unless it is external, a body',
  attrs: {
    sym_name: attr(text),
    function_type: attr(typeOf),
    sym_visibility: optionalAttr(text),
    arg_attrs: optionalAttr(anyAttr),
    res_attrs: optionalAttr(anyAttr),
    no_inline: defaultAttr(unit, false),
  },
  regions: ['body'],
  traits: ['symbol', 'isolated', 'noProvenance'],
  assembly: funcAssembly,
  verify: ({ op, function_type }) => {
    if (function_type.kind !== 'function') return 'function_type must be a function type';
    const body = op.region().blocks[0];
    if (body === undefined) return undefined;
    const args = body.args.map((a) => a.type.text).join(', ');
    const inputs = function_type.inputs.map((t) => t.text).join(', ');
    return args === inputs ? undefined : `the entry block takes (${args}), the signature says (${inputs})`;
  },
});

export const returnOp = defineOp({
  name: 'func.return',
  summary: 'leaves the function with values',
  operands: { values: variadic(anyType) },
  traits: ['terminator', 'pure'],
  assembly: 'attr-dict ($values^ `:` type($values))?',
  verify: ({ op, values }) => {
    const parent = func.as(op.parentOp);
    if (parent?.function_type.kind !== 'function') return undefined;
    const found = values.map((v) => v.type.text).join(', ');
    const expected = parent.function_type.results.map((t) => t.text).join(', ');
    return found === expected ? undefined : `returns (${found}), the function's results are (${expected})`;
  },
});

export const call = defineOp({
  name: 'func.call',
  summary: 'calls a function of the module',
  operands: { arguments: variadic(anyType) },
  attrs: { callee: attr(symbol) },
  results: { outputs: variadic(anyType) },
  assembly: '$callee `(` $arguments `)` attr-dict `:` functional-type(operands, results)',
  evaluate: (view, context: EvaluationContext) =>
    context.call(
      view.callee,
      view.arguments.map((v) => context.get(v)),
    ),
});

export const funcDialect: Dialect = {
  name: 'func',
  summary: 'Functions, calls and returns.',
  ops: [func, returnOp, call],
  upstream: true,
};
