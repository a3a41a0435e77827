/** `affine`: index arithmetic by affine maps. Upstream dialect; its loops are not used here. */
import { affineMapAttr } from '../attributes';
import type { AffineMap } from '../affine';
import type { CustomAssembly } from '../assembly';
import { affineMap, indexType } from '../constraints';
import type { EvaluationContext } from '../interpreter/runtimeValue';
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
    evaluate: (
      { map, mapOperands }: { map: AffineMap; mapOperands: readonly Value[] },
      context: EvaluationContext,
    ) => {
      const values = mapOperands.map((v) => Number(context.get(v)));
      const results = map.evaluate(values.slice(0, map.numDims), values.slice(map.numDims));
      return [join === undefined ? results[0]! : join(results)];
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
