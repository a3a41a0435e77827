import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { OpDefinition, Type, Value } from '../../src/ir';
import { Block, Operation, types, unknownLoc } from '../../src/ir';
import { registry } from '../../src/ir/dialects/index';
import { evaluateOp } from '../../src/ir/interpreter/evaluateOp';
import type {
  EvaluationContext,
  RuntimeValue,
  Scalar,
  ShapedValue,
} from '../../src/ir/interpreter/runtimeValue';
import { domainOf, toScalar } from '../../src/ir/interpreter/storage';
import { getElement, tensorOf } from '../../src/ir/interpreter/tensor';
import { numbersOf } from '../../src/ir';
import { randomNumbers } from '../randomInputs';

const ops = [...registry.ops];

/** Ops that another op or the interpreter itself gives meaning to. */
const partsOfOthers = new Set([
  'builtin.module',
  'func.func',
  'memref.global',
  'linalg.index',
  'tensor.parallel_insert_slice',
]);
/** Ops that stand between two type systems, or in a form that is converted before anything runs. */
const neverRun = new Set(['builtin.unrealized_conversion_cast', 'torch.operator', 'torch.constant.none']);

describe('every declared op', () => {
  it('has a summary of one line without a full stop', () => {
    const bad = ops.filter(
      (op) => op.summary === '' || op.summary.includes('\n') || op.summary.endsWith('.'),
    );
    assert.deepEqual(
      bad.map((op) => op.name),
      [],
    );
  });
  it('can be interpreted, unless it is a terminator or part of another op', () => {
    const bad = ops.filter(
      (op) =>
        !op.canEvaluate &&
        !op.traits.has('terminator') &&
        !partsOfOthers.has(op.name) &&
        !neverRun.has(op.name),
    );
    assert.deepEqual(
      bad.map((op) => op.name),
      [],
    );
  });
  it('has a custom form when its dialect is upstream', () => {
    const bad = ops.filter(
      (op) => registry.dialects.get(op.name.split('.')[0]!)!.upstream && op.assembly === undefined,
    );
    assert.deepEqual(
      bad.map((op) => op.name),
      [],
    );
  });
  it('declares traits that fit together', () => {
    for (const op of ops) {
      const { traits } = op;
      const has = (...names: readonly Parameters<typeof traits.has>[0][]): boolean =>
        names.every((n) => traits.has(n));
      assert.ok(!has('pure', 'writes') && !has('pure', 'allocates'), `${op.name} is pure and has effects`);
      assert.ok(
        !has('terminator') || Object.keys(op.results).length === 0,
        `${op.name} ends a block and has results`,
      );
      assert.ok(
        !has('constantLike') || 'value' in op.attrs,
        `${op.name} is a constant without a value attribute`,
      );
      assert.ok(!has('symbol') || 'sym_name' in op.attrs, `${op.name} is a symbol without sym_name`);
      assert.ok(
        !has('commutative') || Object.keys(op.operands).length >= 1,
        `${op.name} is commutative without operands`,
      );
      assert.ok(
        !has('elementwise') || Object.keys(op.results).length === 1,
        `${op.name} is elementwise without one result`,
      );
    }
  });
});

// Elementwise ops, built with every combination of a few element types that their declaration accepts.

const elements: readonly Type[] = [
  types.f32,
  types.f64,
  types.f16,
  types.bf16,
  types.i1,
  types.i8,
  types.i32,
  types.i64,
  types.index,
];
const lengths = { scalar: 0, tensor: 37, vector: 5 } as const;
type Form = keyof typeof lengths;
const inForm = (t: Type, form: Form): Type =>
  form === 'scalar'
    ? t
    : form === 'tensor'
      ? types.tensor([lengths.tensor], t)
      : types.vector([lengths.vector], t);

