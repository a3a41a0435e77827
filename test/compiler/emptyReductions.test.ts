/** Reductions over no elements, as ONNX defines them: in the interpreter and as generated code. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { elementsOf } from '../../src/compiler/compareTensors';
import { interpretModule } from '../../src/compiler/interpretModel';
import { ProgramBatch } from '../../src/compiler/programBatch';
import type { ElementType } from '../../src/frontend/elementType';
import { importOnnx } from '../../src/frontend/onnx/importOnnx';
import { readOnnxModel } from '../../src/frontend/onnx/readModel';
import { OnnxGraphBuilder, int } from '../../src/frontend/zoo/onnxGraphBuilder';
import { testCache } from '../runner/sharedBuild';

process.env['STRATA_CACHE_DIR'] ??= testCache;

const cases: readonly (readonly [string, ElementType, number])[] = [
  ['ReduceMin', 'f32', Infinity],
  ['ReduceMax', 'f32', -Infinity],
  ['ReduceMin', 'i64', 2 ** 63],
  ['ReduceMax', 'i64', -(2 ** 63)],
  ['ReduceMin', 'i32', 2 ** 31 - 1],
  ['ReduceMax', 'i32', -(2 ** 31)],
  ['ReduceMin', 'u8', 255],
  ['ReduceMax', 'u8', 0],
  ['ReduceMin', 'i8', 127],
  ['ReduceMax', 'i8', -128],
  ['ReduceMin', 'bool', 1],
  ['ReduceMax', 'bool', 0],
  ['ReduceSum', 'i64', 0],
  ['ReduceProd', 'i64', 1],
  ['ReduceProd', 'f32', 1],
  ['ReduceSumSquare', 'i64', 0],
  ['ReduceSumSquare', 'f32', 0],
  ['ReduceL1', 'i32', 0],
  ['ReduceL2', 'f32', 0],
  ['ReduceLogSum', 'f32', -Infinity],
];

const bytesOf = (op: string, type: ElementType): Uint8Array => {
  const b = new OnnxGraphBuilder({ name: `${op}-${type}`, seed: 0, opset: 20, irVersion: 9 });
  const x = b.input('x', type, [2, 0]);
  const axes = b.initializer('axes', 'i64', [1], new Uint8Array(BigInt64Array.of(1n).buffer));
  b.node('', op, [x, axes], { attributes: { keepdims: int(0) }, output: 'y' });
  b.output('y', type, [2]);
  return b.build();
};

test('reductions over no elements', async () => {
  const batch = new ProgramBatch({ resourceRoot: process.cwd() });
  await batch.run(
    cases.map(([op, type, expected]) => async () => {
      const imported = () => importOnnx(readOnnxModel({ bytes: bytesOf(op, type), name: 'empty.onnx' }));
      const inputs = { x: { elementType: type, shape: [2, 0], bytes: new Uint8Array() } };
      const { module, resources } = imported();
      const interpreted = interpretModule(module, resources, inputs)['y']!;
      const again = imported();
      const compiled = (await batch.execute(again.module, again.resources, inputs))['y']!;
      for (const [found, by] of [
        [interpreted, 'interpreted'],
        [compiled, 'compiled'],
      ] as const)
        assert.deepEqual([...elementsOf(found)], [expected, expected], `${op} of ${type}, ${by}`);
    }),
  );
});
