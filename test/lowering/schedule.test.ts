import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAttributeText, printOp, ResourceStore } from '../../src/ir';
import { region } from '../../src/ir/dialects/dispatch';
import { simplifyLoops } from '../../src/lowering/loops/joinLoops';
import type { Kernel } from '../../src/lowering/loops/readDispatch';
import { readDispatch } from '../../src/lowering/loops/readDispatch';
import { chooseSchedules } from '../../src/lowering/passes/choose-schedules';
import { lowerToLoops } from '../../src/lowering/passes/lower-to-loops';
import { packOperands } from '../../src/lowering/passes/pack-operands';
import { packWeights } from '../../src/lowering/passes/pack-weights';
import { chooseSchedule } from '../../src/lowering/schedule/chooseSchedule';
import { readSchedule, scheduleProblem, writeSchedule } from '../../src/lowering/schedule/schedule';
import { readTarget } from '../../src/lowering/schedule/target';
import type { DispatchText } from './dispatches';
import * as dispatches from './dispatches';
import { assertClose, evaluate, numbers, parse, randomTensor, runPass } from './lowered';

const kernelOf = (d: DispatchText): Kernel =>
  simplifyLoops(readDispatch(parse(d.text).find((op) => region.is(op))[0]!));
const target = (text: string) => readTarget(parseAttributeText(text));
const avx512 = '{arch = "x86_64", features = ["avx512f", "fma"]}';

test('a target is read from the module, with what is usual for its architecture', () => {
  const t = readTarget(undefined);
  assert.deepEqual([t.vectorBytes, t.registers, t.fma], [16, 16, false]);
  const wide = target(avx512);
  assert.deepEqual([wide.vectorBytes, wide.registers, wide.fma], [64, 32, true]);
  const narrow = target('{features = ["avx2", "fma"], l2 = 262144 : i64, threads = 3 : i64}');
  assert.deepEqual([narrow.vectorBytes, narrow.registers, narrow.l2, narrow.threads], [32, 16, 262144, 3]);
  const arm = target('{arch = "aarch64"}');
  assert.deepEqual([arm.vectorBytes, arm.registers, arm.fma], [16, 32, true]);
  assert.throws(() => target('{l1 = -1 : i64}'), /STR0544.*l1 = -1/);
  assert.throws(() => readTarget(parseAttributeText('"fast"')), /STR0544/);
});

test('loops that all addresses walk as one are joined, unit loops go', () => {
  const names = (d: DispatchText): string[] => kernelOf(d).loops.map((l) => `${l.name}=${l.size}`);
  assert.deepEqual(names(dispatches.conv({ h: 7, w: 7, c: 20, f: 24, k: [1, 1], residual: true })), [
    'd1.d2=49',
    'd3=24',
    'd6=20',
  ]);
  assert.deepEqual(names(dispatches.conv({ n: 2, h: 7, w: 7, c: 20, f: 24, k: [1, 1] })), [
    'd0.d1.d2=98',
    'd3=24',
    'd6=20',
  ]);
  assert.deepEqual(names(dispatches.conv({ h: 7, w: 7, c: 4, f: 8, k: [3, 3], pad: [1, 1, 1, 1] })), [
    'd1=7',
    'd2=7',
    'd3=8',
    'd4=3',
    'd5=3',
    'd6=4',
  ]);
  assert.deepEqual(names(dispatches.reduce([1, 7, 7, 40], [1, 2], 'addf')), ['d1.d2=49', 'd3=40']);
  assert.deepEqual(names(dispatches.transpose([2, 3, 4, 5], [0, 2, 3, 1])), ['d0=2', 'd1.d2=20', 'd3=3']);
});

test('a schedule reads back as it was written and fits its kernel', () => {
  for (const d of [
    dispatches.conv({ h: 14, w: 14, c: 32, f: 64, k: [3, 3], pad: [1, 1, 1, 1] }),
    dispatches.matmul(100, 200, 50),
    dispatches.elementwise([10, 100]),
  ]) {
    const kernel = kernelOf(d);
    const schedule = chooseSchedule(kernel, target(avx512));
    assert.equal(scheduleProblem(schedule, kernel), undefined);
    const read = readSchedule(writeSchedule(schedule), kernel);
    assert.equal(writeSchedule(read).text, writeSchedule(schedule).text);
  }
});

