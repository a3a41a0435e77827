/** `scf`: structured control flow: loops, conditions and parallel ranges. Upstream dialect. */
import type { Attribute } from '../attributes';
import type { CustomAssembly, ParsedOperation } from '../assembly';
import { anyAttr, anyType, boolType, indexType, ints, anyInteger, anyTensor, unit } from '../constraints';
import { denseArray } from '../attributes';
import { attr, defaultAttr, defineOp, one, optionalAttr, variadic } from '../opDefinition';
import type { Block, Operation, Region, Value } from '../operation';
import type { OpParser, ParsedArgument, UnresolvedOperand } from '../parser/opParser';
import type { OpPrinter } from '../printer/opPrinter';
import type { Dialect } from '../registry';
import type { Type } from '../types';
import { i32, index } from '../types';
import type { MixedIndex, ParsedMixed } from './mixedIndices';
import { mixedIndices, mixedProblem, parseMixed, printMixed, staticIndices } from './mixedIndices';
import { printBindings, printBody, withTerminator } from './regions';
import {
  compileFor,
  compileForall,
  evaluateExecuteRegion,
  evaluateIf,
  evaluateParallel,
  evaluateWhile,
} from './scfSemantics';

const typeTexts = (values: readonly Value[]): string => values.map((v) => v.type.text).join(', ');
const typesText = (types: readonly Type[]): string => types.map((t) => t.text).join(', ');

/** ` -> (a, b)`; with `bare`, one type stands without brackets. */
function printArrow(p: OpPrinter, types: readonly Type[], bare = false): void {
  if (types.length === 0) return;
  p.word('->');
  if (bare && types.length === 1) p.type(types[0]!);
  else p.word(`(${typesText(types)})`);
}

interface Binding {
  readonly name: string;
  readonly offset: number;
  readonly init: UnresolvedOperand;
}
/** `keyword(%a = %x, …)` when present. */
function parseBindings(p: OpParser): readonly Binding[] {
  return p.commaList('(', ')', () => {
    const { name, offset } = p.argumentName();
    p.expect('=');
    return { name, offset, init: p.operand() };
  });
}
const asArguments = (bindings: readonly Binding[], types: readonly Type[]): ParsedArgument[] =>
  bindings.map((b, i) => ({ name: b.name, offset: b.offset, type: types[i] ?? index }));
function resolveInits(p: OpParser, bindings: readonly Binding[], types: readonly Type[]): Value[] {
  if (types.length !== bindings.length)
    throw p.problem(`${bindings.length} values are carried, ${types.length} types are given`);
  return bindings.map((b, i) => p.resolve(b.init, types[i]!));
}
const bodyOf = (op: Operation, i = 0): Block | undefined => op.region(i).blocks[0];

const forAssembly: CustomAssembly = {
  print: (op, p) => {
    const [lower, upper, step, ...inits] = op.operands;
    const args = bodyOf(op)!.args;
    if (op.attr('unsignedCmp') !== undefined) p.word('unsigned');
    p.operand(args[0]!);
    p.word('=');
    p.operand(lower!);
    p.word('to');
    p.operand(upper!);
    p.word('step');
    p.operand(step!);
    if (inits.length > 0) {
      p.word('iter_args');
      printBindings(p, args.slice(1), inits);
      printArrow(
        p,
        inits.map((v) => v.type),
      );
    }
    if (lower!.type !== index) {
      p.word(':');
      p.type(lower!.type);
    }
    printBody(p, op.region());
    p.attributeDictionary(op, { elide: new Set(['unsignedCmp']) });
  },
  parse: (p) => {
    const unsigned = p.optional('unsigned');
    const induction = p.argumentName();
    p.expect('=');
    const lower = p.operand();
    p.expect('to');
    const upper = p.operand();
    p.expect('step');
    const step = p.operand();
    const bindings = p.optional('iter_args') ? parseBindings(p) : [];
    const types = bindings.length > 0 ? p.optionalArrowTypes() : [];
    const type = p.optional(':') ? p.type() : index;
    const operands = [...p.resolveAll([lower, upper, step], type), ...resolveInits(p, bindings, types)];
    const region = p.region([{ ...induction, type }, ...asArguments(bindings, types)]);
    const attributes = p.attributeDictionary();
    if (unsigned) attributes.set('unsignedCmp', unit.write(true));
    return { operands, resultTypes: types, regions: [withTerminator(p, region, 'scf.yield')], attributes };
  },
};

