/** Compiling from IR text: from each stage of a dump, and from text written by hand. Same input, same bytes. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import type { CompileResult } from '../../src/compiler/compileModel';
import { compileModel } from '../../src/compiler/compileModel';
import { remainingSteps, stageOf } from '../../src/compiler/continuation';
import { interpretModel, interpretModule } from '../../src/compiler/interpretModel';
import { loadResources } from '../../src/compiler/resourceFiles';
import { loadInputs } from '../../src/compiler/tensors';
import { parseModule } from '../../src/ir';
import { registry } from '../../src/ir/dialects/index';
import { defaultPipeline } from '../../src/lowering/pipeline';
import { stages } from '../../src/lowering/stages';
import { assertAgrees, modelFile, openSession, referenceOutputs, scratch, seededInputs } from './models';

const at = (name: string): string => path.join(scratch(), name);

interface Dump {
  readonly folder: string;
  readonly parameters: string;
  /** In the order of the passes. */
  readonly files: readonly { readonly file: string; readonly index: number; readonly pass: string }[];
  readonly result: CompileResult;
}

async function dumpOf(model: string, name: string): Promise<Dump> {
  const folder = at(name);
  const result = await compileModel({ model, dumpDir: folder, stopAfter: 'loops' });
  const tree = path.join(folder, 'builtin_module_no-symbol-name');
  const files = readdirSync(tree)
    .map((each) => {
      const [, index, pass] = /^(\d+)_([\w-]+)\.mlir$/.exec(each) ?? assert.fail(each);
      return { file: path.join(tree, each), index: Number(index), pass: pass! };
    })
    .sort((a, b) => a.index - b.index);
  return { folder, parameters: path.join(folder, 'parameters.safetensors'), files, result };
}