test('the register tile of a large product fills the registers of each target', () => {
  const kernel = kernelOf(dispatches.matmul(960, 960, 512));
  const accumulators = (text: string): number => {
    const s = chooseSchedule(kernel, target(text));
    return (s.tile[0]! * s.tile[1]!) / s.lanes;
  };
  assert.ok(accumulators(avx512) >= 24 && accumulators(avx512) <= 30);
  assert.ok(
    accumulators('{features = ["avx2", "fma"]}') >= 10 && accumulators('{features = ["avx2", "fma"]}') <= 14,
  );
});

test('a schedule that does not fit is refused with what is wrong', () => {
  const d = dispatches.matmul(6, 32, 5);
  const kernel = kernelOf(d);
  const good = chooseSchedule(kernel, target(avx512));
  const bad = (change: Partial<typeof good>): string | undefined =>
    scheduleProblem({ ...good, ...change }, kernel);
  assert.match(bad({ sizes: [6, 32, 6] })!, /sizes 6, 32, 5/);
  assert.match(bad({ order: [0, 2, 1] })!, /parallel loops must come before/);
  assert.match(bad({ order: [0, 0, 1] })!, /each loop once/);
  assert.match(bad({ lanes: 12 })!, /power of two/);
  assert.match(bad({ block: [0, 0, 1] })!, /reduction and cannot be divided/);
  assert.match(bad({ tile: [4, 16, 1], block: [6, 0, 0] })!, /multiple of its tile 4/);
  const text = d.text.replace('<{sym_name', '<{schedule = {sizes = array<i64: 1>}, sym_name');
  assert.throws(() => {
    runPass(lowerToLoops, parse(text));
  }, /STR0541 the schedule of dispatch 'matmul'.*1 entries for 3 loops/s);
});

test('kernels compute the same under random schedules', () => {
  const next = numbers(11);
  const upTo = (n: number): number => 1 + Math.floor(((next() + 1) / 2) * n);
  const list = [
    dispatches.conv({ h: 6, w: 7, c: 3, f: 21, k: [3, 3], pad: [1, 1, 1, 1], residual: true }),
    dispatches.conv({ h: 7, w: 5, c: 19, f: 0, k: [3, 3], stride: 2, pad: [1, 1, 1, 1], depthwise: true }),
    dispatches.matmul(7, 23, 6),
    dispatches.pool({ kind: 'max', h: 7, w: 6, c: 9, k: 3, stride: 2, pad: 1 }),
    dispatches.elementwise([5, 19]),
  ];
  for (const d of list) {
    const args = d.inputs.map((i, n) => randomTensor(i.shape, i.element, n + 1));
    const expected = evaluate(parse(d.text), args);
    const kernel = kernelOf(d);
    for (let round = 0; round < 6; round++) {
      const base = chooseSchedule(kernel, target(avx512));
      const vectorised = upTo(3) > 1;
      const tile = kernel.loops.map((l, i) =>
        l.kind === 'reduction'
          ? upTo(2) === 1
            ? 1
            : l.size
          : i === base.vector
            ? Math.min(l.size, upTo(12))
            : upTo(Math.min(3, l.size)),
      );
      const block = kernel.loops.map((l, i) =>
        l.kind === 'reduction' || upTo(2) === 1 ? 0 : tile[i]! * upTo(2),
      );
      const schedule = { ...base, tile, block, lanes: vectorised ? 4 : 1, vector: base.vector };
      assert.equal(scheduleProblem(schedule, kernel), undefined);
      const module = parse(d.text);
      module.find((op) => region.is(op))[0]!.setAttr('schedule', writeSchedule(schedule));
      runPass(lowerToLoops, module);
      assertClose(evaluate(module, args), expected, 2e-5, `${d.name} ${writeSchedule(schedule).text}`);
    }
  }
});

