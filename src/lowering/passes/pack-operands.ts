/**
 * Copies the right side of a contraction that is computed, not constant, to panels before the kernel that reads it, where
 * the kernel goes over it often enough. A dispatch of its own does it, on all threads.
 */
import type { Builder, Operation, Value, types } from '../../ir';
import { AffineMap, affineDim, createOp, definePass, types as t } from '../../ir';
import * as arith from '../../ir/dialects/arith';
import { region, yieldOp } from '../../ir/dialects/dispatch';
import * as tensor from '../../ir/dialects/tensor';
import { isPhase, isPhased } from '../loops/phases';
import { mapsOf } from '../loops/readDispatch';
import { dimsIn } from '../rules/packing';
import type { Panels } from '../rules/panels';
import { panelsOf, panelType, readInPanels } from '../rules/panels';
import { buildElementwise, shapeOf } from '../rules/linalgGeneric';
import type { Target } from '../schedule/target';
import { targetOf } from '../schedule/target';

/** Results per element of the operand that pay for reading and writing it once more. */
const leastUses = 64;

interface Packing extends Panels {
  /** Operand of the dispatch. */
  readonly operand: number;
}

export const packOperands = definePass({
  name: 'pack-operands',
  summary: 'copies computed right sides of contractions to panels as wide as a register tile',
  doc: 'A kernel then reads each panel as one stream; rows of a matrix lie apart, often in the same sets of the caches. Done where an operand is larger than the first-level cache and each of its elements is read for many results.',
  anchor: 'builtin.module',
  run: (module, { rewriter }) => {
    const target = targetOf(module);
    for (const op of module.find((o) => region.is(o) && o.attr('schedule') === undefined && !isPhase(o))) {
      const packing = packingOf(op, target);
      if (packing === undefined) continue;
      rewriter.apply({
        rule: 'pack-operands',
        root: packing.root,
        build: (b) => {
          readCopied(op, packing, b);
          return readInPanels(packing, b);
        },
      });
    }
  },
});

function packingOf(op: Operation, target: Target): Packing | undefined {
  if (isPhased(op)) return undefined;
  const panels = panelsOf(op, target);
  if (panels === undefined) return undefined;
  const { root, input } = panels;
  const value = root.operand(input);
  if (value.kind !== 'argument' || value.uses.size !== 1) return undefined;
  const source = op.operand(value.index);
  if (source.definingOp !== undefined && arith.constant.is(source.definingOp)) return undefined;
  const maps = mapsOf(root);
  const own = new Set(maps[input]!.results.flatMap(dimsIn));
  const result = root.result().type as types.TensorType;
  // Rows: results that differ only in what the operand does not know.
  const rows = maps[maps.length - 1]!.results.reduce(
    (n, e, d) => (dimsIn(e).some((x) => own.has(x)) ? n : n * result.shape[d]!),
    1,
  );
  const bytes = t.byteSize(value.type as types.TensorType) ?? 0;
  return rows >= leastUses && bytes > target.l1 ? { ...panels, operand: value.index } : undefined;
}

/** Lets the dispatch read a copy of its operand in panels, which a dispatch before it makes. */
function readCopied(op: Operation, p: Packing, b: Builder): void {
  const { operand, position, width } = p;
  const source = op.operand(operand);
  const type = source.type as types.TensorType;
  const shape = type.shape.flatMap((n, d) => (d === position ? [n / width, width] : [n]));
  const split = t.tensor(shape, type.element);
  const groups = type.shape.map((_, d) => (d < position ? [d] : d === position ? [d, d + 1] : [d + 1]));
  const expand = createOp(
    tensor.expandShape,
    { src: source, reassociation: groups, static_output_shape: shape, output_shape: [] },
    b.location,
    { resultTypes: [split] },
  );
  op.block!.insertBefore(expand, op);
  const panels = panelType(type, p);
  const name = region.view(op).sym_name;
  const copy = createOp(
    region,
    { inputs: [expand.result()], sym_name: `${name}_panels_${width}` },
    b.location,
    {
      resultTypes: [panels],
      regions: [
        b.region([split], ([x]) => {
          b.op(yieldOp, { values: [copied(b, x!, position, panels)] });
        }),
      ],
    },
  );
  op.block!.insertBefore(copy, op);
  op.setOperand(operand, copy.result());
  op.body().args[operand]!.type = panels;
}

/** `[…, panel, within, …]` as `[panel, …, within]`. */
function copied(b: Builder, value: Value, position: number, panels: types.TensorType): Value {
  const rank = panels.shape.length;
  const sources = shapeOf(value).map((_, d) =>
    affineDim(d === position ? 0 : d === position + 1 ? rank - 1 : d < position ? d + 1 : d - 1),
  );
  const map = new AffineMap(rank, 0, sources);
  return buildElementwise(b, [{ value, map }], panels.shape, panels.element, (_, [x]) => x!);
}
