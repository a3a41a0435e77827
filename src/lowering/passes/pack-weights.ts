/**
 * Stores the constant weights of contractions in panels: as many neighbouring outputs as a register tile has, in the
 * order in which the kernel reads them. The reduction gets two loops for the packed one, its result is collapsed.
 */
import type { Builder, Operation, PassContext, Value, types } from '../../ir';
import { definePass, types as t } from '../../ir';
import type { PackedWeights } from '../rules/packing';
import { constantBehind, packConstants, readPacked, resourceOf } from '../rules/packing';
import type { Panels } from '../rules/panels';
import { panelsOf, panelType, readInPanels } from '../rules/panels';
import type { Target } from '../schedule/target';

interface Packing extends PackedWeights, Panels {}

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
  const panels = panelsOf(op, target);
  const weights = panels && constantBehind(op, panels.root.operand(panels.input));
  return weights && { ...panels, ...weights };
}

/** Builds the reduction on packed weights in place of the old one; its result in the old shape. */
function rewrite(
  op: Operation,
  p: Packing,
  b: Builder,
  { resources }: PassContext,
  packed: Map<string, string>,
): readonly Value[] {
  const { position, width } = p;
  const weights = p.constant.result().type as types.TensorType;
  const key = resourceOf(p.constant);
  const name =
    packed.get(`${key}/${position}/${width}`) ??
    resources.add(`${key}.panels_${width}`, panels(resources.get(key), weights, position, width));
  packed.set(`${key}/${position}/${width}`, name);
  readPacked(op, p, name, panelType(weights, p), b);
  return readInPanels(p, b);
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
