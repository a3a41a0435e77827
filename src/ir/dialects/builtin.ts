/** `builtin`: the module, and casts that conversions leave behind. Upstream dialect. */
import { anyType, text } from '../constraints';
import type { CustomAssembly } from '../assembly';
import { toScalar } from '../interpreter/storage';
import { defineOp, optionalAttr, variadic } from '../opDefinition';
import type { Dialect } from '../registry';
import { elementOf } from '../types';

const moduleAssembly: CustomAssembly = {
  print: (op, p) => {
    const name = op.attr('sym_name');
    if (name?.kind === 'string') p.symbol(name.value);
    p.attributeDictionary(op, { elide: new Set(['sym_name']), keyword: true });
    p.region(op.region(), {});
  },
  parse: (p) => {
    const name = p.optionalSymbol();
    const attributes = p.attributeDictionary(true);
    if (name !== undefined) attributes.set('sym_name', text.write(name));
    return { attributes, regions: [p.region([])] };
  },
};

export const module = defineOp({
  name: 'builtin.module',
  summary: 'a top-level container of functions and other symbols',
  attrs: { sym_name: optionalAttr(text), sym_visibility: optionalAttr(text) },
  regions: ['body'],
  traits: ['symbolTable', 'symbol', 'isolated', 'noTerminator', 'singleBlock', 'graphRegion', 'noProvenance'],
  assembly: moduleAssembly,
});

export const unrealizedConversionCast = defineOp({
  name: 'builtin.unrealized_conversion_cast',
  summary: 'a cast between types of two systems during a conversion',
  doc: 'It runs between integers of one width: the bits stay, the sign is read anew.',
  operands: { inputs: variadic(anyType) },
  results: { outputs: variadic(anyType) },
  traits: ['pure', 'elementwise'],
  scalar: ({ op }) => {
    const to = elementOf(op.result(0).type);
    return { apply: (v) => toScalar(to, v) };
  },
  assembly: '($inputs^ `:` type($inputs))? `to` type($outputs) attr-dict',
});

export const builtinDialect: Dialect = {
  name: 'builtin',
  summary: 'Modules and conversion casts.',
  ops: [module, unrealizedConversionCast],
  upstream: true,
};
