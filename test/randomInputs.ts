/** Interprets a module before and after a change on the same random inputs, and compares the results. */
import assert from 'node:assert/strict';
import type { Operation, ResourceStore, Type } from '../src/ir';
import { types } from '../src/ir';
import { compareTensors } from '../src/ir/interpreter/compare';
import { Interpreter } from '../src/ir/interpreter/interpreter';
import type { RuntimeValue, ShapedValue } from '../src/ir/interpreter/runtimeValue';
import { allocate, toScalar } from '../src/ir/interpreter/storage';
import { makeMemRef, makeTensor, makeVector, setElement, sizeOf } from '../src/ir/interpreter/tensor';

/** Numbers in [0, 1) from a seed: mulberry32. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A random value of a type: floats in [-1, 1), integers from 0 to 7, dynamic dimensions of size 3. */
export function randomValue(type: Type, next: () => number): RuntimeValue {
  const scalar = (element: Type) =>
    toScalar(
      element,
      element.kind === 'float' ? 2 * next() - 1 : Math.floor(next() * (element === types.i1 ? 2 : 8)),
    );
  if (!types.isShaped(type)) return scalar(type);
  const shape = type.shape.map((d) => (d === types.DYNAMIC ? 3 : d));
  const data = allocate(type.element, sizeOf(shape));
  for (let i = 0; i < data.length; i++) setElement(data, i, scalar(type.element));
  const make = { tensor: makeTensor, vector: makeVector, memref: makeMemRef }[type.kind];
  return make(shape, type.element, data);
}

interface Runnable {
  readonly module: Operation;
  readonly resources: ResourceStore;
}

const copyOf = (v: RuntimeValue): RuntimeValue =>
  typeof v === 'object' ? { ...v, data: v.data.slice() } : v;

/**
 * Calls each public function of both modules on random inputs. Results, and buffers that are arguments, must agree
 * within the relative difference `within` (0: bit for bit, but for the sign of zero).
 */
export function compareOnRandomInputs(before: Runnable, after: Runnable, within: number, seed = 1): void {
  const functions = before.module
    .body()
    .ops.filter(
      (op) =>
        op.name === 'func.func' && op.attr('sym_visibility') === undefined && op.region().blocks.length > 0,
    );
  for (const func of functions) {
    const name = func.attr('sym_name');
    assert.ok(name?.kind === 'string');
    const next = randomNumbers(seed);
    const inputs = func.body().args.map((a) => randomValue(a.type, next));
    const run = (side: Runnable): readonly RuntimeValue[] => {
      const args = inputs.map(copyOf);
      const results = new Interpreter(side.module, { resources: side.resources }).call(name.value, args);
      return [...results, ...args.filter((a) => typeof a === 'object' && a.kind === 'memref')];
    };
    const [expected, actual] = [run(before), run(after)];
    assert.equal(
      actual.length,
      expected.length,
      `@${name.value} returns ${actual.length} values, ${expected.length} before`,
    );
    expected.forEach((e, i) => {
      const a = actual[i]!;
      assertAgree(`result ${i} of @${name.value}`, asShaped(e), asShaped(a), within);
    });
  }
}
const asShaped = (v: RuntimeValue): ShapedValue =>
  typeof v === 'object' ? v : makeTensor([], types.f64, Float64Array.of(Number(v)));

/** Asserts agreement within a relative difference; differences below `within` itself count as none. */
export function assertAgree(what: string, expected: ShapedValue, actual: ShapedValue, within: number): void {
  const c = compareTensors(expected, actual);
  if (c.worst === undefined || c.maxRel <= within || c.maxAbs <= within) return;
  assert.fail(
    `${what}: ${c.differing} of ${c.count} elements differ, at ${c.worst.position} ${c.worst.actual} instead of ${c.worst.expected} (relative ${c.maxRel.toExponential(2)}, ${c.maxUlp} ulp)`,
  );
}
