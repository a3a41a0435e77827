import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { kernelHeaderText } from '../../../src/artifact/kernelAbi';
import { decodeElements, encodeElements, parseModule, verify } from '../../../src/ir';
import type { Operation, types } from '../../../src/ir';
import { registry } from '../../../src/ir/dialects';
import { symbolNameOf } from '../../../src/ir/dialects/func';
import { Interpreter } from '../../../src/ir/interpreter/interpreter';
import type { MemRefValue } from '../../../src/ir/interpreter/runtimeValue';
import { elementsFromBytes, elementsToBytes, makeMemRef } from '../../../src/ir/interpreter/tensor';
import { elementCount } from '../../../src/ir/types';
import type { EmittedKernel } from '../../../src/lowering/targets/cpu/emitKernels';
import { emitKernels } from '../../../src/lowering/targets/cpu/emitKernels';
import { emitters } from '../../../src/lowering/targets/cpu/emitters';
import { runnableLevels, runNative } from './nativeKernels';

const fixture = (name: string): string => readFileSync(`test/lowering/targets/${name}`, 'utf8');
const functions = (module: Operation): readonly Operation[] => module.region().blocks[0]!.ops;

/** Numbers from -8 to 8 (or small integers), the same each time. */
function sample(type: types.MemRefType, seed: number): Uint8Array {
  let state = seed * 2654435761 + 12345;
  const next = (): number => {
    state = (Math.imul(state, 1103515245) + 12345) | 0;
    return ((state >>> 8) % 4096) / 4096;
  };
  const count = elementCount(type.shape)!;
  const special = [NaN, Infinity, -Infinity, 0];
  const values = Array.from({ length: count }, (_, i) => {
    if (type.element.kind === 'float')
      return count === 16 && seed < 2 && i % 5 === seed + 1
        ? special[Math.floor(i / 5)]!
        : (next() - 0.5) * 16;
    return Math.trunc((next() - 0.5) * (i % 4 === 0 ? 4e9 : 200));
  });
  return encodeElements(type.element, values);
}

/** Largest difference relative to the expected value's size (at least 1). */
function difference(type: types.Type, expected: Uint8Array, actual: Uint8Array): number {
  const [a, b] = [decodeElements(type, expected), decodeElements(type, actual)];
  return a.reduce<number>((worst, x, i) => {
    const y = b[i]!;
    if (Object.is(x, y) || x === y || (Number.isNaN(x) && Number.isNaN(y))) return worst;
    const d = Math.abs(Number(x) - Number(y)) / Math.max(1, Math.abs(Number(x)));
    return Number.isNaN(d) ? Infinity : Math.max(worst, d);
  }, 0);
}

interface Case {
  readonly name: string;
  readonly types: readonly types.MemRefType[];
  readonly inputs: readonly Uint8Array[];
  readonly kernel: EmittedKernel;
}
function casesOf(module: Operation, kernels: readonly EmittedKernel[]): readonly Case[] {
  return functions(module).map((op, n) => {
    const name = symbolNameOf(op);
    const types = op.region().blocks[0]!.args.map((a) => a.type as types.MemRefType);
    const seed = name === 'nan' ? 0 : 2 + n;
    const inputs = types.map((t, i) => (inMath.has(name) && i === 0 ? mathInputs(t) : sample(t, i + seed)));
    return { name, types, inputs, kernel: kernels.find((k) => k.name === name)! };
  });
}
const inMath = new Set(['unary', 'binary']);

/** Arguments of math functions: around zero, small and large. */
const mathInputs = (t: types.MemRefType): Uint8Array =>
  encodeElements(
    t.element,
    Array.from(
      { length: elementCount(t.shape)! },
      (_, i) => (i % 3 === 0 ? 1 : i % 3 === 1 ? 0.01 : 5) * Math.sin(i * 1.7 + 0.3),
    ),
  );

