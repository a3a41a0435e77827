/**
 * Models for several sizes of their symbolic dimensions in one artifact: the shapes of inputs choose an entry point, which
 * is compared with ONNX Runtime and the interpreter; traces tell the entry points apart.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { readArtifact, readArtifactSummary } from '../../src/artifact/readArtifact';
import type { CompileRequest } from '../../src/compiler/compileModel';
import { compileModel } from '../../src/compiler/compileModel';
import { interpretModel } from '../../src/compiler/interpretModel';
import { openSession as openAnySession } from '../../src/compiler/openSession';
import { loadInputs } from '../../src/compiler/tensors';
import { dimensionCodec, modelCodec } from '../../src/frontend/onnx/proto/onnxProto';
import { llama } from '../../src/frontend/zoo/llama';
import { OnnxGraphBuilder, int, ints } from '../../src/frontend/zoo/onnxGraphBuilder';
import { writeModel } from '../../src/frontend/zoo/writeModel';
import { readTrace } from '../../src/profiler/readTrace';
import { summarise } from '../../src/profiler/summary';
import { mlirOpt } from '../golden';
import { assertAgrees, modelFile, openSession, referenceOutputs, scratch, type Tensors } from './models';

/** `y = relu(x · w) + mean of it over the sequence`, for x of batch × sequence × 12. */
async function tinyModel(name: string): Promise<string> {
  const g = new OnnxGraphBuilder({ name, seed: 3 });
  const x = g.input('x', 'f32', ['batch', 'sequence', 12]);
  const w = g.weight('w', [12, 20], (values, random) => {
    for (let i = 0; i < values.length; i++) values[i] = random.between(-1, 1);
  });
  const product = g.node('/a', 'MatMul', [x, w]);
  const active = g.node('/a', 'Relu', [product]);
  const mean = g.node('/b', 'ReduceMean', [active], { attributes: { axes: ints(1), keepdims: int(1) } });
  g.output('y', 'f32', ['batch', 'sequence', 20]);
  g.node('/c', 'Add', [active, mean], { output: 'y' });
  const file = path.join(scratch(), `${name}.onnx`);
  await writeModel(g, file);
  return file;
}

/** A Llama of two layers with a cache of keys and values. */
async function smallLlama(): Promise<string> {
  const sizes = { width: 32, layers: 2, heads: 4, keyHeads: 2, hidden: 64, tied: true };
  const file = path.join(scratch(), 'llama.onnx');
  await writeModel(llama('llama', 'for tests', sizes, 0).graph({ seed: 7 }), file);
  return file;
}

/** A reference model whose first dimension is called `batch`. */
function withBatch(file: string): string {
  const model = modelCodec.decode(readFileSync(file));
  const batch = dimensionCodec.make({ dimParam: 'batch' });
  const named = [...model.graph!.input, ...model.graph!.output].map((v) => {
    const shape = v.type!.tensorType!.shape!;
    return {
      ...v,
      type: {
        ...v.type!,
        tensorType: { ...v.type!.tensorType!, shape: { ...shape, dim: [batch, ...shape.dim.slice(1)] } },
      },
    };
  });
  const inputs = model.graph!.input.length;
  const graph = {
    ...model.graph!,
    input: named.slice(0, inputs),
    output: named.slice(inputs),
    valueInfo: [],
  };
  const out = file.replace(/\.onnx$/, '-batch.onnx');
  writeFileSync(out, modelCodec.encode({ ...model, graph }));
  return out;
}

async function opened(t: TestContext, model: string, request: Partial<CompileRequest>) {
  const artifact = model.replace(/\.onnx$/, '.strata');
  const { compilation } = await compileModel({ model, output: artifact, ...request });
  return { artifact, compilation, session: await openSession(t, artifact) };
}

const seeded = (
  session: Awaited<ReturnType<typeof opened>>['session'],
  sizes: Readonly<Record<string, number>>,
): Tensors => loadInputs(session.entryPoint().inputs, new Map(), new Map(Object.entries(sizes)));