test('weights are packed in panels and the kernel computes the same', () => {
  const weights = (d: DispatchText): string => {
    const type = /%arg1: (tensor<[^>]*>)/.exec(d.text)![1]!;
    return d.text
      .replace(`, %arg1: ${type}`, '')
      .replace('    %0 =', `    %arg1 = arith.constant dense_resource<w> : ${type}\n    %0 =`);
  };
  const list = [
    dispatches.conv({ h: 5, w: 6, c: 3, f: 256, k: [3, 3], pad: [1, 1, 1, 1], residual: true }),
    dispatches.conv({ h: 6, w: 6, c: 8, f: 192, k: [1, 1] }),
    dispatches.matmul(9, 384, 7),
  ];
  for (const d of list) {
    const text = weights(d).replace('\nmodule', `\nmodule attributes {strata.target = ${avx512}}`);
    const shape = d.inputs[1]!.shape;
    const resources = new ResourceStore();
    const values = randomTensor(shape, 'f32', 3).data as Float32Array;
    resources.setBytes('w', new Uint8Array(values.buffer));
    const args = d.inputs.flatMap((i, n) => (n === 1 ? [] : [randomTensor(i.shape, i.element, n + 1)]));
    const expected = evaluate(parse(text), args, 'main', resources);
    const module = parse(text);
    runPass(packWeights, module, resources);
    assert.match(printOp(module), /dense_resource<w\.panels_\d+>/);
    assertClose(evaluate(module, args, 'main', resources), expected, 1e-5, `${d.name} packed`);
    runPass(chooseSchedules, module, resources);
    runPass(lowerToLoops, module, resources);
    assertClose(evaluate(module, args, 'main', resources), expected, 2e-5, `${d.name} packed, as loops`);
  }
});

test('a dispatch that one kernel cannot compute is refused', () => {
  const two = dispatches
    .softmaxTail(4, 5)
    .text.replace(
      '%0 = linalg.generic',
      `%z = arith.constant 0.0 : f32
      %s0 = tensor.empty() : tensor<4xf32>
      %f = linalg.fill ins(%z : f32) outs(%s0 : tensor<4xf32>) -> tensor<4xf32>
      %sum = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>], iterator_types = ["parallel", "reduction"]} ins(%in0 : tensor<4x5xf32>) outs(%f : tensor<4xf32>) {
      ^bb0(%a: f32, %acc: f32):
        %t = arith.addf %a, %acc : f32
        linalg.yield %t : f32
      } -> tensor<4xf32>
      %0 = linalg.generic`,
    )
    .replace('%in0, %in1, %in2 :', '%in0, %sum, %in2 :');
  assert.throws(() => {
    runPass(lowerToLoops, parse(two));
  }, /STR0540 dispatch 'softmax'.*repeats the result along dim 1/s);
});

test('a product whose weights no cache holds asks for them ahead, and few rows go over them once', () => {
  const small = '{arch = "x86_64", features = ["avx512f", "fma"], l2 = 4096 : i64}';
  const d = dispatches.matmul(7, 32, 64);
  // The columns in one panel, as pack-weights stores them.
  const kernel = kernelOf(d);
  const schedule = chooseSchedule(kernel, target(small));
  assert.equal(schedule.ahead, 4096);
  assert.equal(schedule.tile[0], 7);
  assert.equal(chooseSchedule(kernel, target(avx512)).ahead, undefined);
  assert.match(scheduleProblem({ ...schedule, ahead: 100 }, kernel) ?? '', /whole cache lines/);
  const text = d.text.replace(/^\s*module/, `module attributes {strata.target = ${small}}`);
  const args = d.inputs.map((i, n) => randomTensor(i.shape, i.element, n + 1));
  const after = parse(text);
  runPass(chooseSchedules, after);
  runPass(lowerToLoops, after);
  const lines = after.find((op) => op.name === 'memref.prefetch').length;
  assert.equal(lines, 2);
  assertClose(evaluate(after, args), evaluate(parse(text), args), 2e-5, 'with what is asked for ahead');
});

test('a kernel that reads its right side often gets it in panels, which a dispatch before it makes', () => {
  for (const [d, packs] of [
    [dispatches.matmul(96, 128, 131), true],
    [dispatches.matmul(33, 128, 131), false],
    [dispatches.matmul(96, 128, 40), false],
    [dispatches.matmul(70, 64, 257, { batch: 2 }), true],
    [dispatches.matmul(96, 127, 131), false],
  ] as const) {
    const text = d.text.replace(/^\s*module/, `module attributes {strata.target = ${avx512}}`);
    const args = d.inputs.map((i, n) => randomTensor(i.shape, i.element, n + 1));
    const after = parse(text);
    runPass(packOperands, after);
    assert.equal(after.find((op) => region.is(op)).length, packs ? 2 : 1, JSON.stringify(d.inputs));
    const expected = evaluate(parse(text), args);
    assertClose(evaluate(after, args), expected, 2e-5, 'packed');
    runPass(chooseSchedules, after);
    runPass(lowerToLoops, after);
    assertClose(evaluate(after, args), expected, 2e-5, 'packed, as loops');
  }
});
