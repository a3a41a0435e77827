/**
 * Models whose shapes depend on values, with control flow, sequences and symbolic sizes: compiled to artifacts in which
 * their own graph is the host program, run, and compared with ONNX Runtime.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { describe, test } from 'node:test';
import { readArtifact, readHostModel } from '../../src/artifact/readArtifact';
import type { ModelSession } from '../../src/compiler/artifactSession';
import type { Compilation } from '../../src/compiler/compilation';
import type { CompileRequest } from '../../src/compiler/compileModel';
import { compileModel } from '../../src/compiler/compileModel';
import { interpretModel } from '../../src/compiler/interpretModel';
import { openSession } from '../../src/compiler/openSession';
import type { HostTensor } from '../../src/frontend/elementType';
import type { GraphProto } from '../../src/frontend/onnx/proto/onnxProto';
import { attributeCodec, attributeTypes } from '../../src/frontend/onnx/proto/onnxProto';
import { readTrace } from '../../src/profiler/readTrace';
import { summarise } from '../../src/profiler/summary';
import { allFacts } from '../../src/profiler/trace';
import { assertAgrees, referenceOutputs, scratch, type Tensors } from './models';
import { axis, body, encoded, graph, node, value } from './onnxPieces';

const f32 = (values: readonly number[], shape: readonly number[] = [values.length]): HostTensor => ({
  elementType: 'f32',
  shape,
  bytes: new Uint8Array(Float32Array.from(values).buffer),
});
const i64 = (values: readonly number[], shape: readonly number[] = [values.length]): HostTensor => ({
  elementType: 'i64',
  shape,
  bytes: new Uint8Array(BigInt64Array.from(values, BigInt).buffer),
});
const bool = (value: boolean): HostTensor => ({
  elementType: 'bool',
  shape: [],
  bytes: Uint8Array.of(Number(value)),
});

/** Models, with inputs for several runs of each. */
const models: Readonly<Record<string, { readonly graph: GraphProto; readonly runs: readonly Tensors[] }>> = {
  'how many elements are positive depends on them': {
    graph: graph(
      [
        node('Mul', ['x', 'scale'], ['scaled']),
        node('Relu', ['scaled'], ['positive']),
        node('NonZero', ['positive'], ['where']),
        node('Squeeze', ['where', 'zero'], ['positions']),
        node('Gather', ['scaled', 'positions'], ['chosen']),
        node('Add', ['chosen', 'one'], ['y']),
      ],
      [value('x', 'f32', [8])],
      [value('y')],
      { scale: f32([2]), zero: i64([0]), one: f32([1]) },
    ),
    runs: [{ x: f32([1, -2, 3, 0, 5, -6, 7, 8]) }, { x: f32([-1, -2, 3, 0, -5, -6, -7, -8]) }],
  },
  'a branch is taken by what is computed': {
    graph: graph(
      [
        node(
          'ReduceSum',
          ['x'],
          ['sum'],
          [attributeCodec.make({ name: 'keepdims', type: attributeTypes.INT, i: 0n })],
        ),
        node('Greater', ['sum', 'limit'], ['large']),
        node(
          'If',
          ['large'],
          ['y'],
          [
            body('then_branch', graph([node('Mul', ['x', 'two'], ['a'])], [], [value('a')])),
            body(
              'else_branch',
              graph([node('Sub', ['x', 'two'], ['b']), node('Exp', ['b'], ['c'])], [], [value('c')]),
            ),
          ],
        ),
      ],
      [value('x', 'f32', [4])],
      [value('y')],
      { limit: f32([0], []), two: f32([2]) },
    ),
    runs: [{ x: f32([1, 2, 3, 4]) }, { x: f32([-1, 0, -3, 1]) }, { x: f32([1, 0, 3, 1]) }],
  },
  'a loop runs as often as an input says, and collects': {
    graph: graph(
      [
        node(
          'Loop',
          ['count', 'going', 'x'],
          ['last', 'all'],
          [
            body(
              'body',
              graph(
                [
                  node('Mul', ['state', 'half'], ['smaller']),
                  node('Add', ['smaller', 'x'], ['next']),
                  node('Identity', ['next'], ['row']),
                  node('Identity', ['go'], ['on']),
                ],
                [value('i', 'i64', []), value('go', 'bool', []), value('state', 'f32', [3])],
                [value('on', 'bool', []), value('next', 'f32', [3]), value('row', 'f32', [3])],
                { half: f32([0.5]) },
              ),
            ),
          ],
        ),
      ],
      [value('x', 'f32', [3]), value('count', 'i64', [])],
      [value('last', 'f32', [3]), value('all', 'f32', ['n', 3])],
      { going: bool(true) },
    ),
    runs: [
      { x: f32([1, 2, 3]), count: i64([3], []) },
      { x: f32([4, 5, 6]), count: i64([90], []) },
    ],
  },
  'sizes are those of the input': {
    graph: graph(
      [
        node('MatMul', ['x', 'w'], ['h']),
        node('Relu', ['h'], ['r']),
        node('ReduceMean', ['r', 'first'], ['y']),
      ],
      [value('x', 'f32', ['N', 2])],
      [value('y')],
      { w: f32([1, -2, 3, 4, 5, -6], [2, 3]), first: i64([0]) },
    ),
    runs: [{ x: f32([1, 2], [1, 2]) }, { x: f32([1, 2, 3, 4, -5, 6], [3, 2]) }, { x: f32([2, 1], [1, 2]) }],
  },
  'a sequence is taken apart and joined': {
    graph: graph(
      [
        node('SplitToSequence', ['x'], ['parts'], [axis(0)]),
        node('SequenceLength', ['parts'], ['length']),
        node('SequenceAt', ['parts', 'second'], ['row']),
        node('ConcatFromSequence', ['parts'], ['joined'], [axis(1)]),
        node('Mul', ['joined', 'row'], ['y']),
      ],
      [value('x', 'f32', [3, 1])],
      [value('y'), value('length', 'i64', [])],
      { second: i64([1], []) },
    ),
    runs: [{ x: f32([1, 2, 3], [3, 1]) }],
  },
};

