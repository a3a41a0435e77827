/**
 * Every stage of the pipeline on its own: its text reads back as itself, stock mlir-opt accepts it, the interpreter
 * computes from it what ONNX Runtime computes from the model, and every op still leads to nodes of the model.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { interpretModule } from '../../src/compiler/interpretModel';
import type { CompileRequest, CompileResult } from '../../src/compiler/compileModel';
import { compileModel } from '../../src/compiler/compileModel';
import type { BuildOptions } from '../../src/frontend/zoo/referenceModel';
import type { PassRecord } from '../../src/ir';
import { assertVerified, missingProvenance, modelNodesOf, parseModule, printOp } from '../../src/ir';
import { registry } from '../../src/ir/dialects/index';
import { defaultPipeline } from '../../src/lowering/pipeline';
import { stages } from '../../src/lowering/stages';
import { allFacts } from '../../src/profiler/trace';
import { readTrace } from '../../src/profiler/readTrace';
import { mlirOpt, readsTheSame } from '../golden';
import { assertAgrees, modelFile, openSession, referenceOutputs, scratch, seededInputs } from './models';

const noMlirOpt = mlirOpt === undefined && 'mlir-opt 22 is not installed';
/** Passes reorder sums; this is what that may change in single precision. */
const tolerance = 2e-5;

interface Stages extends CompileResult {
  readonly file: string;
  /** Passes that changed something, with the module after them, locations included. */
  readonly steps: readonly { readonly record: PassRecord; readonly label: string; readonly text: string }[];
}

/** Compiles up to C and keeps the module after each pass. */
async function stagesOf(
  name: string,
  options: BuildOptions,
  request: Partial<CompileRequest> = {},
): Promise<Stages> {
  const file = modelFile(name, options);
  const texts = new Map<number, string>();
  const result = await compileModel(
    { model: file, ...request },
    { onRecord: (record, module) => texts.set(record.index, printOp(module, { locations: 'alias' })) },
  );
  const { passes } = result.compilation.passes;
  const steps = passes
    .filter((record) => record.changed)
    .map((record) => ({
      record,
      label: `${record.index} ${record.stage}/${record.pass}`,
      text: texts.get(record.index)!,
    }));
  return { ...result, file, steps };
}

/** Asserts that mlir-opt reads every text. */
function assertAccepted(texts: readonly string[], flags: readonly string[] = []): void {
  const { status, stderr } = spawnSync(
    mlirOpt!,
    ['--allow-unregistered-dialect', '--split-input-file', '-o', '/dev/null', ...flags],
    { input: texts.join('// -----\n'), encoding: 'utf8', maxBuffer: 2 ** 28 },
  );
  assert.equal(status, 0, stderr.slice(0, 2000));
}

