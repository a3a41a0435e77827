import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseModule } from '../../../src/ir';
import { registry } from '../../../src/ir/dialects/index';
import { hostProgram } from '../../../src/lowering/targets/cpu/hostProgram';
import type { TargetProgram } from '../../../src/lowering/targets/targetProgram';

const read = (text: string): TargetProgram => hostProgram(parseModule(text, registry).module);

const kernels = `
  func.func private @add(%a: memref<8xf32>, %b: memref<8xf32>, %o: memref<8xf32>) attributes {strata.dispatch = {flops = 8 : i64, bytes_read = 64 : i64, bytes_written = 32 : i64, predicted_ns = 120 : i64, schedule = "d0=8:4", fusion_refused = ["2 ops read its result", "2 ops read its result", "no"]}} {
    scf.forall (%i) in (8) {
      %x = memref.load %a[%i] : memref<8xf32>
      %y = memref.load %b[%i] : memref<8xf32>
      %z = arith.addf %x, %y : f32
      memref.store %z, %o[%i] : memref<8xf32>
    }
    return
  } loc("Add_1"("model:m.onnx":1:0))
  func.func private @accumulate(%a: memref<2x4xf32>, %o: memref<2x4xf32>) attributes {strata.dispatch = {}} {
    %big = memref.alloca() : memref<2048xf32>
    scf.forall (%i, %j) in (2, 4) {
      %x = memref.load %a[%i, %j] : memref<2x4xf32>
      %y = memref.load %o[%i, %j] : memref<2x4xf32>
      %z = arith.addf %x, %y : f32
      memref.store %z, %big[%i] : memref<2048xf32>
      memref.store %z, %o[%i, %j] : memref<2x4xf32>
    }
    return
  }`;

test('a planned host function becomes launches over bound buffers', () => {
  const program = read(`
  memref.global "private" constant @w : memref<8xf32> = dense_resource<weight>
  memref.global "private" constant @ones : memref<8xf32> = dense<1.0>
  ${kernels}
  func.func @main(%in: memref<8xf32> {strata.name = "x"}, %out: memref<2x4xf32> {strata.name = "y", strata.output = 0 : i64}) {
    %c64 = arith.constant 64 : index
    %arena = memref.alloc() {alignment = 64 : i64} : memref<128xi8>
    %w = memref.get_global @w : memref<8xf32>
    %ones = memref.get_global @ones : memref<8xf32>
    %t = memref.view %arena[%c64][] : memref<128xi8> to memref<8xf32>
    func.call @add(%in, %w, %t) : (memref<8xf32>, memref<8xf32>, memref<8xf32>) -> ()
    func.call @add(%t, %ones, %t) : (memref<8xf32>, memref<8xf32>, memref<8xf32>) -> ()
    %s = memref.expand_shape %t [[0, 1]] output_shape [2, 4] : memref<8xf32> into memref<2x4xf32>
    memref.copy %s, %out : memref<2x4xf32> to memref<2x4xf32>
    func.call @accumulate(%s, %out) : (memref<2x4xf32>, memref<2x4xf32>) -> ()
    return
  }`);
  const [entry] = program.entryPoints;
  assert.equal(program.entryPoints.length, 1);
  assert.deepEqual(entry!.inputs, [{ name: 'x', element: 'f32', shape: [8], bytes: 32 }]);
  assert.deepEqual(entry!.outputs, [{ name: 'y', element: 'f32', shape: [2, 4], bytes: 32 }]);
  assert.equal(entry!.arenaBytes, 128);
  assert.deepEqual(
    entry!.steps.map((s) => [s.name, s.symbol, s.extent, s.scratchBytes]),
    [
      ['add', 'kernel_add', 8, 0],
      ['add', 'kernel_add', 8, 0],
      ['copy_32', 'strata_copy_32', 1, 0],
      ['accumulate', 'kernel_accumulate', 8, 8192],
    ],
  );
  const [add, again, , accumulate] = entry!.steps;
  assert.deepEqual(add!.bindings, [
    { access: 'read', length: 32, space: 'input', index: 0, offset: 0 },
    { access: 'read', length: 32, space: 'constant', index: 0, offset: 0 },
    { access: 'write', length: 32, space: 'arena', offset: 64 },
  ]);
  assert.deepEqual(again!.bindings[1], {
    access: 'read',
    length: 32,
    space: 'constant',
    index: 1,
    offset: 0,
  });
  assert.deepEqual(accumulate!.bindings, [
    { access: 'read', length: 32, space: 'arena', offset: 64 },
    { access: 'readwrite', length: 32, space: 'output', index: 0, offset: 0 },
  ]);
  assert.deepEqual(
    [add!.flops, add!.bytesRead, add!.bytesWritten, add!.predictedNs, add!.schedule, add!.refused],
    [8, 64, 32, 120, 'd0=8:4', '2 ops read its result\nno'],
  );
  assert.deepEqual(add!.origins, ['Add_1']);
  assert.deepEqual([accumulate!.bytesRead, accumulate!.bytesWritten], [64, 32]);
  const [w, ones] = program.constants;
  assert.equal(w!.resource, 'weight');
  assert.deepEqual([...new Float32Array(ones!.data!.slice().buffer)], new Array(8).fill(1));
});

test('a buffer that no plan placed gets a place of its own', () => {
  const [entry] = read(`${kernels}
  func.func @main(%in: memref<8xf32>, %out: memref<8xf32>) {
    %a = memref.alloc() : memref<8xf32>
    %b = memref.alloc() : memref<8xf32>
    func.call @add(%in, %in, %a) : (memref<8xf32>, memref<8xf32>, memref<8xf32>) -> ()
    func.call @add(%a, %in, %b) : (memref<8xf32>, memref<8xf32>, memref<8xf32>) -> ()
    func.call @add(%a, %b, %out) : (memref<8xf32>, memref<8xf32>, memref<8xf32>) -> ()
    return
  }`).entryPoints;
  assert.equal(entry!.arenaBytes, 128);
  assert.deepEqual(entry!.steps[1]!.bindings[2], { access: 'write', length: 32, space: 'arena', offset: 64 });
  // Without names, arguments are told apart by who writes them.
  assert.deepEqual([entry!.inputs[0]!.name, entry!.outputs[0]!.name], ['input0', 'output0']);
});

test('host code that is no list of launches is refused', () => {
  const host = (body: string): string =>
    `${kernels} func.func @main(%in: memref<8xf32>, %out: memref<8xf32>) { ${body} return }`;
  assert.throws(
    () => read(host('func.call @main(%in, %out) : (memref<8xf32>, memref<8xf32>) -> ()')),
    /STR0563.*@main is no kernel/,
  );
  assert.throws(
    () => read(host('%c = arith.constant 0 : index %x = memref.load %in[%c] : memref<8xf32>')),
    /STR0563.*memref\.load: it is no launch, view or copy/,
  );
});