const yieldsOf = (block: Block | undefined): readonly Value[] | undefined =>
  block?.last?.name === 'scf.yield' ? block.last.operands : undefined;

export const forOp = defineOp({
  name: 'scf.for',
  summary: 'a loop over a half-open range that carries values',
  doc: 'Runs the body for `lowerBound`, `lowerBound + step`, … below `upperBound`; `step` is positive. The body receives the induction variable and the carried values and yields the next ones.',
  operands: {
    lowerBound: one(anyInteger, 'the first value of the induction variable'),
    upperBound: one(anyInteger, 'the end of the range, not reached'),
    step: one(anyInteger, 'positive distance between iterations'),
    initArgs: variadic(anyType, 'carried values at the start'),
  },
  attrs: { unsignedCmp: defaultAttr(unit, false, 'whether bounds compare as unsigned integers') },
  results: { finals: variadic(anyType, 'carried values after the last iteration') },
  regions: ['body'],
  traits: ['singleBlock'],
  assembly: forAssembly,
  verify: ({ op, lowerBound, upperBound, step, initArgs }) => {
    if (upperBound.type !== lowerBound.type || step.type !== lowerBound.type)
      return `bounds and step need one type, found ${typeTexts([lowerBound, upperBound, step])}`;
    const body = bodyOf(op);
    const expected = typeTexts([lowerBound, ...initArgs]);
    if (body === undefined || typeTexts(body.args) !== expected)
      return `the body takes (${typeTexts(body?.args ?? [])}), expected (${expected})`;
    const carried = typeTexts(initArgs);
    if (typeTexts(op.results) !== carried)
      return `the results are (${typeTexts(op.results)}), the carried values are (${carried})`;
    const yields = yieldsOf(body);
    return yields !== undefined && typeTexts(yields) !== carried
      ? `the body yields (${typeTexts(yields)}), the carried values are (${carried})`
      : undefined;
  },
  compile: compileFor,
});

const ifAssembly: CustomAssembly = {
  print: (op, p) => {
    p.operand(op.operand(0));
    printArrow(
      p,
      op.results.map((r) => r.type),
    );
    printBody(p, op.region(0));
    if (op.region(1).blocks.length > 0) {
      p.word('else');
      printBody(p, op.region(1));
    }
    p.attributeDictionary(op);
  },
  parse: (p) => {
    const condition = p.resolve(p.operand(), boolType.exact!);
    const resultTypes = p.optionalArrowTypes();
    const then = withTerminator(p, p.region([]), 'scf.yield');
    const otherwise = p.optional('else') ? withTerminator(p, p.region([]), 'scf.yield') : p.emptyRegion();
    return {
      operands: [condition],
      resultTypes,
      regions: [then, otherwise],
      attributes: p.attributeDictionary(),
    };
  },
};

export const ifOp = defineOp({
  name: 'scf.if',
  summary: 'runs one of two regions',
  operands: { condition: one(boolType, 'chooses `then` when true') },
  results: { outputs: variadic(anyType, 'what the region that ran yields') },
  regions: ['then', 'else'],
  traits: ['singleBlock'],
  assembly: ifAssembly,
  verify: ({ op, outputs }) => {
    if (op.region(0).blocks.length === 0) return 'needs a then region';
    if (outputs.length > 0 && op.region(1).blocks.length === 0)
      return 'has results and so needs an else region';
    for (const r of op.regions) {
      const yields = yieldsOf(r.blocks[0]);
      if (yields !== undefined && typeTexts(yields) !== typeTexts(outputs))
        return `a region yields (${typeTexts(yields)}), the results are (${typeTexts(outputs)})`;
    }
    return undefined;
  },
  evaluate: evaluateIf,
});

