/** Runs passes on modules in tests, and compares what the interpreter makes of two stages. */
import assert from 'node:assert/strict';
import type { Operation, Pass, ResourceStore } from '../../src/ir';
import {
  assertVerified,
  parseModule,
  ResourceStore as Store,
  RewriteRecorder,
  Rewriter,
  types as t,
} from '../../src/ir';
import { neverCancelled } from '../../src/base/cancellation';
import { registry } from '../../src/ir/dialects/index';
import { Interpreter } from '../../src/ir/interpreter/interpreter';
import type { RuntimeValue, TensorValue } from '../../src/ir/interpreter/runtimeValue';
import { tensorOf } from '../../src/ir/interpreter/tensor';

export function parse(text: string): Operation {
  const { module } = parseModule(text, registry);
  assertVerified(module);
  return module;
}
export function runPass(pass: Pass, module: Operation, resources: ResourceStore = new Store()): void {
  const recorder = new RewriteRecorder();
  const rewriter = new Rewriter({ pass: pass.name, recorder, resources, cancellation: neverCancelled });
  const configured = pass.configure(new Map());
  const anchors =
    pass.anchor === 'func.func' ? module.body().ops.filter((op) => op.name === 'func.func') : [module];
  for (const anchor of anchors)
    configured.run(anchor, { rewriter, resources, registry, cancellation: neverCancelled });
  assertVerified(module, `after ${pass.name}: `);
}

/** A small generator of numbers in [-1, 1), the same for the same seed. */
export function numbers(seed: number): () => number {
  let s = seed >>> 0;
  return () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return (s >>> 8) / 2 ** 23 - 1;
  };
}
export function randomTensor(shape: readonly number[], element: string, seed: number): TensorValue {
  const next = numbers(seed + 17);
  const type = element === 'f32' ? t.f32 : element === 'i64' ? t.i64 : element === 'i32' ? t.i32 : t.i1;
  const count = shape.reduce((a, b) => a * b, 1);
  return tensorOf(
    shape,
    type,
    Array.from({ length: count }, () => (element === 'f32' ? next() : Math.floor(next() * 100))),
  );
}
export function evaluate(
  module: Operation,
  args: readonly RuntimeValue[],
  symbol = 'main',
  resources = new Store(),
): readonly RuntimeValue[] {
  return new Interpreter(module, { resources }).call(symbol, args);
}
/** Fails when two lists of tensors differ by more than `tolerance` relative to the larger magnitude (at least 1). */
export function assertClose(
  found: readonly RuntimeValue[],
  expected: readonly RuntimeValue[],
  tolerance: number,
  what: string,
): void {
  assert.equal(found.length, expected.length, what);
  found.forEach((f, i) => {
    const e = expected[i]!;
    assert.ok(typeof f === 'object' && typeof e === 'object', what);
    assert.equal(f.data.length, e.data.length, what);
    for (let j = 0; j < e.data.length; j++) {
      const a = Number(f.data[j]);
      const b = Number(e.data[j]);
      if (Object.is(a, b) || a === b) continue;
      const error = Math.abs(a - b) / Math.max(1, Math.abs(a), Math.abs(b));
      assert.ok(error <= tolerance, `${what}: element ${j} of result ${i} is ${a}, expected ${b}`);
    }
  });
}