test('hand-written kernels and all math functions compute in C what the interpreter computes, at every level', async () => {
  const { module } = parseModule(fixture('kernels.mlir') + fixture('math.mlir'), registry);
  assert.deepEqual(
    verify(module).map((p) => `${p.op.name}: ${p.text}`),
    [],
  );
  const { source, kernels } = emitKernels(module, { abi: kernelHeaderText });
  const cases = casesOf(module, kernels);
  const interpreter = new Interpreter(module);
  const expected = cases.map((c) => {
    const buffers = c.types.map((t, i): MemRefValue =>
      makeMemRef(t.shape, t.element, elementsFromBytes(t.element, c.inputs[i]!)),
    );
    interpreter.call(c.name, buffers);
    return buffers.map((b) => elementsToBytes(b.element, b.data));
  });
  const calls = cases.map(({ kernel, inputs }) => ({
    ...kernel,
    begin: 0,
    end: kernel.extent,
    buffers: inputs,
  }));
  const levels = await runnableLevels();
  const results = await Promise.all(levels.map((level) => runNative(source, level, calls)));
  results.forEach((actual, l) => {
    cases.forEach((c, i) => {
      c.types.forEach((t, k) => {
        const worst = difference(t.element, expected[i]![k]!, actual[i]![k]!);
        assert.ok(worst <= 2e-5, `${levels[l]}: argument ${k} of @${c.name} differs by ${worst}`);
      });
    });
  });
});

test('vector functions stay within the error that they state', async () => {
  const functionsOfX = { exp: Math.exp, log: Math.log, tanh: Math.tanh, erf: undefined };
  const count = 4096;
  // Bit patterns over the whole range: both signs, denormals, infinities, NaN.
  const inputs = new Float32Array(Uint32Array.from({ length: count }, (_, i) => (i * 1048573) >>> 0).buffer);
  const text = Object.keys(functionsOfX)
    .map(
      (f) => `func.func @${f}(%a: memref<${count}xf32>, %o: memref<${count}xf32>) {
        scf.forall (%i) = (0) to (${count}) step (8) {
          %x = vector.load %a[%i] : memref<${count}xf32>, vector<8xf32>
          %y = math.${f} %x : vector<8xf32>
          vector.store %y, %o[%i] : memref<${count}xf32>, vector<8xf32>
        }
        return
      }`,
    )
    .join('\n');
  const { source, kernels } = emitKernels(parseModule(text, registry).module, { abi: kernelHeaderText });
  const calls = kernels.map((k) => ({
    ...k,
    begin: 0,
    end: k.extent,
    buffers: [new Uint8Array(inputs.buffer), new Uint8Array(4 * count)],
  }));
  const [level] = await runnableLevels();
  const results = await runNative(source, level!, calls);
  Object.entries(functionsOfX).forEach(([name, f], n) => {
    const out = new Float32Array(results[n]![1]!.slice().buffer);
    inputs.forEach((x, i) => {
      if (f === undefined) {
        assert.ok(
          Number.isNaN(x)
            ? Number.isNaN(out[i]!)
            : Math.abs(out[i]!) <= 1 && (x === 0 || Math.sign(out[i]!) === Math.sign(x) || out[i] === 0),
          `${name}(${x}) = ${out[i]}`,
        );
        return;
      }
      const want = Math.fround(f(x));
      const got = out[i]!;
      const unit = 2 ** (Math.floor(Math.log2(Math.abs(want))) - 23);
      const fine =
        Object.is(want, got) ||
        want === got ||
        (Math.abs(want) < 1.2e-38 ? Math.abs(got - want) < 3e-45 : Math.abs(got - f(x)) <= 3 * unit);
      assert.ok(fine, `${name}(${x}) = ${got}, expected ${want}`);
    });
  });
});

test('the table of emitters has every op of the loops stage and no other', () => {
  const dialects = ['affine', 'arith', 'cf', 'func', 'math', 'memref', 'scf', 'vector'];
  const declared = [...registry.ops].map((o) => o.name).filter((n) => dialects.includes(n.split('.')[0]!));
  const casts = 'builtin.unrealized_conversion_cast';
  assert.deepEqual(Object.keys(emitters).sort(), [...declared, casts].sort());
});