const whileAssembly: CustomAssembly = {
  print: (op, p) => {
    if (op.operands.length > 0) {
      p.raw(' ');
      printBindings(p, bodyOf(op)!.args, op.operands);
    }
    p.word(':');
    p.functionalType(
      op.operands.map((v) => v.type),
      op.results.map((r) => r.type),
    );
    printBody(p, op.region(0), true);
    p.word('do');
    p.region(op.region(1), {});
    p.attributeDictionary(op, { keyword: true });
  },
  parse: (p) => {
    const bindings = p.at('(') ? parseBindings(p) : [];
    p.expect(':');
    const type = p.functionType();
    const operands = resolveInits(p, bindings, type.inputs);
    const before = p.region(asArguments(bindings, type.inputs));
    p.expect('do');
    const after = p.region();
    return {
      operands,
      resultTypes: type.results,
      regions: [before, after],
      attributes: p.attributeDictionary(true),
    };
  },
};

export const whileOp = defineOp({
  name: 'scf.while',
  summary: 'a loop with a condition region and a body region',
  operands: { inits: variadic(anyType, 'first arguments of the condition region') },
  results: { finals: variadic(anyType, 'what scf.condition forwards when false') },
  regions: ['before', 'after'],
  traits: ['singleBlock'],
  assembly: whileAssembly,
  verify: ({ op, inits, finals }) => {
    const [before, after] = [bodyOf(op, 0), bodyOf(op, 1)];
    if (before === undefined || after === undefined) return 'needs a condition region and a body region';
    if (typeTexts(before.args) !== typeTexts(inits))
      return `the condition region takes (${typeTexts(before.args)}), it is given (${typeTexts(inits)})`;
    if (before.last?.name !== 'scf.condition') return 'the condition region must end in scf.condition';
    const forwarded = typeTexts(before.last.operands.slice(1));
    if (forwarded !== typeTexts(finals))
      return `scf.condition forwards (${forwarded}), the results are (${typeTexts(finals)})`;
    if (forwarded !== typeTexts(after.args))
      return `the body takes (${typeTexts(after.args)}), scf.condition forwards (${forwarded})`;
    const yields = yieldsOf(after);
    return yields !== undefined && typeTexts(yields) !== typeTexts(inits)
      ? `the body yields (${typeTexts(yields)}), the condition region takes (${typeTexts(inits)})`
      : undefined;
  },
  evaluate: evaluateWhile,
});

export const condition = defineOp({
  name: 'scf.condition',
  summary: 'ends the condition region of scf.while',
  operands: {
    condition: one(boolType, 'goes on when true'),
    args: variadic(anyType, 'given to the body, or to the results'),
  },
  traits: ['terminator', 'pure'],
  assembly: '`(` $condition `)` attr-dict ($args^ `:` type($args))?',
});

export const yieldOp = defineOp({
  name: 'scf.yield',
  summary: 'ends a region with the values that it gives',
  operands: { values: variadic(anyType) },
  traits: ['terminator', 'pure'],
  assembly: 'attr-dict ($values^ `:` type($values))?',
});

interface Range {
  readonly lower: readonly MixedIndex[];
  readonly upper: readonly MixedIndex[];
  readonly step: readonly MixedIndex[];
}
/** Bounds and steps of an scf.forall, one entry per dimension. */
export function forallRange(op: Operation): Range {
  const v = forall.view(op);
  return {
    lower: mixedIndices(v.staticLowerBound, v.dynamicLowerBound),
    upper: mixedIndices(v.staticUpperBound, v.dynamicUpperBound),
    step: mixedIndices(v.staticStep, v.dynamicStep),
  };
}

