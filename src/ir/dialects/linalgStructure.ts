/** What all `linalg` ops have in common: operands with maps over a loop space, and a scalar body. */
import type { AffineMap } from '../affine';
import { evaluateAffine } from '../affine';
import type { Attribute } from '../attributes';
import { numbersOf } from '../attributes';
import type { Work } from '../opDefinition';
import type { Structured } from '../interpreter/structured';
import { loopExtents } from '../interpreter/structured';
import type { Operation, Value } from '../operation';
import type { Type } from '../types';
import { byteSize, DYNAMIC, elementOf, isShaped, isStatic } from '../types';
import { namedMaps } from './linalgMaps';

/** How many of the operands are inputs. */
export function inputCountOf(op: Operation): number {
  const sizes = numbersOf(op.attr('operandSegmentSizes'));
  return sizes?.[0] ?? op.operands.length - 1;
}

/** The op as loops; named ops get the maps that their name means. */
export function structuredOf(op: Operation): Structured {
  const count = inputCountOf(op);
  const operands = op.operands;
  const given = mapsIn(op.attr('indexing_maps'));
  const iterators = op.attr('iterator_types');
  const named = given !== undefined && iterators !== undefined ? undefined : namedMaps(op);
  return {
    op,
    inputs: operands.slice(0, count),
    outputs: operands.slice(count),
    maps: given ?? named!.maps,
    reductions:
      iterators?.kind === 'array'
        ? iterators.elements.map((e) => e.text.includes('reduction'))
        : named!.reductions,
    body: op.region(),
  };
}
function mapsIn(a: Attribute | undefined): readonly AffineMap[] | undefined {
  return a?.kind === 'array'
    ? a.elements.flatMap((e) => (e.kind === 'affine_map' ? [e.map] : []))
    : undefined;
}

export const shapeOfType = (t: Type): readonly number[] => (isShaped(t) ? t.shape : []);

/** Names the first thing that is wrong with maps, shapes or body. */
export function structuredProblem(op: Operation): string | undefined {
  const s = structuredOf(op);
  const operands = [...s.inputs, ...s.outputs];
  const loops = s.reductions.length;
  if (s.outputs.length === 0) return 'needs an output';
  if (s.maps.length !== operands.length)
    return `has ${operands.length} operands and ${s.maps.length} indexing maps`;
  for (const [i, map] of s.maps.entries()) {
    const rank = shapeOfType(operands[i]!.type).length;
    if (map.numDims !== loops) return `indexing map ${i} has ${map.numDims} dims, there are ${loops} loops`;
    if (map.results.length !== rank)
      return `indexing map ${i} gives ${map.results.length} indices for operand ${i} of type ${operands[i]!.type.text}`;
  }
  return extentProblem(s, operands) ?? bodyProblem(s, operands);
}
function extentProblem(s: Structured, operands: readonly Value[]): string | undefined {
  const shapes = operands.map((v) => shapeOfType(v.type));
  const alone = new Set(s.maps.flatMap((m) => m.results.flatMap((r) => (r.kind === 'dim' ? [r.index] : []))));
  const unknown = s.reductions.findIndex((_, d) => !alone.has(d));
  if (unknown >= 0)
    return `the extent of loop d${unknown} cannot be told: no operand has a dimension that it alone indexes`;
  const extents = loopExtents(s.maps, shapes, s.reductions.length);
  if (!isStatic(extents) || extents.includes(0)) return undefined;
  const last = extents.map((e) => e - 1);
  for (const [i, map] of s.maps.entries()) {
    for (const [d, r] of map.results.entries()) {
      const size = shapes[i]![d]!;
      if (size === DYNAMIC) continue;
      const reached = evaluateAffine(r, last);
      const fits = r.kind === 'dim' ? reached === size - 1 : reached < size;
      if (!fits)
        return `loops of extents [${extents.join(', ')}] reach index ${reached} of dimension ${d} of operand ${i}, which is ${operands[i]!.type.text}`;
    }
  }
  return undefined;
}
function bodyProblem(s: Structured, operands: readonly Value[]): string | undefined {
  const [block] = s.body.blocks;
  if (block === undefined) return 'needs a body';
  const expected = operands.map((v) => elementOf(v.type).text).join(', ');
  const found = block.args.map((a) => a.type.text).join(', ');
  if (expected !== found) return `the body takes (${found}), the operands have elements (${expected})`;
  const last = block.last;
  if (last?.name !== 'linalg.yield') return 'the body must end in linalg.yield';
  const yielded = last.operands.map((v) => v.type.text).join(', ');
  const outputs = s.outputs.map((v) => elementOf(v.type).text).join(', ');
  if (yielded !== outputs) return `the body yields (${yielded}), the outputs have elements (${outputs})`;
  for (const op of block.ops) {
    const dim = op.name === 'linalg.index' ? op.attr('dim') : undefined;
    if (dim?.kind === 'integer' && Number(dim.value) >= s.reductions.length)
      return `linalg.index ${dim.value} in ${s.reductions.length} loops`;
  }
  return undefined;
}

/** Points of the loop space times the work of the body; bytes of operands, an output counted as read when the body reads it. */
export function structuredWork(op: Operation): Work | undefined {
  const s = structuredOf(op);
  const operands = [...s.inputs, ...s.outputs];
  const extents = loopExtents(
    s.maps,
    operands.map((v) => shapeOfType(v.type)),
    s.reductions.length,
  );
  if (!isStatic(extents)) return undefined;
  const points = extents.reduce((a, b) => a * b, 1);
  const [block] = s.body.blocks;
  const flops = (block?.ops ?? []).reduce((n, o) => n + (o.definition?.work(o)?.flops ?? 0), 0);
  const bytes = (v: Value): number => (isShaped(v.type) ? (byteSize(v.type) ?? 0) : 0);
  const outputsRead = s.outputs.filter((_, i) => block?.args[s.inputs.length + i]?.hasUses === true);
  return {
    flops: flops * points,
    bytesRead: [...s.inputs, ...outputsRead].reduce((n, v) => n + bytes(v), 0),
    bytesWritten: s.outputs.reduce((n, v) => n + bytes(v), 0),
  };
}
