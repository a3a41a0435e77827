/**
 * Stores the constant weights of contractions in panels: as many neighbouring outputs as a register tile has, in the
 * order in which the kernel reads them. The reduction gets two loops for the packed one, its result is collapsed.
 */
import type { AffineExpr, Builder, Operation, PassContext, Value, types } from '../../ir';
import { AffineMap, affineDim, definePass, types as t } from '../../ir';
import * as linalg from '../../ir/dialects/linalg';
import { simplifyLoops } from '../loops/joinLoops';
import { mapsOf, readDispatch, reductionDims } from '../loops/readDispatch';
import { choosePanel } from '../schedule/chooseSchedule';
import type { Target } from '../schedule/target';
import { isPlainDispatch } from '../loops/plainKernel';
import type { PackedWeights } from '../rules/packing';
import {
  constantBehind,
  dimsIn,
  packConstants,
  readPacked,
  reduceInPanels,
  resourceOf,
} from '../rules/packing';

interface Packing extends PackedWeights {
  /** The reduction's operand. */
  readonly input: number;
  /** The dim of the root that is divided into panels. */
  readonly dim: number;
  readonly width: number;
}

export const packWeights = definePass({
  name: 'pack-weights',
  summary: 'stores constant weights in panels as wide as a register tile',
  doc: 'A kernel then reads each panel as one stream. Done for contractions whose weights are a constant of the host and have no other row-like dim but those of a batch.',
  anchor: 'builtin.module',
  run: (module, context) => {
    packConstants(module, context, 'pack-weights', packingOf, rewrite);
  },
});

function packingOf(op: Operation, target: Target): Packing | undefined {
  if (isPlainDispatch(op)) return undefined;
  const root = op.body().ops.find((o) => linalg.generic.is(o) && reductionDims(o).includes(true));
  if (
    root === undefined ||
    root.results.length !== 1 ||
    root.body().ops.some((o) => linalg.linalgIndex.is(o))
  )
    return undefined;
  const kernel = simplifyLoops(readDispatch(op));
  const panel = choosePanel(kernel, target);
  const name = panel === undefined ? undefined : /^d(\d+)$/.exec(kernel.loops[panel.loop]!.name)?.[1];
  if (panel === undefined || name === undefined) return undefined;
  const dim = Number(name);
  const maps = mapsOf(root);
  const reductions = reductionDims(root);
  const at = (m: AffineMap): readonly AffineExpr[] =>
    m.results.filter((e) => e.kind === 'dim' && e.index === dim);
  const users = maps.flatMap((m, i) => (m.results.some((e) => dimsIn(e).includes(dim)) ? [i] : []));
  const { inputs } = linalg.generic.view(root);
  // The weights and the result have the dim, on its own; nothing else does.
  const input = users[0];
  if (users.length !== 2 || input === undefined || input >= inputs.length || users[1] !== inputs.length)
    return undefined;
  if (users.some((u) => at(maps[u]!).length !== 1) || !maps[input]!.isProjectedPermutation) return undefined;
  const sizes = t.isShaped(inputs[input]!.type) ? inputs[input]!.type.shape : [];
  const shared = (d: number): boolean => maps.every((m) => m.results.some((e) => dimsIn(e).includes(d)));
  const plain = maps[input]!.results.every(
    (e, r) =>
      e.kind === 'dim' && (e.index === dim || reductions[e.index]! || sizes[r] === 1 || shared(e.index)),
  );
  const weights = plain ? constantBehind(op, inputs[input]!) : undefined;
  return weights && { root, input, ...weights, dim, width: panel.width };
}

/** Builds the reduction on packed weights in place of the old one; its result in the old shape. */
function rewrite(
  op: Operation,
  p: Packing,
  b: Builder,
  { resources }: PassContext,
  packed: Map<string, string>,
): readonly Value[] {
  const { root, dim, width } = p;
  const maps = mapsOf(root);
  const weights = p.constant.result().type as types.TensorType;
  const position = maps[p.input]!.results.findIndex((e) => e.kind === 'dim' && e.index === dim);
  const shape = [weights.shape[position]! / width, ...weights.shape.filter((_, d) => d !== position), width];
  const type = t.tensor(shape, weights.element);

  const key = resourceOf(p.constant);
  const name =
    packed.get(`${key}/${position}/${width}`) ??
    resources.add(`${key}.panels_${width}`, panels(resources.get(key), weights, position, width));
  packed.set(`${key}/${position}/${width}`, name);
  readPacked(op, p, name, type, b);

  // Dim `dim` becomes the panel; a last dim runs within it.
  const inner = maps[0]!.numDims;
  const panelDims = (m: AffineMap, change: (results: AffineExpr[], at: number) => void): AffineMap => {
    const results = [...m.results];
    change(
      results,
      results.findIndex((e) => e.kind === 'dim' && e.index === dim),
    );
    return new AffineMap(inner + 1, 0, results);
  };
  const inputs = root.operands.slice(0, -1);
  const newMaps = maps.map((m, i) => {
    if (i === p.input) {
      return panelDims(m, (results, at) => {
        const [panel] = results.splice(at, 1);
        results.unshift(panel!);
        results.push(affineDim(inner));
      });
    }
    if (i === inputs.length)
      return panelDims(m, (results, at) => results.splice(at + 1, 0, affineDim(inner)));
    return new AffineMap(inner + 1, 0, m.results);
  });
  const outAt = maps[inputs.length]!.results.findIndex((e) => e.kind === 'dim' && e.index === dim);
  const old = root.result().type as types.TensorType;
  const wide = old.shape.flatMap((n, d) => (d === outAt ? [n / width, width] : [n]));
  const groups = old.shape.map((_, d) => (d < outAt ? [d] : d === outAt ? [d, d + 1] : [d + 1]));
  return reduceInPanels(root, newMaps, ['parallel'], t.tensor(wide, old.element), groups, b);
}

/** Weights with dim `position` divided into panels: [panel, other dims …, within the panel]. */
function panels(bytes: Uint8Array, type: types.TensorType, position: number, width: number): Uint8Array {
  const size = t.storageBytes(type.element);
  const before = type.shape.slice(0, position).reduce((a, n) => a * n, 1);
  const after = type.shape.slice(position + 1).reduce((a, n) => a * n, 1);
  const count = type.shape[position]! / width;
  const out = new Uint8Array(bytes.byteLength);
  if (after === 1) {
    const run = width * size;
    for (let panel = 0; panel < count; panel++) {
      for (let i = 0; i < before; i++) {
        const from = (i * count + panel) * run;
        out.set(bytes.subarray(from, from + run), (panel * before + i) * run);
      }
    }
    return out;
  }
  for (let i = 0; i < before; i++) {
    for (let f = 0; f < type.shape[position]!; f++) {
      const panel = Math.floor(f / width);
      for (let j = 0; j < after; j++) {
        const from = ((i * type.shape[position]! + f) * after + j) * size;
        const to = (((panel * before + i) * after + j) * width + (f % width)) * size;
        out.set(bytes.subarray(from, from + size), to);
      }
    }
  }
  return out;
}