const forallBounds = new Set(['staticLowerBound', 'staticUpperBound', 'staticStep']);
const forallAssembly: CustomAssembly = {
  print: (op, p) => {
    const { lower, upper, step } = forallRange(op);
    const { outputs } = forall.view(op);
    const args = bodyOf(op)!.args;
    p.raw(' (');
    p.operands(args.slice(0, upper.length));
    p.raw(')');
    if (lower.every((x) => x === 0) && step.every((x) => x === 1)) printMixed(p, upper, ' in (', ')');
    else {
      printMixed(p, lower, ' = (', ')');
      printMixed(p, upper, ' to (', ')');
      printMixed(p, step, ' step (', ')');
    }
    if (outputs.length > 0) {
      p.word('shared_outs');
      printBindings(p, args.slice(upper.length), outputs);
      printArrow(
        p,
        outputs.map((v) => v.type),
      );
    }
    printBody(p, op.region());
    p.attributeDictionary(op, { elide: forallBounds });
  },
  parse: (p) => {
    const names = p.commaList('(', ')', () => p.argumentName());
    const none: readonly UnresolvedOperand[] = [];
    let lower: ParsedMixed = { statics: names.map(() => 0), operands: none };
    let step: ParsedMixed = { statics: names.map(() => 1), operands: none };
    let upper: ParsedMixed;
    if (p.optional('in')) upper = parseMixed(p, '(', ')');
    else {
      p.expect('=');
      lower = parseMixed(p, '(', ')');
      p.expect('to');
      upper = parseMixed(p, '(', ')');
      p.expect('step');
      step = parseMixed(p, '(', ')');
    }
    const bindings = p.optional('shared_outs') ? parseBindings(p) : [];
    const types = bindings.length > 0 ? p.optionalArrowTypes() : [];
    const operands = [
      ...p.resolveAll([...lower.operands, ...upper.operands, ...step.operands], index),
      ...resolveInits(p, bindings, types),
    ];
    const region = p.region([...names.map((n) => ({ ...n, type: index })), ...asArguments(bindings, types)]);
    const attributes = p.attributeDictionary();
    attributes.set('staticLowerBound', staticIndices(lower.statics));
    attributes.set('staticUpperBound', staticIndices(upper.statics));
    attributes.set('staticStep', staticIndices(step.statics));
    const sizes = [lower.operands.length, upper.operands.length, step.operands.length, bindings.length];
    attributes.set('operandSegmentSizes', denseArray(i32, sizes));
    return {
      operands,
      resultTypes: types,
      regions: [withTerminator(p, region, 'scf.forall.in_parallel')],
      attributes,
    };
  },
};

export const forall = defineOp({
  name: 'scf.forall',
  summary: 'a parallel range: the body runs once per point, in any order',
  doc: 'Iterations do not depend on one another. With `shared_outs`, each writes its slice of a result in `scf.forall.in_parallel`.',
  operands: {
    dynamicLowerBound: variadic(indexType),
    dynamicUpperBound: variadic(indexType),
    dynamicStep: variadic(indexType),
    outputs: variadic(anyTensor, 'what the results start from'),
  },
  attrs: {
    staticLowerBound: attr(ints),
    staticUpperBound: attr(ints),
    staticStep: attr(ints),
    mapping: optionalAttr(anyAttr, 'which processing units run the dimensions'),
  },
  results: { results: variadic(anyTensor) },
  regions: ['body'],
  traits: ['singleBlock'],
  assembly: forallAssembly,
  verify: ({
    op,
    staticLowerBound,
    staticUpperBound,
    staticStep,
    dynamicLowerBound,
    dynamicUpperBound,
    dynamicStep,
    outputs,
    results,
  }) => {
    const rank = staticUpperBound.length;
    if (staticLowerBound.length !== rank || staticStep.length !== rank)
      return 'bounds and steps need one length';
    const problem =
      mixedProblem('the lower bound', staticLowerBound, dynamicLowerBound.length) ??
      mixedProblem('the upper bound', staticUpperBound, dynamicUpperBound.length) ??
      mixedProblem('the step', staticStep, dynamicStep.length);
    if (problem !== undefined) return problem;
    const body = bodyOf(op);
    const expected = typesText([...staticUpperBound.map(() => index), ...outputs.map((v) => v.type)]);
    if (body === undefined || typeTexts(body.args) !== expected)
      return `the body takes (${typeTexts(body?.args ?? [])}), expected (${expected})`;
    if (typeTexts(results) !== typeTexts(outputs))
      return `the results are (${typeTexts(results)}), shared_outs are (${typeTexts(outputs)})`;
    return body.last?.name === 'scf.forall.in_parallel'
      ? undefined
      : 'the body must end in scf.forall.in_parallel';
  },
  compile: (view, compiler) => compileForall(view, forallRange(view.op), compiler),
});

