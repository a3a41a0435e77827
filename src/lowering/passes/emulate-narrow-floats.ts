/**
 * `emulate-narrow-floats`: arithmetic on floats that the target only stores becomes arithmetic on f32, rounded after each
 * op. Upstream has it as `arith-emulate-unsupported-floats`.
 */
import type { Operation, Rule, Type, Value } from '../../ir';
import { definePass, Operation as Op, types } from '../../ir';
import * as arith from '../../ir/dialects/arith';

const native = new Set<Type>([types.f16, types.f32, types.f64]);
const isNarrow = (type: Type): boolean => type.kind === 'float' && !native.has(type);

/** Ops that move floats or convert them between widths. */
const kept = new Set(['arith.extf', 'arith.truncf', 'arith.bitcast', 'arith.select', 'arith.constant']);
const needsF32 = (op: Operation): boolean =>
  op.definition?.traits.has('elementwise') === true &&
  (op.dialect === 'arith' || op.dialect === 'math') &&
  !kept.has(op.name) &&
  [...op.operands, ...op.results].some((v) => isNarrow(v.type));

const emulate: Rule = {
  name: 'emulate-narrow-float',
  doc: 'f(x: bf16) → truncf(f(extf(x)))',
  roots: 'any',
  match: (op) =>
    needsF32(op)
      ? {
          build: (b) => {
            const wide = (v: Value): Value =>
              isNarrow(v.type) ? b.value(arith.extf, { in: v }, types.f32) : v;
            const operands = op.operands.map(wide);
            const made = new Op({
              name: op.name,
              definition: op.definition,
              operands,
              resultTypes: op.results.map((r) => (isNarrow(r.type) ? types.f32 : r.type)),
              attributes: op.attributes,
              location: b.location,
            });
            return b
              .insert(made)
              .results.map((r, i) =>
                r.type === op.result(i).type ? r : b.value(arith.truncf, { in: r }, op.result(i).type),
              );
          },
        }
      : undefined,
};

export const emulateNarrowFloats = definePass({
  name: 'emulate-narrow-floats',
  summary: 'take arithmetic on floats that are only stored to f32',
  doc: 'bf16 and the floats of 8 bits and less. Each op is done in f32 and its result is rounded, so that results are those of the narrow type.',
  anchor: 'func.func',
  rules: [emulate],
  run: (root, { rewriter }) => {
    rewriter.applyRules(root, [emulate]);
  },
});
