/** `affine`: index arithmetic by affine maps. Upstream dialect; its loops are not used here. */
import { affineMapAttr } from '../attributes';
import type { AffineExpr, AffineMap } from '../affine';
import { affineDim, evaluateAffine } from '../affine';
import type { CustomAssembly } from '../assembly';
import { affineMap, indexType } from '../constraints';
import type { Frame, Step, StepCompiler } from '../interpreter/runtimeValue';
import { attr, defineOp, one, variadic } from '../opDefinition';
import type { Value } from '../operation';
import type { Dialect } from '../registry';
import { index } from '../types';

const mapAssembly: CustomAssembly = {
  print: (op, p) => {
    const map = op.attr('map')!;
    const dims = map.kind === 'affine_map' ? map.map.numDims : 0;
    p.attribute(map);
    p.raw('(');
    p.operands(op.operands.slice(0, dims));
    p.raw(')');
    if (op.operands.length > dims) {
      p.raw('[');
      p.operands(op.operands.slice(dims));
      p.raw(']');
    }
    p.attributeDictionary(op, { elide: new Set(['map']) });
  },
  parse: (p) => {
    const map = p.affineMap();
    const operands = [...p.operandList('(', ')'), ...(p.at('[') ? p.operandList('[', ']') : [])];
    const attributes = p.attributeDictionary();
    attributes.set('map', affineMapAttr(map));
    return { operands: p.resolveAll(operands, index), resultTypes: [index], attributes };
  },
};

/** Computes an expression of dims and symbols, whose values are in `slots`, dims first. */
function expression(e: AffineExpr, slots: readonly number[], dims: number): (frame: Frame) => number {
  if (e.kind === 'constant') {
    const { value } = e;
    return () => value;
  }
  if (e.kind === 'dim' || e.kind === 'symbol') {
    const slot = slots[e.kind === 'dim' ? e.index : dims + e.index]!;
    return (frame) => Number(frame[slot]);
  }
  const [a, b] = [expression(e.lhs, slots, dims), expression(e.rhs, slots, dims)];
  switch (e.kind) {
    case 'add':
      return (frame) => a(frame) + b(frame);
    case 'mul':
      return (frame) => a(frame) * b(frame);
    case 'mod':
    case 'floordiv':
    case 'ceildiv': {
      const binary = e.kind;
      const operands: [number, number] = [0, 0];
      const whole = { kind: binary, lhs: affineDim(0), rhs: affineDim(1) } as AffineExpr;
      return (frame) => {
        operands[0] = a(frame);
        operands[1] = b(frame);
        return evaluateAffine(whole, operands);
      };
    }
  }
}

const declaration = <const Name extends string>(
  name: Name,
  summary: string,
  join: ((values: readonly number[]) => number) | undefined,
) =>
  ({
    name,
    summary,
    operands: { mapOperands: variadic(indexType, 'dims, then symbols') },
    attrs: { map: attr(affineMap) },
    results: { result: one(indexType) },
    traits: ['pure', 'noProvenance'],
    assembly: mapAssembly,
    infer: () => [index],
    verify: ({ map, mapOperands }: { map: AffineMap; mapOperands: readonly Value[] }) => {
      if (join === undefined && map.results.length !== 1)
        return `the map has ${map.results.length} results, expected 1`;
      if (map.results.length === 0) return 'the map has no results';
      const expected = map.numDims + map.numSymbols;
      return expected === mapOperands.length
        ? undefined
        : `the map takes ${expected} values, ${mapOperands.length} are given`;
    },
    compile: (
      view: {
        readonly map: AffineMap;
        readonly mapOperands: readonly Value[];
        readonly result: Value;
      },
      compiler: StepCompiler,
    ): Step => {
      const { map } = view;
      const slots = view.mapOperands.map((v) => compiler.slot(v));
      const out = compiler.slot(view.result);
      const results = map.results.map((e) => expression(e, slots, map.numDims));
      const [only] = results;
      if (results.length === 1)
        return (frame) => {
          frame[out] = only!(frame);
        };
      return (frame) => {
        frame[out] = join!(results.map((r) => r(frame)));
      };
    },
  }) as const;

export const apply = defineOp(
  declaration('affine.apply', 'the value of an affine map with one result', undefined),
);
export const min = defineOp(
  declaration('affine.min', 'the least result of an affine map', (v) => Math.min(...v)),
);
export const max = defineOp(
  declaration('affine.max', 'the greatest result of an affine map', (v) => Math.max(...v)),
);

export const affineDialect: Dialect = {
  name: 'affine',
  summary: 'Index arithmetic by affine maps.',
  ops: [apply, min, max],
  upstream: true,
};