test('equal modules give equal C', () => {
  const emit = (): string => emitKernels(parseModule(fixture('kernels.mlir'), registry).module).source;
  assert.equal(emit(), emit());
  assert.match(emit(), /#include "strata_kernel.h"/);
});

test('an op without C is refused with its reason and the model node', () => {
  const text = `func.func @k(%m: memref<4xf32>) {
    scf.forall (%i) in (4) {
      %z = arith.constant dense<0.0> : vector<2x2xf32>
      %s = arith.constant 0.0 : f32
      %r = vector.multi_reduction <add>, %z, %s [0, 1] : vector<2x2xf32> to f32 loc("Sum_3"("model:a.onnx":3:0))
      memref.store %r, %m[%i] : memref<4xf32>
    }
    return
  }`;
  assert.throws(
    () => emitKernels(parseModule(text, registry).module),
    /STR0560 kernel 'k': vector\.multi_reduction \(from Sum_3\) has no C: it must be lowered/,
  );
  const half = `func.func @k(%m: memref<4xbf16>) {
    scf.forall (%i) in (4) {
      %r = memref.load %m[%i] : memref<4xbf16>
      %s = arith.addf %r, %r : bf16
      memref.store %s, %m[%i] : memref<4xbf16>
    }
    return
  }`;
  assert.throws(
    () => emitKernels(parseModule(half, registry).module),
    /STR0560 kernel 'k': arith\.addf has no C: C has no such float; emulate-narrow-floats takes it to f32/,
  );
});

test('comments name the model nodes and cannot break out of their line', () => {
  const text = `func.func @k(%m: memref<4xf32>) attributes {strata.dispatch = {}} {
    scf.forall (%i) in (4) {
      %r = memref.load %m[%i] : memref<4xf32> loc("Conv_1"("model:a.onnx":1:0))
      %s = arith.addf %r, %r : f32 loc("evil\\0Aint x;\\5C"("model:a.onnx":2:0))
      memref.store %s, %m[%i] : memref<4xf32> loc("evil\\0Aint x;\\5C"("model:a.onnx":2:0))
    }
    return
  }`;
  const { source } = emitKernels(parseModule(text, registry).module);
  assert.match(source, /\/\/ Conv_1\n/);
  assert.match(source, /\/\/ evil int x;\n/);
});

/** Kernels that add `add` to a buffer, each from a model node of its own. */
const adders = (adds: readonly number[]): string =>
  adds
    .map(
      (add, k) => `func.func @k${k}(%m: memref<4xf32>) attributes {strata.dispatch = {}} {
    scf.forall (%i) in (4) {
      %c = arith.constant ${add.toFixed(1)} : f32
      %r = memref.load %m[%i] : memref<4xf32> loc("Conv_${k}"("model:a.onnx":${k + 1}:0))
      %s = arith.addf %r, %c : f32
      memref.store %s, %m[%i] : memref<4xf32>
    }
    return
  }`,
    )
    .join('\n');

test('equal code is written once under the names of all its kernels', async () => {
  const { source, units, kernels } = emitKernels(parseModule(adders([1, 2, 1]), registry).module, {
    abi: kernelHeaderText,
  });
  assert.deepEqual(
    kernels.map((k) => k.symbol),
    ['kernel_k0', 'kernel_k1', 'kernel_k2'],
  );
  assert.match(source, /kernel_k2: .*; as kernel_k0\n.*\n\{\n {2}kernel_k0\(state, begin, end\);\n\}/);
  const exports = units.flatMap((u) => u.exports);
  assert.deepEqual(exports.map((e) => e.name).sort(), ['kernel_k0', 'kernel_k1', 'kernel_k2']);
  const symbolOf = (name: string): string => exports.find((e) => e.name === name)!.symbol;
  assert.equal(symbolOf('kernel_k0'), symbolOf('kernel_k2'));
  assert.notEqual(symbolOf('kernel_k0'), symbolOf('kernel_k1'));
  const calls = kernels.map((k) => ({ ...k, begin: 0, end: k.extent, buffers: [new Uint8Array(16)] }));
  const [level] = await runnableLevels();
  const results = await runNative(source, level!, calls);
  assert.deepEqual(
    results.map(([buffer]) => [...new Float32Array(Uint8Array.from(buffer!).buffer)]),
    [1, 2, 1].map((x) => [x, x, x, x]),
  );
});

test('a unit holds nothing that names where its code came from, and a change stays in its unit', () => {
  const unitsOf = (adds: readonly number[]): readonly string[] =>
    emitKernels(parseModule(adders(adds), registry).module, { level: 'avx2' }).units.map((u) => u.source);
  for (const u of unitsOf([1, 2])) assert.doesNotMatch(u, /kernel_k\d|Conv_|avx2/);
  const many = Array.from({ length: 1000 }, (_, i) => i + 1);
  const before = unitsOf(many);
  assert.ok(before.length > 4, `${before.length} units`);
  const changed = unitsOf(many.map((x) => (x === 500 ? 5000 : x))).filter((u) => !before.includes(u));
  assert.ok(changed.length >= 1 && changed.length <= 2, `${changed.length} units differ`);
  const without = unitsOf(many.filter((x) => x !== 500)).filter((u) => !before.includes(u));
  assert.ok(without.length <= 2, `${without.length} units differ`);
});