const inParallelAssembly: CustomAssembly = {
  print: (op, p) => {
    p.region(op.region(), {});
    p.attributeDictionary(op);
  },
  parse: (p) => ({ regions: [p.region([])], attributes: p.attributeDictionary() }),
};
export const inParallel = defineOp({
  name: 'scf.forall.in_parallel',
  summary: 'ends an scf.forall; holds the slices that the iteration writes',
  regions: ['body'],
  traits: ['terminator', 'noTerminator', 'singleBlock'],
  assembly: inParallelAssembly,
});

const parallelAssembly: CustomAssembly = {
  print: (op, p) => {
    const { lowerBound, upperBound, step, initVals } = parallel.view(op);
    const group = (word: string, values: readonly Value[]): void => {
      p.raw(`${word}(`);
      p.operands(values);
      p.raw(')');
    };
    group(' ', bodyOf(op)!.args);
    group(' = ', lowerBound);
    group(' to ', upperBound);
    group(' step ', step);
    if (initVals.length > 0) group(' init ', initVals);
    printArrow(
      p,
      op.results.map((r) => r.type),
      true,
    );
    printBody(p, op.region(), true);
    p.attributeDictionary(op);
  },
  parse: (p) => {
    const names = p.commaList('(', ')', () => p.argumentName());
    p.expect('=');
    const lower = p.operandList('(', ')');
    p.expect('to');
    const upper = p.operandList('(', ')');
    p.expect('step');
    const step = p.operandList('(', ')');
    const inits = p.optional('init') ? p.operandList('(', ')') : [];
    const types = p.optionalArrowTypes();
    const operands = [...p.resolveAll([...lower, ...upper, ...step], index), ...p.resolveAll(inits, types)];
    const region = p.region(names.map((n) => ({ ...n, type: index })));
    const attributes = p.attributeDictionary();
    attributes.set(
      'operandSegmentSizes',
      denseArray(i32, [lower.length, upper.length, step.length, inits.length]),
    );
    return { operands, resultTypes: types, regions: [withTerminator(p, region, 'scf.reduce')], attributes };
  },
};
export const parallel = defineOp({
  name: 'scf.parallel',
  summary: 'a parallel range with reductions',
  operands: {
    lowerBound: variadic(indexType),
    upperBound: variadic(indexType),
    step: variadic(indexType),
    initVals: variadic(anyType),
  },
  results: { results: variadic(anyType) },
  regions: ['body'],
  traits: ['singleBlock'],
  assembly: parallelAssembly,
  verify: ({ op, lowerBound, upperBound, step, initVals, results }) => {
    const rank = lowerBound.length;
    if (rank === 0 || upperBound.length !== rank || step.length !== rank || bodyOf(op)?.args.length !== rank)
      return 'needs one lower bound, upper bound, step and argument per dimension';
    if (typeTexts(initVals) !== typeTexts(results))
      return `the results are (${typeTexts(results)}), init is (${typeTexts(initVals)})`;
    const last = bodyOf(op)?.last;
    if (last?.name !== 'scf.reduce') return 'the body must end in scf.reduce';
    return typeTexts(last.operands) === typeTexts(results)
      ? undefined
      : `scf.reduce has (${typeTexts(last.operands)}), the results are (${typeTexts(results)})`;
  },
  evaluate: evaluateParallel,
});

