import assert from 'node:assert/strict';
import { test } from 'node:test';
import { joinZone, joinZoneToAny, passHistory } from '../../src/language/zoneJoin';
import type { Joinable, JoinableDispatch, JoinableZone } from '../../src/language/zoneJoin';
import type { PassRecord, RewriteRecord } from '../../src/ir';

const dispatch = (index: number, name: string, ...origins: readonly string[]): JoinableDispatch => ({
  index,
  name,
  symbol: `kernel_${name}`,
  entryPoint: 'main',
  origins,
});
const model: Joinable<JoinableDispatch> = {
  dispatches: [
    dispatch(0, 'main_dispatch_0_conv', '/a/Conv', '/a/Relu'),
    dispatch(1, 'main_dispatch_1_gemm', '/b/Gemm'),
  ],
  modelNodes: ['/a/Conv', '/a/Relu', '/b/Gemm'].map((name, i) => ({ name, position: i + 1 })),
  model: 'models/net.onnx',
  ran: false,
};

const cases: readonly (readonly [
  why: string,
  zone: Partial<JoinableZone>,
  ran: boolean,
  expected: string,
])[] = [
  ['a run of this window', { name: 'x', dispatch: 1, entry: 'main' }, true, '1 recorded'],
  ['another entry point', { name: 'x', dispatch: 1, entry: 'decode' }, true, 'nothing'],
  [
    'a file of the same artifact',
    { name: 'main_dispatch_0_conv', dispatch: 0, origins: ['/a/Relu', '/a/Conv'] },
    false,
    '0 recorded',
  ],
  [
    'a file of another: the nodes still tell',
    { name: 'y', dispatch: 0, origins: ['/b/Gemm'] },
    false,
    '1 name',
  ],
  ['a sampled kernel', { name: 'kernel_main_dispatch_1_gemm+0x1f (/tmp/k.so)' }, false, '1 symbol'],
  ['a module and a kernel', { name: 'k.so!kernel_main_dispatch_0_conv' }, false, '0 symbol'],
  ['a location in the model', { name: 'op', location: 'net.onnx:3:0' }, false, '1 location'],
  [
    'a location as our IR prints it',
    { name: 'op', location: 'loc("/b/Gemm"("model:net.onnx":3:0))' },
    false,
    '1 location',
  ],
  ['a location elsewhere', { name: 'op', location: 'other.onnx:3:0' }, false, 'nothing'],
  ['ONNX Runtime', { name: '/a/Relu_kernel_time' }, false, '0 name'],
  ['a name of nothing', { name: 'malloc' }, false, 'nothing'],
  ['no name', { name: '' }, false, 'nothing'],
];

for (const [why, zone, ran, expected] of cases)
  test(`evidence: ${why}`, () => {
    const joined = joinZone({ name: '', origins: [], ...zone }, { ...model, ran });
    assert.equal(joined === undefined ? 'nothing' : `${joined.dispatch.index} ${joined.evidence}`, expected);
  });

test('of several compilations the best evidence counts', () => {
  const zone = { name: 'kernel_main_dispatch_1_gemm', dispatch: 1, origins: [] };
  const found = joinZoneToAny(zone, [model, { ...model, ran: true }]);
  assert.equal(found?.evidence, 'recorded');
  assert.equal(found?.compilation.ran, true);
});

test('the history of a dispatch is of the passes that rewrote its ops', () => {
  const ref = (...nodes: string[]): RewriteRecord['sources'] => [{ id: 1, name: 'x', nodes }];
  const rewrite = (rule: string, nodes: string[]): RewriteRecord => ({
    index: 0,
    pass: '',
    rule,
    sources: ref(...nodes),
    results: [],
    durationNs: 0,
  });
  const pass = (index: number, name: string, rewrites: readonly [number, number]): PassRecord =>
    ({ index, pass: name, rewrites }) as PassRecord;
  const history = passHistory(
    ['/a/Conv', '/a/Relu'],
    [pass(0, 'import', [0, 0]), pass(1, 'fold', [0, 2]), pass(2, 'fuse', [2, 4])],
    [
      rewrite('bn-into-conv', ['/a/Conv']),
      rewrite('bn-into-conv', ['/a/Conv']),
      rewrite('other', ['/b/Gemm']),
      rewrite('shared', ['/a/Conv', '/b/Gemm']),
    ],
  );
  assert.deepEqual(history, [{ pass: 1, name: 'fold', rules: ['bn-into-conv'] }]);
});
