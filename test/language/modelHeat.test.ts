import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelNodeTimes } from '../../src/language/modelHeat';

const nodes = ['Pad', 'Conv', 'Relu', 'Conv', 'Constant'].map((opType, i) => ({
  name: `${opType}_${i}`,
  opType,
  position: i + 1,
}));
const dispatch = (index: number, ...origins: readonly string[]) => ({
  entryPoint: 'main',
  index,
  name: `d${index}`,
  symbol: `kernel_d${index}`,
  origins,
});

test('the time of a dispatch stands at the node that does most of its work, once', () => {
  const dispatches = [
    dispatch(0, 'Pad_0', 'Conv_1', 'Relu_2'),
    dispatch(1, 'Conv_3'),
    dispatch(2, 'Conv_3'),
    dispatch(3, 'gone'),
  ];
  const times = [100, 20, 30, 5];
  const rows = modelNodeTimes(nodes, dispatches, (d) => times[d.index]);
  assert.deepEqual(
    rows.map((r) => [r.node.name, r.ns, r.dispatches.map((d) => d.index), r.within?.name]),
    [
      ['Pad_0', undefined, [], 'Conv_1'],
      ['Conv_1', 100, [0], undefined],
      ['Relu_2', undefined, [], 'Conv_1'],
      ['Conv_3', 50, [1, 2], undefined],
      ['Constant_4', undefined, [], undefined],
    ],
  );
  const unrun = modelNodeTimes(nodes, dispatches, () => undefined);
  assert.ok(unrun.every((r) => r.ns === undefined));
  assert.equal(unrun[1]!.dispatches.length, 1);
});
