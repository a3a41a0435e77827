/**
 * The right side of a contraction in panels: as many neighbouring outputs as a register tile has, in the order in which
 * the kernel reads them. Which operand is worth it, and the reduction that reads it. `pack-weights` stores constants so,
 * `pack-operands` copies what is computed.
 */
import type { AffineExpr, Builder, Operation, Value, types } from '../../ir';
import { AffineMap, affineDim, types as t } from '../../ir';
import * as linalg from '../../ir/dialects/linalg';
import { simplifyLoops } from '../loops/joinLoops';
import { isPlainDispatch } from '../loops/plainKernel';
import { mapsOf, readDispatch, reductionDims } from '../loops/readDispatch';
import { choosePanel } from '../schedule/chooseSchedule';
import type { Target } from '../schedule/target';
import { dimsIn, reduceInPanels } from './packing';

export interface Panels {
  readonly root: Operation;
  /** The reduction's operand. */
  readonly input: number;
  /** The dim of the root that is divided into panels, and where it is in the operand. */
  readonly dim: number;
  readonly position: number;
  readonly width: number;
}

/** The operand of a dispatch's reduction that panels suit: it has one row-like dim besides those of a batch. */
export function panelsOf(op: Operation, target: Target): Panels | undefined {
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
  if (!plain) return undefined;
  const position = maps[input]!.results.findIndex((e) => e.kind === 'dim' && e.index === dim);
  return { root, input, dim, position, width: panel.width };
}

/** The operand's type in panels: [panel, other dims …, within the panel]. */
export function panelType(type: types.TensorType, { position, width }: Panels): types.TensorType {
  const others = type.shape.filter((_, d) => d !== position);
  return t.tensor([type.shape[position]! / width, ...others, width], type.element);
}

/** Builds the reduction on an operand that is in panels in place of the old one; its result in the old shape. */
export function readInPanels({ root, input, dim, width }: Panels, b: Builder): readonly Value[] {
  const maps = mapsOf(root);
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
    if (i === input) {
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