/** Runs the model with each of `sizes`; the entry points that ran. */
async function compare(
  session: Awaited<ReturnType<typeof opened>>['session'],
  model: string,
  sizes: readonly Readonly<Record<string, number>>[],
  tolerance: number,
): Promise<readonly string[]> {
  const inputs = sizes.map((s) => seeded(session, s));
  const expected = await referenceOutputs(model, inputs);
  const entries: string[] = [];
  // Backwards too: what one leaves in the arena that they share is nothing to the next.
  for (const i of [...sizes.keys(), ...[...sizes.keys()].reverse()]) {
    const { outputs, timings } = await session.run(inputs[i]!);
    assertAgrees(outputs, expected[i]!, tolerance, JSON.stringify(sizes[i]));
    entries.push(timings.entry);
  }
  return entries.slice(0, sizes.length);
}

const product = [
  { batch: 1, sequence: 5 },
  { batch: 1, sequence: 8 },
  { batch: 3, sequence: 5 },
  { batch: 3, sequence: 8 },
];

test('the shapes of inputs choose an entry point of one artifact', async (t) => {
  const model = await tinyModel('tiny');
  const { artifact, compilation, session } = await opened(t, model, { sizes: product });
  assert.deepEqual(await compare(session, model, product, 1e-5), [
    'main.batch_1.sequence_5',
    'main.batch_1.sequence_8',
    'main.batch_3.sequence_5',
    'main.batch_3.sequence_8',
  ]);
  assert.deepEqual(
    compilation.variants?.map((v) => v.sizes),
    product,
  );
  for (const v of compilation.variants)
    assert.ok(
      compilation.dispatches.some((d) => d.entryPoint === v.entry && d.origins.includes('/a/MatMul')),
    );
  const entry = session.entryPoint();
  assert.deepEqual(
    [entry.name, entry.inputs[0]!.shape, entry.sizes],
    ['main', ['batch', 'sequence', 12], product],
  );
  assert.deepEqual(entry.outputs[0]!.shape, ['y.0', 'y.1', 20]);

  const inputs = seeded(session, { batch: 2, sequence: 5 });
  await assert.rejects(
    session.run(inputs),
    /STR0736 "main" was not compiled for batch = 2, sequence = 5; it was for batch = 1, sequence = 5; batch = 1/,
  );
  await assert.rejects(session.run(inputs, { entry: 'main.batch_1.sequence_5' }), /STR0712/);
  await assert.rejects(session.run({ x: { ...inputs['x']!, shape: [10, 12] } }), /STR0712.*the rank is 3/);
  const [reference] = await referenceOutputs(model, [inputs]);
  assertAgrees(await interpretModel(model, inputs), reference!, 1e-5, 'the interpreter has any size');

  const { manifest } = await readArtifactSummary(artifact);
  assert.deepEqual(
    manifest.functions.map((f) => [f.name, f.symbols, f.variants.length]),
    [['main', ['batch', 'sequence'], 4]],
  );
});

test('weights of several entry points are stored once, and each stage is MLIR', async (t) => {
  const model = await tinyModel('shared');
  const { artifact } = await opened(t, model, { sizes: product.slice(0, 2), optLevel: 2 });
  const { constants, irTexts } = await readArtifact(artifact);
  const weights = constants.filter((c) => 'bytes' in c && c.bytes.length === 4 * 12 * 20);
  assert.equal(weights.length, 1);
  for (const { pass, text } of irTexts) {
    assert.match(text, /@main\.batch_1\.sequence_8/, pass);
    if (mlirOpt !== undefined)
      execFileSync(mlirOpt, ['--allow-unregistered-dialect'], {
        input: text,
        stdio: ['pipe', 'ignore', 'pipe'],
      });
  }
});

test('images in batches of one and of four', async (t) => {
  const model = withBatch(modelFile('mobilenet-v2', { width: 0.25, resolution: 32 }));
  const { session } = await opened(t, model, { sizes: [{ batch: 1 }, { batch: 4 }] });
  const entries = await compare(session, model, [{ batch: 4 }, { batch: 1 }], 1e-4);
  assert.deepEqual(entries, ['main.batch_4', 'main.batch_1']);
});

