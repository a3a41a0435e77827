/** Whole compilations that are found again: only where every byte that went into them is the same. */
import assert from 'node:assert/strict';
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import type { Compilation } from '../../src/compiler/compilation';
import { CompilationCache, packCompilation } from '../../src/compiler/compilationCache';
import type { CompileRequest } from '../../src/compiler/compileModel';
import { compileModel } from '../../src/compiler/compileModel';
import { OnnxGraphBuilder } from '../../src/frontend/zoo/onnxGraphBuilder';
import { modelCodec } from '../../src/frontend/onnx/proto/onnxProto';
import { scratch } from './models';

function model(weight: number): Uint8Array {
  const g = new OnnxGraphBuilder({ name: 'scaled', seed: 0 });
  const w = g.weight('w', [4], (values) => values.fill(weight));
  g.node('scale', 'Mul', [g.input('x', 'f32', [3, 4]), w], { output: 'y' });
  g.output('y', 'f32', [3, 4]);
  return g.build();
}
/** The model with its weight in a file beside it. */
function externalModel(folder: string, weight: number): Uint8Array {
  const proto = modelCodec.decode(model(weight));
  const initializer = proto.graph!.initializer.map((t) => {
    writeFileSync(path.join(folder, 'weights.bin'), t.rawData!);
    const externalData = [{ key: 'location', value: 'weights.bin' }];
    return { ...t, rawData: undefined, dataLocation: 1, externalData };
  });
  return modelCodec.encode({ ...proto, graph: { ...proto.graph!, initializer } });
}

class Place {
  readonly folder = mkdtempSync(path.join(scratch(), 'place-'));
  readonly cache = path.join(this.folder, 'cache');
  readonly compiler = path.join(this.folder, 'compiler.js');
  readonly request: CompileRequest = {
    model: path.join(this.folder, 'model.onnx'),
    output: path.join(this.folder, 'model.strata'),
    cpuLevel: 'baseline',
  };
  constructor(bytes: (folder: string) => Uint8Array = () => model(2)) {
    writeFileSync(this.request.model, bytes(this.folder));
    writeFileSync(this.compiler, '// version 1\n');
  }
  of(request: CompileRequest = this.request): Promise<CompilationCache | undefined> {
    return CompilationCache.of(request, this.compiler, this.cache);
  }
  async compileAndKeep(): Promise<Compilation> {
    const { compilation, resources } = await compileModel(this.request);
    await (await this.of())!.keep(packCompilation(compilation, [...resources.files]));
    return compilation;
  }
  async take(request: CompileRequest = this.request): Promise<Compilation | undefined> {
    return (await this.of(request))?.take();
  }
  entry(part: string): string {
    return path.join(
      this.cache,
      readdirSync(this.cache).find((n) => n.endsWith(part))!,
    );
  }
}

describe('a compilation that is found', () => {
  it('is the one that was kept, with its artifact at the place that is asked for', async () => {
    const place = new Place();
    const made = await place.compileAndKeep();
    const output = path.join(place.folder, 'other.strata');
    const found = await place.take({ ...place.request, output });
    assert.ok(found !== undefined);
    assert.deepEqual(readFileSync(output), readFileSync(place.request.output!));
    assert.equal(found.artifact, output);
    assert.ok(found.foundNs! > 0);
    assert.deepEqual(found.passes.passes, made.passes.passes);
    assert.deepEqual(found.passes.rewrites, made.passes.rewrites);
    assert.deepEqual([...found.passes.snapshots], [...made.passes.snapshots]);
    assert.deepEqual(found.dispatches, made.dispatches);
  });

  it('is found for the same bytes under the same name in another folder', async () => {
    const place = new Place();
    await place.compileAndKeep();
    const elsewhere = path.join(place.folder, 'elsewhere');
    mkdirSync(elsewhere);
    const copy = path.join(elsewhere, 'model.onnx');
    copyFileSync(place.request.model, copy);
    const found = await place.take({ ...place.request, model: copy });
    assert.equal(found?.model, copy);
  });
});

describe('a compilation is not found', () => {
  const changes: Readonly<Record<string, (place: Place) => CompileRequest | undefined>> = {
    'with nothing kept': (place) => ({ ...place.request, optLevel: 0 }),
    'after a weight of the model changed': (place) => {
      writeFileSync(place.request.model, model(3));
      return undefined;
    },
    'for a model of another name': (place) => {
      const renamed = path.join(place.folder, 'renamed.onnx');
      copyFileSync(place.request.model, renamed);
      return { ...place.request, model: renamed };
    },
    'for another level': (place) => ({ ...place.request, cpuLevel: 'neon' }),
    'by another compiler': (place) => {
      appendFileSync(place.compiler, '// version 2\n');
      return undefined;
    },
    'when the artifact in the cache is cut off': (place) => {
      truncateSync(place.entry('.artifact'), 100);
      return undefined;
    },
    'when what is kept of it is damaged': (place) => {
      const bytes = readFileSync(place.entry('.record'));
      bytes[bytes.length - 1]! ^= 1;
      writeFileSync(place.entry('.record'), bytes);
      return undefined;
    },
    'with the cache turned off': (place) => ({ ...place.request, kernelCache: false }),
    'when IR is asked for': (place) => ({ ...place.request, stopAfter: 'loops' }),
  };
  for (const [what, change] of Object.entries(changes)) {
    it(what, async () => {
      const place = new Place();
      await place.compileAndKeep();
      const request = change(place) ?? place.request;
      assert.equal(await place.take(request), undefined);
    });
  }

  it('after a file of weights beside the model changed', async () => {
    const place = new Place((folder) => externalModel(folder, 2));
    await place.compileAndKeep();
    assert.ok((await place.take()) !== undefined);
    externalModel(place.folder, 3);
    assert.equal(await place.take(), undefined);
  });
});

it('details that are gone when they are read are an error that says so', async () => {
  const place = new Place();
  await place.compileAndKeep();
  const found = await (await place.of())!.take('later');
  truncateSync(place.entry('.details'), 40);
  assert.throws(() => found!.passes.snapshots, /STR0583/);
});

it('a cache that cannot be written is no error', async () => {
  const place = new Place();
  writeFileSync(place.cache, 'a file where the folder would be');
  await place.compileAndKeep();
  assert.equal(await place.take(), undefined);
});