function writeModel(label: string, g: GraphProto): string {
  const file = path.join(scratch(), `${label.replace(/\W+/g, '-')}.onnx`);
  writeFileSync(file, encoded(g));
  return file;
}

interface Compiled {
  readonly file: string;
  readonly artifact: string;
  readonly compilation: Compilation;
  /** What the session had compiled since it was opened. */
  readonly later: CompileRequest[];
  readonly session: ModelSession;
}
async function compiled(
  t: TestContext,
  label: string,
  g: GraphProto,
  request: Partial<CompileRequest> = {},
): Promise<Compiled> {
  const file = writeModel(label, g);
  const artifact = file.replace(/\.onnx$/, '.strata');
  const { compilation } = await compileModel({ model: file, output: artifact, optLevel: 1, ...request });
  const later: CompileRequest[] = [];
  const session = await openSession(artifact, {
    resourceRoot: process.cwd(),
    compile: (stage) => {
      later.push(stage);
      return compileModel(stage);
    },
  });
  t.after(() => session.close());
  return { file, artifact, compilation, later, session };
}

describe('models that run in stages', () => {
  for (const [label, { graph: g, runs }] of Object.entries(models))
    test(label, async (t) => {
      const { file, session, later, compilation } = await compiled(t, label, g);
      assert.ok(compilation.host !== undefined, 'a host program runs it');
      const expected = await referenceOutputs(file, runs);
      for (const [i, inputs] of runs.entries()) {
        assertAgrees((await session.run(inputs)).outputs, expected[i]!, 1e-6, `run ${i}`);
        assertAgrees(await interpretModel(file, inputs), expected[i]!, 1e-6, `interpreter, run ${i}`);
      }
      const before = later.length;
      for (const [i, inputs] of runs.entries())
        assertAgrees((await session.run(inputs)).outputs, expected[i]!, 1e-6, `run ${i} again`);
      assert.equal(later.length, before, 'what was compiled is kept');
    });
});

test('functions of known sizes are compiled in advance, and lead to the nodes of the model', async (t) => {
  const [[label, { graph: g, runs }]] = Object.entries(models) as [[string, (typeof models)[string]]];
  const { artifact, compilation, session, later } = await compiled(t, `traced ${label}`, g);
  assert.equal(compilation.host?.stages, 1);
  assert.equal(compilation.host.waiting, 'NonZero "NonZero_where"');
  assert.ok(compilation.dispatches.some((d) => d.origins.includes('NonZero_where')));
  assert.ok((await readArtifact(artifact)).irTexts.length > 3, 'the IR of each pass is in the artifact');

  const trace = path.join(scratch(), 'staged.pftrace');
  await session.profile(runs[0]!, trace, { repeat: 3, warmup: 1 });
  assert.equal(later.length, 1, 'the rest was compiled when its size was known');
  const columns = readTrace(readFileSync(trace), 'staged.pftrace');
  const rows = summarise(columns).rows;
  const entries = new Set(rows.map((r) => r.entry));
  assert.deepEqual([...entries].sort(), ['main', 'main_1']);
  assert.ok(rows.some((r) => r.entry === 'main_1' && r.origins.includes('Add_y')));
  const iterations = new Set([...columns.zones.iteration].filter((n) => n >= 0));
  assert.deepEqual([...iterations].sort(), [0, 1, 2], 'parts of one run have its number');
  assert.ok(allFacts(columns).every((f) => f.dispatch === undefined || (f.origins ?? []).length > 0));
});

test('an artifact that refers to its model refuses one that has changed', async () => {
  const { graph: g } = models['sizes are those of the input']!;
  const file = writeModel('changed', g);
  const artifact = path.join(scratch(), 'changed.strata');
  await compileModel({ model: file, output: artifact, optLevel: 1, externalParameters: true });
  const host = await readHostModel(artifact);
  assert.ok(host !== undefined && 'path' in host.model);
  writeFileSync(file, Buffer.concat([readFileSync(file), Buffer.from([0x12, 0x01, 0x61])]));
  await assert.rejects(
    openSession(artifact, { resourceRoot: process.cwd(), compile: (stage) => compileModel(stage) }),
    /STR0582.*has changed since/,
  );
});

test('sizes that are assumed and do not fit are said, and leave all to the run', async (t) => {
  const g = graph([node('MatMul', ['x', 'w'], ['y'])], [value('x', 'f32', [2, 'K'])], [value('y')], {
    w: f32([1, 2, 3], [3, 1]),
  });
  const { compilation, session, file } = await compiled(t, 'assumed', g);
  assert.deepEqual(compilation.host?.assumed, { K: 1 });
  assert.equal(compilation.host.stages, 0);
  assert.match(compilation.warnings.map((w) => w.code).join(), /STR0581/);
  const inputs = { x: f32([1, 2, 3, 4, 5, 6], [2, 3]) };
  const [expected] = await referenceOutputs(file, [inputs]);
  assertAgrees((await session.run(inputs)).outputs, expected!, 1e-6, 'K = 3');
});