const reduceAssembly: CustomAssembly = {
  print: (op, p) => {
    if (op.operands.length > 0) {
      p.raw('(');
      p.operands(op.operands);
      p.word(':');
      p.types(op.operands.map((v) => v.type));
      p.raw(')');
    }
    op.regions.forEach((r, i) => {
      if (i > 0) p.raw(',');
      p.region(r, {});
    });
    p.attributeDictionary(op);
  },
  parse: (p): ParsedOperation => {
    let operands: Value[] = [];
    if (p.optional('(')) {
      const values = p.optionalOperands(Infinity);
      p.expect(':');
      operands = p.resolveAll(values, p.typeList());
      p.expect(')');
    }
    const regions: Region[] = [];
    if (operands.length > 0) {
      do regions.push(p.region());
      while (p.optional(','));
    }
    return {
      operands,
      regions,
      attributes: p.attributeDictionary() as Iterable<readonly [string, Attribute]>,
    };
  },
};
export const reduce = defineOp({
  name: 'scf.reduce',
  summary: 'ends an scf.parallel; says how its values join over iterations',
  operands: { operands: variadic(anyType, 'one per reduction') },
  regions: ['reductions*'],
  traits: ['terminator', 'singleBlock'],
  assembly: reduceAssembly,
  verify: ({ op, operands }) => {
    if (op.regions.length !== operands.length)
      return `has ${operands.length} operands and ${op.regions.length} regions`;
    const bad = operands.findIndex(
      (v, i) => bodyOf(op, i)?.args.length !== 2 || bodyOf(op, i)!.args.some((a) => a.type !== v.type),
    );
    return bad < 0
      ? undefined
      : `reduction ${bad} must take two arguments of type ${operands[bad]!.type.text}`;
  },
});
export const reduceReturn = defineOp({
  name: 'scf.reduce.return',
  summary: 'ends a reduction with the joined value',
  operands: { value: one(anyType) },
  traits: ['terminator', 'pure'],
  assembly: '$value attr-dict `:` type($value)',
});

const executeRegionAssembly: CustomAssembly = {
  print: (op, p) => {
    printArrow(
      p,
      op.results.map((r) => r.type),
      true,
    );
    if (op.attr('no_inline') !== undefined) p.word('no_inline');
    p.region(op.region(), {});
    p.attributeDictionary(op, { elide: new Set(['no_inline']) });
  },
  parse: (p) => {
    const resultTypes = p.optionalArrowTypes();
    const noInline = p.optional('no_inline');
    const region = p.region([]);
    const attributes = p.attributeDictionary();
    if (noInline) attributes.set('no_inline', unit.write(true));
    return { resultTypes, regions: [region], attributes };
  },
};
export const executeRegion = defineOp({
  name: 'scf.execute_region',
  summary: 'runs a region of several blocks once',
  attrs: { no_inline: defaultAttr(unit, false) },
  results: { outputs: variadic(anyType) },
  regions: ['region'],
  assembly: executeRegionAssembly,
  evaluate: evaluateExecuteRegion,
});

export const scfDialect: Dialect = {
  name: 'scf',
  summary: 'Structured control flow: loops, conditions and parallel ranges.',
  ops: [
    forOp,
    ifOp,
    whileOp,
    condition,
    yieldOp,
    forall,
    inParallel,
    parallel,
    reduce,
    reduceReturn,
    executeRegion,
  ],
  upstream: true,
};
