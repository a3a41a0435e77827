/** Canonicalisation rules of linalg ops. */
import type { Attribute, Rule, Value } from '../../ir';
import { decodeElements, floatAttr, integerAttr } from '../../ir';
import * as arith from '../../ir/dialects/arith';
import { fill, generic } from '../../ir/dialects/linalg';
import { pad } from '../../ir/dialects/tensor';
import {
  buildGeneric,
  emptyTensor,
  elementTypeOf,
  Generic,
  inlineBody,
  loopsAreKnown,
  shapeOf,
} from './linalgGeneric';
import { reshapeOf } from './tensorReshape';
import { paddingOf } from './tensor';

/** The one number that all elements are: of a splat constant, or of a fill with a constant. */
export function splatOf(value: Value): Attribute | undefined {
  const constant = arith.constant.defining(value);
  if (constant !== undefined) {
    const a = constant.value;
    if (a.kind !== 'dense' || (!a.splat && a.bytes.length === 0))
      return a.kind === 'float' || a.kind === 'integer' || a.kind === 'bool' ? a : undefined;
    const { element } = a.type;
    if (!a.splat) return undefined;
    const number = decodeElements(element, a.bytes)[0]!;
    if (element.kind === 'float') return floatAttr(Number(number), element);
    return element.kind === 'integer' || element.kind === 'index' ? integerAttr(number, element) : undefined;
  }
  const filled = fill.defining(value);
  return filled === undefined ? undefined : splatOf(filled.inputs[0]!);
}

const eraseCopy: Rule = {
  name: 'erase-copy',
  doc: 'a generic op that yields an input, read and written in one order → the input',
  roots: [generic],
  match: (op) => {
    const g = Generic.of(op);
    if (g?.isCopy !== true) return undefined;
    const source = g.inputs.find((i) => i.argument === g.yielded[0])!;
    const same = source.map.text === g.outputs[0]!.map.text && source.value.type === op.result().type;
    return same ? { build: () => [source.value] } : undefined;
  },
};

/** Rebuilds `g` with the inputs that `keep` says; `known` gives the scalar of those left out. */
function withInputs(
  g: Generic,
  keep: readonly boolean[],
  known: (index: number) => Attribute | undefined,
): ReturnType<Rule['match']> {
  const inputs = g.inputs.filter((_, i) => keep[i]);
  const maps = [...inputs, ...g.outputs].map((o) => o.map);
  if (!loopsAreKnown(maps, g.loops.length)) return undefined;
  return {
    build: (b) =>
      buildGeneric(b, {
        inputs,
        outputs: g.outputs,
        loops: g.loops,
        extra: g.extra,
        body: (inner, args, outs) => {
          let next = 0;
          const all = g.inputs.map((input, i) => {
            if (keep[i]!) return args[next++]!;
            const value = known(i);
            // An argument that nothing reads may be any value.
            return value === undefined
              ? outs[0]!
              : inner.value(arith.constant, { value }, elementTypeOf(input.value));
          });
          return inlineBody(inner, g.body, [...all, ...outs]);
        },
      }),
  };
}

const splatToScalar: Rule = {
  name: 'splat-to-scalar',
  doc: 'an input whose elements are all one number → that number in the body',
  roots: [generic],
  match: (op) => {
    const g = Generic.of(op);
    if (g === undefined) return undefined;
    const splats = g.inputs.map((i) => (i.argument.hasUses ? splatOf(i.value) : undefined));
    return splats.some((s) => s !== undefined)
      ? withInputs(
          g,
          splats.map((s) => s === undefined),
          (i) => splats[i],
        )
      : undefined;
  },
};

const dropUnusedInput: Rule = {
  name: 'drop-unused-input',
  doc: 'an input that the body does not read and no loop takes its extent from → gone',
  roots: [generic],
  match: (op) => {
    const g = Generic.of(op);
    if (g === undefined) return undefined;
    const used = g.inputs.map((i) => i.argument.hasUses);
    if (used.every((u) => u)) return undefined;
    for (let i = 0; i < used.length; i++) {
      if (used[i]!) continue;
      const patch = withInputs(
        g,
        used.map((_, j) => j !== i),
        () => undefined,
      );
      if (patch !== undefined) return patch;
    }
    return undefined;
  },
};

const mergeEqualInputs: Rule = {
  name: 'merge-equal-inputs',
  doc: 'one tensor read twice by one map → read once',
  roots: [generic],
  match: (op) => {
    const g = Generic.of(op);
    if (g === undefined) return undefined;
    const keys = new Set(g.inputs.map((i) => `${i.map.text}|${valueKey(i.value)}`));
    return keys.size === g.inputs.length
      ? undefined
      : withInputs(
          g,
          g.inputs.map(() => true),
          () => undefined,
        );
  },
};
const ids = new WeakMap<Value, number>();
let nextId = 0;
function valueKey(value: Value): number {
  let id = ids.get(value);
  if (id === undefined) ids.set(value, (id = nextId++));
  return id;
}

const reshapeOfFill: Rule = {
  name: 'reshape-of-fill',
  doc: 'reshape(fill(c)) → fill(c)',
  roots: [{ name: 'tensor.expand_shape' }, { name: 'tensor.collapse_shape' }],
  match: (op) => {
    const reshape = reshapeOf(op);
    const filled = fill.defining(reshape?.source);
    if (reshape === undefined || filled === undefined) return undefined;
    return {
      sources: [filled.op],
      build: (b) => {
        const destination = emptyTensor(b, shapeOf(reshape.result), elementTypeOf(reshape.result));
        return [b.value(fill, { inputs: filled.inputs, outputs: [destination] }, destination.type)];
      },
    };
  },
};

const padOfFill: Rule = {
  name: 'pad-of-fill',
  doc: 'pad(fill(c), c) → fill(c)',
  roots: [pad],
  match: (op) => {
    const padding = paddingOf(op);
    const filled = fill.defining(padding?.source);
    if (
      padding === undefined ||
      filled === undefined ||
      splatOf(filled.inputs[0]!)?.text !== padding.value.text
    )
      return undefined;
    return {
      sources: [filled.op],
      build: (b) => {
        const destination = emptyTensor(b, shapeOf(op.result()), elementTypeOf(op.result()));
        return [b.value(fill, { inputs: filled.inputs, outputs: [destination] }, destination.type)];
      },
    };
  },
};

export const linalgRules: readonly Rule[] = [
  eraseCopy,
  mergeEqualInputs,
  splatToScalar,
  dropUnusedInput,
  reshapeOfFill,
  padOfFill,
];
