import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { printOp } from '../../src/ir';
import { chooseSchedules } from '../../src/lowering/passes/choose-schedules';
import { lowerToLoops } from '../../src/lowering/passes/lower-to-loops';
import { mlirOpt } from '../golden';
import type { DispatchText } from './dispatches';
import * as dispatches from './dispatches';
import { assertClose, evaluate, parse, randomTensor, runPass } from './lowered';

const avx512 = ' attributes {strata.target = {arch = "x86_64", features = ["avx512f", "fma"]}}';
const avx2 = ' attributes {strata.target = {arch = "x86_64", features = ["avx2", "fma"]}}';
const baseline = '';
const neon = ' attributes {strata.target = {arch = "aarch64"}}';
const targets = { avx512, avx2, baseline, neon };

/** Lowers a dispatch for a target and compares kernel and dispatch in the interpreter. */
function check(d: DispatchText, target: string, tolerance = 2e-5): void {
  const text = d.text.replace(/^\s*module/, `module${target}`);
  const before = parse(text);
  const args = d.inputs.map((i, n) => randomTensor(i.shape, i.element, n + 1));
  const expected = evaluate(before, args);
  const after = parse(text);
  runPass(chooseSchedules, after);
  runPass(lowerToLoops, after);
  assert.equal(after.find((op) => op.name === 'dispatch.region').length, 0);
  const printed = printOp(after);
  assert.equal(printOp(parse(printed)), printed);
  assertClose(evaluate(after, args), expected, tolerance, `${d.name} ${JSON.stringify(d.inputs)}${target}`);
}

const families: Readonly<Record<string, readonly DispatchText[]>> = {
  'convolution with padding, bias and clip': [
    dispatches.conv({ h: 9, w: 11, c: 3, f: 40, k: [3, 3], stride: 2, pad: [0, 0, 1, 1] }),
    dispatches.conv({ h: 7, w: 7, c: 5, f: 33, k: [3, 3], pad: [1, 1, 1, 1] }),
    dispatches.conv({ n: 2, h: 6, w: 14, c: 8, f: 16, k: [3, 3], pad: [1, 1, 1, 1], residual: true }),
    dispatches.conv({ h: 13, w: 13, c: 3, f: 8, k: [7, 7], stride: 2, pad: [3, 3, 3, 3], clip: false }),
    dispatches.conv({ h: 10, w: 9, c: 2, f: 5, k: [3, 2], dilation: 2, pad: [2, 1, 3, 0] }),
    dispatches.conv({ h: 1, w: 1, c: 1, f: 1, k: [3, 3], pad: [1, 1, 1, 1] }),
    dispatches.conv({ h: 5, w: 40, c: 2, f: 3, k: [1, 31], pad: [0, 15, 0, 15] }),
  ],
  'depthwise convolution': [
    dispatches.conv({ h: 8, w: 8, c: 24, f: 0, k: [3, 3], pad: [1, 1, 1, 1], depthwise: true }),
    dispatches.conv({ h: 9, w: 9, c: 17, f: 0, k: [3, 3], stride: 2, pad: [1, 1, 1, 1], depthwise: true }),
    dispatches.conv({
      n: 2,
      h: 14,
      w: 14,
      c: 7,
      f: 0,
      k: [5, 5],
      pad: [2, 2, 2, 2],
      depthwise: true,
      residual: true,
    }),
  ],
  '1×1 convolution with residual': [
    dispatches.conv({ h: 7, w: 7, c: 20, f: 24, k: [1, 1], residual: true }),
    dispatches.conv({ n: 2, h: 3, w: 5, c: 13, f: 37, k: [1, 1], residual: true, clip: false }),
    dispatches.conv({ h: 6, w: 7, c: 9, f: 12, k: [1, 1], stride: 2 }),
  ],
  'matrix product': [
    dispatches.matmul(17, 45, 19),
    dispatches.matmul(1, 50, 33),
    dispatches.matmul(31, 1, 12),
    dispatches.matmul(5, 7, 40, { transposed: true }),
    dispatches.matmul(6, 18, 9, { batch: 3 }),
    dispatches.matmul(4, 9, 37, { batch: 2, transposed: true }),
    dispatches.matmul(1, 1, 1),
  ],
  pooling: [
    dispatches.pool({ kind: 'max', h: 9, w: 9, c: 20, k: 3, stride: 2, pad: 1 }),
    dispatches.pool({ kind: 'average', h: 8, w: 7, c: 5, k: 3, stride: 1, pad: 1 }),
    dispatches.pool({ kind: 'max', h: 6, w: 6, c: 1, k: 2, stride: 2, pad: 0 }),
  ],
  reduction: [
    dispatches.reduce([1, 7, 7, 40], [1, 2], 'addf'),
    dispatches.reduce([5, 101], [1], 'maximumf'),
    dispatches.reduce([5, 101], [1], 'addf', { producer: true }),
    dispatches.reduce([3, 4, 5], [0, 2], 'addf'),
    dispatches.reduce([37], [0], 'addf'),
    dispatches.reduce([4, 19], [0], 'addf', { element: 'i64' }),
    dispatches.reduce([4, 19], [1], 'maximumf', { element: 'i32' }),
  ],
  elementwise: [
    dispatches.elementwise([3, 5, 67]),
    dispatches.elementwise([1, 1]),
    dispatches.elementwise([1000]),
    dispatches.softmaxTail(4, 21),
    dispatches.compare([3, 35]),
  ],
  movement: [
    dispatches.transpose([2, 3, 20, 5], [0, 2, 3, 1]),
    dispatches.transpose([6, 7], [1, 0], 'i64'),
    dispatches.transpose([37, 50], [1, 0]),
    dispatches.transpose([2, 33, 3], [0, 2, 1]),
    dispatches.transpose([2, 3, 41], [0, 2, 1]),
    dispatches.transpose([19, 2, 35], [2, 0, 1], 'i16'),
    dispatches.pad([2, 3, 5], [0, 1, 2], [1, 0, 3]),
    dispatches.pad([4, 40], [0, 3], [0, 2]),
    dispatches.concat([2, 3, 4], [2, 5, 4], 1),
    dispatches.concat([2, 20], [2, 19], 1),
  ],
};

for (const [family, list] of Object.entries(families)) {
  for (const [name, target] of Object.entries(targets)) {
    test(`${family} as loops for ${name} computes what the dispatch does`, () => {
      for (const d of list) check(d, target);
    });
  }
}

test(
  'mlir-opt reads the loops of every family',
  { skip: mlirOpt === undefined && 'mlir-opt 22 is not installed' },
  () => {
    const texts = Object.values(families).flatMap((list) =>
      list.map((d) => {
        const module = parse(d.text.replace(/^\s*module/, `module${avx512}`));
        runPass(lowerToLoops, module);
        return printOp(module);
      }),
    );
    const { status, stderr } = spawnSync(
      mlirOpt!,
      ['--allow-unregistered-dialect', '--split-input-file', '-o', '/dev/null'],
      { input: texts.join('\n// -----\n'), encoding: 'utf8' },
    );
    assert.equal(status, 0, stderr.slice(0, 2000));
  },
);