for (const batch of [1, 2]) {
  describe(`tiny-convnet at batch ${batch}`, () => {
    const options = { batch };
    const compiled = stagesOf('tiny-convnet', options);

    it('goes through every stage', async () => {
      const { steps, compilation } = await compiled;
      const { passes } = compilation.passes;
      assert.deepEqual(
        [...new Set(passes.map((p) => p.stage))],
        stages.map((s) => s.name),
      );
      assert.equal(passes.length, 1 + defaultPipeline().length);
      // Each stage has something to do for this model.
      assert.deepEqual(
        [...new Set(steps.map((s) => s.record.stage))],
        stages.map((s) => s.name),
      );
    });

    it('computes what ONNX Runtime computes, after every pass', async () => {
      const { steps, file, resources, compilation } = await compiled;
      const inputs = seededInputs('tiny-convnet', options, 5);
      const [expected] = await referenceOutputs(file, [inputs]);
      for (const { record, label } of steps) {
        const { text } = compilation.passes.snapshots.get(record.snapshot)!;
        const { module } = parseModule(text, registry);
        assertAgrees(interpretModule(module, resources, inputs), expected!, tolerance, label);
      }
    });

    it('prints, parses and prints the same after every pass', async () => {
      const { steps, compilation } = await compiled;
      for (const { record, label, text } of steps) {
        const { module } = parseModule(text, registry);
        assertVerified(module);
        assert.equal(printOp(module, { locations: 'alias' }), text, label);
        const plain = compilation.passes.snapshots.get(record.snapshot)!.text;
        assert.equal(printOp(module), plain, `${label}, without locations`);
        const generic = printOp(module, { form: 'generic' });
        const reread = parseModule(generic, registry).module;
        assert.equal(printOp(reread, { form: 'generic' }), generic, `${label}, generic form`);
        assert.equal(printOp(reread), plain, `${label}, generic form printed as custom`);
      }
    });

    it('is the same IR to mlir-opt after every pass', { skip: noMlirOpt }, async () => {
      const { steps } = await compiled;
      readsTheSame(steps.map((s) => s.text));
      assertAccepted(
        steps.map((s) => s.text),
        ['--verify-roundtrip'],
      );
    });

    it('leads every op to nodes of the model, after every pass', async () => {
      const { steps, compilation } = await compiled;
      const known = new Set(compilation.modelNodes.map((n) => n.name));
      for (const { label, text } of steps) {
        const { module } = parseModule(text, registry);
        assert.deepEqual(
          missingProvenance(module).map((op) => op.name),
          [],
          label,
        );
        module.walk((op) => {
          for (const node of modelNodesOf(op.location))
            assert.ok(known.has(node.name), `${label}: ${node.name}`);
        });
      }
    });

    it('leads every dispatch to the model and every node to a dispatch', async () => {
      const { compilation } = await compiled;
      assertCovered(compilation);
    });
  });
}

/** Every node that computes something is the origin of a dispatch; every origin is a node. */
function assertCovered({ modelNodes, dispatches }: CompileResult['compilation']): void {
  const known = new Set(modelNodes.map((n) => n.name));
  for (const d of dispatches) {
    assert.ok(d.origins.length > 0, `${d.name} has origins`);
    for (const origin of d.origins) assert.ok(known.has(origin), `${origin} of ${d.name}`);
  }
  const reached = new Set(dispatches.flatMap((d) => d.origins));
  // A reshape moves no data, and a constant is data.
  const computing = modelNodes.filter((n) => !['Constant', 'Flatten', 'Reshape'].includes(n.opType));
  assert.deepEqual(
    computing.map((n) => n.name).filter((n) => !reached.has(n)),
    [],
    'nodes that no dispatch names',
  );
}

describe('the chain from the model to the trace', () => {
  it('holds in the zones of a profiled run of tiny-convnet', async (t) => {
    const model = modelFile('tiny-convnet');
    const output = path.join(scratch(), 'chain.strata');
    const { compilation } = await compileModel({ model, output });
    const session = await openSession(t, output);
    const file = path.join(scratch(), 'chain.pftrace');
    const repeat = 3;
    await session.profile(seededInputs('tiny-convnet', {}, 1), file, { repeat, warmup: 1, threads: 2 });
    const trace = readTrace(await readFile(file), 'chain.pftrace');
    const facts = allFacts(trace);
    const zones = Array.from(trace.zones.name, (name, i) => ({
      name: trace.strings[name]!,
      facts: facts[trace.zones.args[i]!]!,
    })).filter((z) => z.facts.dispatch !== undefined);
    for (const d of compilation.dispatches) {
      const own = zones.filter((z) => z.facts.dispatch === d.index);
      assert.ok(own.length >= repeat, `${d.name} has ${own.length} zones`);
      for (const z of own) {
        assert.equal(z.name, d.name);
        assert.deepEqual(z.facts.origins, d.origins);
        assert.equal(z.facts.entry, d.entryPoint);
      }
    }
  });

  it('holds for MobileNetV2, whose stages mlir-opt accepts', async (t) => {
    const { steps, compilation } = await stagesOf('mobilenet-v2', { batch: 2 });
    assertCovered(compilation);
    for (const { label, text } of steps) {
      const { module } = parseModule(text, registry);
      assert.ok(printOp(module, { locations: 'alias' }) === text, `${label} reads back as itself`);
    }
    if (mlirOpt === undefined) t.diagnostic('mlir-opt 22 is not installed: not asked');
    else assertAccepted(steps.map((s) => s.text));
  });
});