test('a prompt and a further token are entry points that traces tell apart', async (t) => {
  const model = await smallLlama();
  const sizes = [
    { sequence: 6, past: 0 },
    { sequence: 1, past: 6 },
  ];
  const { session } = await opened(t, model, { sizes });
  assert.deepEqual(await compare(session, model, sizes, 1e-5), [
    'main.sequence_6.past_0',
    'main.sequence_1.past_6',
  ]);
  const trace = path.join(scratch(), 'llama.pftrace');
  for (const s of sizes) {
    await session.profile(seeded(session, s), trace, { repeat: 2, warmup: 0 });
    const { rows } = summarise(readTrace(readFileSync(trace), 'llama.pftrace'));
    assert.ok(rows.length > 0);
    for (const row of rows) assert.equal(row.entry, `main.sequence_${s.sequence}.past_${s.past}`);
  }
});

test('models that run in stages have functions for each of the sizes in advance', async (t) => {
  const g = new OnnxGraphBuilder({ name: 'staged', seed: 1 });
  const x = g.input('x', 'f32', ['n']);
  g.output('y', 'i64', [1, 'found']);
  g.node('/p', 'NonZero', [g.node('/p', 'Relu', [x])], { output: 'y' });
  const model = path.join(scratch(), 'staged-sizes.onnx');
  await writeModel(g, model);
  const artifact = model.replace(/\.onnx$/, '.strata');
  const { compilation } = await compileModel({ model, output: artifact, sizes: [{ n: 4 }, { n: 7 }] });
  assert.equal(compilation.host?.stages, 2);
  const session = await openAnySession(artifact, {
    resourceRoot: process.cwd(),
    compile: (r) => compileModel(r),
  });
  t.after(() => session.close());
  for (const n of [4, 7]) {
    const inputs = loadInputs(session.entryPoint().inputs, new Map(), new Map([['n', n]]));
    const [expected] = await referenceOutputs(model, [inputs]);
    assertAgrees((await session.run(inputs)).outputs, expected!, 0, `n = ${n}`);
  }
});

test('levels have the same entry points, and text of a later stage makes the same artifact', async (t) => {
  const model = await tinyModel('levels');
  const sizes = product.slice(1, 3);
  const artifact = path.join(scratch(), 'levels.strata');
  const { compilation } = await compileModel({
    model,
    output: artifact,
    sizes,
    cpuLevel: 'avx2',
    fallbackLevels: ['baseline'],
  });
  const { functions, fallbacks } = await readArtifact(artifact);
  assert.deepEqual(fallbacks[0]!.functions, functions);

  const structured = await compileModel({ model, sizes, stopAfter: 'structured', keepFinalText: true });
  const again = path.join(scratch(), 'again.strata');
  const source = {
    text: structured.compilation.finalText!,
    blobs: [...structured.resources.entries].map(([name, blob]) => [name, blob.read()] as const),
  };
  await compileModel({ model: 'levels.mlir', output: again, source });
  assert.deepEqual((await readArtifact(again)).functions, functions);
  assert.equal(compilation.variants?.length, 2);
  await compare(await openSession(t, again), model, sizes, 1e-5);
});

test('entry points touch nothing of the arena that they share but their own buffers', async (t) => {
  const model = await tinyModel('guarded');
  const artifact = model.replace(/\.onnx$/, '.strata');
  const sanitizers = ['address'] as const;
  // Plain kernels leave more buffers between them.
  await compileModel({ model, output: artifact, sizes: product, sanitizers, optLevel: 1 });
  await compare(await openSession(t, artifact, sanitizers), model, product, 1e-5);
});

test('a dimension without a size is named', async () => {
  const model = await tinyModel('unsized');
  const sizes = [{ batch: 1 }, { batch: 2 }];
  await assert.rejects(compileModel({ model, sizes }), /STR0580.*have none: sequence/);
  await assert.rejects(compileModel({ model, sizes: [{ batch: 1 }, { width: 2 }] }), /STR0342/);
});