describe('compiling from the text of a stage', () => {
  const model = modelFile('tiny-convnet', { batch: 2 });
  const dumped = dumpOf(model, 'dump');

  it('has a file for every pass that changed something', async () => {
    const { files, result } = await dumped;
    const changed = result.compilation.passes.passes.filter((p) => p.changed);
    assert.deepEqual(
      files.map((f) => [f.index, f.pass]),
      changed.map((p) => [p.index, p.pass.replace(/\{.*$/, '')]),
    );
  });

  it('finds the stage of every text', async () => {
    const { files, result } = await dumped;
    for (const { file, index } of files) {
      const { module } = parseModule(readFileSync(file, 'utf8'), registry);
      const { stage } = result.compilation.passes.passes[index]!;
      // A schedule is an attribute: the two stages hold the same ops.
      assert.equal(stageOf(module), stage === 'scheduled' ? 'dispatch' : stage, file);
    }
  });

  it('goes on to the same code, whatever text it starts from', async () => {
    const { files, parameters, result } = await dumped;
    for (const { file, index } of files) {
      const again = await compileModel({ model: file, resources: parameters });
      assert.equal(again.compilation.kernelSource, result.compilation.kernelSource, file);
      assert.deepEqual(again.compilation.dispatches, result.compilation.dispatches, file);
      assert.equal(again.compilation.arenaBytes, result.compilation.arenaBytes, file);
      const ran = again.compilation.passes.passes.length - 1;
      assert.ok(index === 0 || ran <= result.compilation.passes.passes.length - 1, `${file}: ${ran} passes`);
    }
  });

  it('runs only what remains', () => {
    const steps = defaultPipeline();
    const module = parseModule(
      'module {\n  func.func @main(%a: tensor<4xf32>) -> tensor<4xf32> {\n    %0 = math.exp %a : tensor<4xf32>\n    return %0 : tensor<4xf32>\n  }\n}\n',
      registry,
    ).module;
    assert.equal(stageOf(module), 'structured');
    const rest = remainingSteps(module, steps);
    assert.ok(rest.length < steps.length);
    assert.deepEqual([...new Set(rest.map((s) => s.stage))], stages.map((s) => s.name).slice(2));
    assert.ok(!rest.some((s) => s.node.kind === 'pass' && s.node.pass.pass.name === 'lower-nn-to-linalg'));
  });

  for (const stage of ['graph', 'structured', 'dispatch', 'loops']) {
    it(`computes the same from the text after stage ${stage}`, async (t) => {
      const { files, parameters, result } = await dumped;
      const last = result.compilation.passes.passes.filter((p) => p.stage === stage && p.changed).at(-1)!;
      const { file } = files.find((f) => f.index === last.index)!;
      const output = at(`${stage}.strata`);
      await compileModel({ model: file, resources: parameters, output });
      const inputs = seededInputs('tiny-convnet', { batch: 2 }, 9);
      const [expected] = await referenceOutputs(model, [inputs]);
      const session = await openSession(t, output);
      assertAgrees((await session.run(inputs, { threads: 2 })).outputs, expected!, 1e-4, stage);
    });
  }

  it('keeps a schedule that was edited in the text', async () => {
    const { files } = await dumped;
    const { file } = files.find((f) => f.pass === 'choose-schedules')!;
    const text = readFileSync(file, 'utf8');
    const edited = text.replace(/predicted_ns = \d+/, 'predicted_ns = 123456');
    assert.notEqual(edited, text);
    const again = at('edited.mlir');
    writeFileSync(again, edited);
    const { compilation } = await compileModel({ model: again });
    assert.equal(compilation.dispatches[0]!.predictedNs, 123456);
  });
});

describe('IR written by hand', () => {
  const text = `#rows = affine_map<(i, j, k) -> (i, k)>
#columns = affine_map<(i, j, k) -> (k, j)>
#product = affine_map<(i, j, k) -> (i, j)>
#same = affine_map<(i, j) -> (i, j)>
func.func @main(%x: tensor<5x7xf32>, %y: tensor<7x3xf32>) -> tensor<5x3xf32> {
  %zero = arith.constant 0.0 : f32
  %half = arith.constant 0.5 : f32
  %empty = tensor.empty() : tensor<5x3xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<5x3xf32>) -> tensor<5x3xf32>
  %product = linalg.generic {indexing_maps = [#rows, #columns, #product], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %y : tensor<5x7xf32>, tensor<7x3xf32>) outs(%init : tensor<5x3xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %sum, %p : f32
    linalg.yield %s : f32
  } -> tensor<5x3xf32>
  %out = linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]}
      ins(%product : tensor<5x3xf32>) outs(%empty : tensor<5x3xf32>) {
  ^bb0(%a: f32, %old: f32):
    %h = arith.addf %a, %half : f32
    %t = math.tanh %h : f32
    linalg.yield %t : f32
  } -> tensor<5x3xf32>
  return %out : tensor<5x3xf32>
}
`;
  it('in linalg and tensor compiles and computes what the interpreter computes', async (t) => {
    const model = at('hand.mlir');
    writeFileSync(model, text);
    const output = at('hand.strata');
    const { compilation } = await compileModel({ model, output });
    assert.ok(compilation.dispatches.length > 0);
    // Its ops are the nodes of the model, each at its line, and every dispatch leads to some of them.
    assert.deepEqual(
      compilation.modelNodes.flatMap((n) => (n.opType === 'linalg.generic' ? [[n.name, n.line]] : [])),
      [
        ['linalg.generic:10', 10],
        ['linalg.generic:17', 17],
      ],
    );
    for (const { name, origins } of compilation.dispatches) assert.ok(origins.length > 0, name);
    const session = await openSession(t, output);
    const entry = session.entryPoint();
    const inputs = loadInputs(entry.inputs, new Map());
    const { module, resources: inline } = parseModule(text, registry);
    assert.equal(inline.size, 0);
    const expected = interpretModule(module, loadResources('none'), inputs);
    const { outputs } = await session.run(inputs, { threads: 2 });
    assertAgrees(outputs, expected, 1e-5, 'hand');
  });

  it('may use arithmetic on whole tensors, a function of any name, and arguments without names', async (t) => {
    const model = at('add.mlir');
    writeFileSync(
      model,
      'func.func @add(%a: tensor<4xf32>, %b: tensor<4xf32>) -> tensor<4xf32> {\n  %sum = arith.addf %a, %b : tensor<4xf32>\n  return %sum : tensor<4xf32>\n}\n',
    );
    const output = at('add.strata');
    await compileModel({ model, output });
    const session = await openSession(t, output);
    const inputs = loadInputs(session.entryPoint().inputs, new Map());
    const { outputs } = await session.run(inputs);
    assertAgrees(outputs, await interpretModel(model, inputs), 0, 'add');
  });
});

describe('determinism', () => {
  it('gives the same IR, C and artifact for the same input', async () => {
    const model = modelFile('tiny-convnet', { batch: 1, seed: 4 });
    const [a, b] = await Promise.all(
      ['one', 'two'].map(async (name) => {
        const output = at(`${name}.strata`);
        const { compilation } = await compileModel({ model, output, dumpDir: at(name), kernelCache: false });
        return { compilation, bytes: readFileSync(output) };
      }),
    );
    const hashes = (c: CompileResult['compilation']) =>
      c.passes.passes.map((p) => [p.pass, p.snapshot, p.rewrites]);
    assert.deepEqual(hashes(a!.compilation), hashes(b!.compilation));
    assert.equal(a!.compilation.kernelSource, b!.compilation.kernelSource);
    assert.ok(a!.bytes.equals(b!.bytes), 'the artifacts differ');
    const files = (name: string) => readdirSync(at(name), { recursive: true, encoding: 'utf8' }).sort();
    assert.deepEqual(files('one'), files('two'));
    for (const file of files('one').filter((f) => /\.\w+$/.test(f)))
      assert.ok(
        readFileSync(path.join(at('one'), file)).equals(readFileSync(path.join(at('two'), file))),
        file,
      );
  });
});