function attributesFor(def: OpDefinition): Operation['attributes'] {
  const attributes = new Map();
  for (const [name, spec] of Object.entries(def.attrs)) {
    if (!spec.required || spec.fallback !== undefined) continue;
    const { keywords } = spec.codec;
    assert.ok(
      keywords !== undefined,
      `${def.name} has the attribute ${name}, which this test cannot make up`,
    );
    attributes.set(name, spec.codec.write(keywords[Math.floor(keywords.length / 2)]));
  }
  return attributes;
}
function instances(def: OpDefinition, form: Form): Operation[] {
  const specs = Object.values(def.operands);
  const combinations = (n: number): Type[][] =>
    n === 0
      ? [[]]
      : combinations(n - 1).flatMap((list) =>
          elements.filter((t) => specs[n - 1]!.constraint.test(t)).map((t) => [...list, t]),
        );
  return combinations(specs.length).flatMap((list) =>
    elements.flatMap((result) => instance(def, list, result, form) ?? []),
  );
}
function instance(
  def: OpDefinition,
  operandElements: readonly Type[],
  resultElement: Type,
  form: Form,
): Operation | undefined {
  const operandTypes = operandElements.map((t) => inForm(t, form));
  const resultType = inForm(resultElement, form);
  const attributes = attributesFor(def);
  if (!Object.values(def.results)[0]!.constraint.test(resultType)) return undefined;
  const one = def.traits.has('sameType') || def.traits.has('sameOperandTypes');
  if (one && new Set(operandTypes).size > 1) return undefined;
  const inferred = def.infer(operandTypes, attributes);
  if (inferred !== undefined && inferred[0] !== resultType) return undefined;
  const op = new Operation({
    name: def.name,
    definition: def,
    operands: new Block(operandTypes).args,
    resultTypes: [resultType],
    attributes,
    location: unknownLoc,
  });
  return def.verifyOp(op) === undefined ? op : undefined;
}
/** Values that the op is defined on: no division by zero, no negative shift. */
function sample(type: Type, next: () => number, nonZero: boolean): Scalar {
  if (domainOf(type) === 'float') return toScalar(type, (2 * next() - 1) * 4);
  const v = Math.floor(next() * 7) + (nonZero ? 1 : 0);
  return toScalar(type, type === types.i1 ? (nonZero ? 1 : v & 1) : v);
}
const contextOf = (values: ReadonlyMap<Value, RuntimeValue>): EvaluationContext => {
  const refuse = (): never => assert.fail('not needed');
  return { get: (v) => values.get(v)!, runRegion: refuse, call: refuse, resource: refuse, global: refuse };
};
const evaluate = (op: Operation, operands: readonly RuntimeValue[]): RuntimeValue =>
  evaluateOp(op, contextOf(new Map(op.operands.map((v, i) => [v, operands[i]!]))))[0]!;

describe('every elementwise op', () => {
  const scalarOps = ops.filter(
    (def) => def.traits.has('elementwise') && (def.name.startsWith('arith.') || def.name.startsWith('math.')),
  );
  for (const def of scalarOps) {
    it(`${def.name} does to tensors and vectors what it does to scalars`, () => {
      const next = randomNumbers(7);
      let tried = 0;
      for (const form of ['tensor', 'vector'] as const) {
        for (const op of instances(def, form)) {
          const scalar = instance(
            def,
            op.operands.map((v) => types.elementOf(v.type)),
            types.elementOf(op.result(0).type),
            'scalar',
          );
          if (scalar === undefined) continue;
          tried++;
          const count = lengths[form];
          const rows = op.operands.map((v, i) =>
            Array.from({ length: count }, () => sample(types.elementOf(v.type), next, i > 0)),
          );
          const operands = rows.map((row, i): ShapedValue => {
            const t = tensorOf([count], types.elementOf(op.operand(i).type), row);
            return form === 'tensor' ? t : { ...t, kind: 'vector' };
          });
          const result = evaluate(op, operands) as ShapedValue;
          assert.equal(result.kind, form);
          assert.deepEqual(result.shape, [count]);
          assert.equal(result.element, types.elementOf(op.result(0).type));
          for (let k = 0; k < count; k++) {
            const expected = evaluate(
              scalar,
              rows.map((row) => row[k]!),
            ) as Scalar;
            const found = getElement(result.data, k);
            assert.ok(
              found === expected || Object.is(found, expected),
              `${op.operands.map((v) => v.type.text).join(', ')}: ${String(found)} instead of ${String(expected)} for ${rows.map((r) => String(r[k])).join(', ')}`,
            );
          }
        }
      }
      assert.ok(tried > 0, 'no combination of types is accepted');
    });
  }
  it('counts no work on index values and one operation per element at most twice', () => {
    for (const def of scalarOps) {
      for (const op of instances(def, 'tensor')) {
        const work = op.definition!.work(op);
        assert.ok(work !== undefined, `${def.name} has no work`);
        assert.ok(work.flops <= 2 * lengths.tensor && work.bytesWritten > 0, def.name);
        assert.equal(numbersOf(op.attr('operandSegmentSizes')), undefined);
      }
    }
  });
});
