/** The driver on bad input, full disks, cancellation and in company: coded errors, and nothing left behind. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { describe, it } from 'node:test';
import { CancelledError, cancellationOf } from '../../src/base/cancellation';
import { StrataError } from '../../src/base/diagnostics';
import type { CompileRequest } from '../../src/compiler/compileModel';
import { compileModel } from '../../src/compiler/compileModel';
import { OnnxGraphBuilder } from '../../src/frontend/zoo/onnxGraphBuilder';
import { buildReferenceModel } from '../../src/frontend/zoo/referenceModels';
import { smallDisk } from '../runner/sharedBuild';
import { assertAgrees, modelFile, openSession, referenceOutputs, scratch, seededInputs } from './models';

const tiny = modelFile('tiny-convnet');

/** A place of its own for a test, with temporary files in `tmp`. */
function place(t: TestContext): {
  readonly at: (name: string) => string;
  readonly listing: () => readonly string[];
} {
  const folder = mkdtempSync(path.join(scratch(), 'place-'));
  const temporary = path.join(folder, 'tmp');
  mkdirSync(temporary);
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = temporary;
  t.after(() => {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  });
  return {
    at: (name) => path.join(folder, name),
    listing: () =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((f) => f !== 'tmp')
        .sort(),
  };
}

async function errorOf(request: CompileRequest): Promise<StrataError> {
  try {
    await compileModel(request);
  } catch (error) {
    assert.ok(error instanceof StrataError, String((error as Error).stack));
    assert.match(error.message, /^STR\d{4} \S/);
    return error;
  }
  return assert.fail('it compiled');
}

describe('a model that cannot be compiled', () => {
  const cases: readonly (readonly [string, string, string | Uint8Array, RegExp])[] = [
    [
      'is no ONNX file',
      'noise.onnx',
      Buffer.from('GIF89a and so on, certainly not a model'),
      /^STR030\d .*noise\.onnx/,
    ],
    ['is empty', 'empty.onnx', '', /^STR030\d .*empty\.onnx/],
    [
      'is cut short',
      'cut.onnx',
      buildReferenceModel('tiny-convnet').subarray(0, 2000),
      /^STR0303 .*cut\.onnx is cut short.*2000 bytes/,
    ],
    ['is a GGUF file', 'llama.gguf', 'GGUF', /^STR0590 .*llama\.gguf.*GGUF/],
    ['is no IR', 'noise.mlir', 'func.func @main( {', /^STR01\d\d .*noise\.mlir:1:/],
    ['is no text', 'binary.mlir', Buffer.from([0xff, 0xfe, 0x80]), /^STR0599 .*binary\.mlir.*UTF-8/],
    [
      'has an op that is not known where it is used',
      'foreign.mlir',
      'func.func @main(%a: tensor<4xf32>) -> tensor<4xf32> {\n  %0 = "tosa.abs"(%a) : (tensor<4xf32>) -> tensor<4xf32>\n  return %0 : tensor<4xf32>\n}\n',
      /^STR\d{4} .*tosa\.abs/,
    ],
    [
      'does not verify',
      'wrong.mlir',
      'func.func @main(%a: f32) -> f32 {\n  %0 = arith.addi %a, %a : f32\n  return %0 : f32\n}\n',
      /^STR01\d\d .*arith\.addi/,
    ],
  ];
  for (const [what, name, contents, message] of cases) {
    it(`because it ${what}`, async (t) => {
      const { at, listing } = place(t);
      writeFileSync(at(name), contents);
      const error = await errorOf({ model: at(name), output: at('out.strata') });
      assert.match(error.message, message);
      assert.deepEqual(listing(), [name]);
    });
  }

  it('because it is not there, or a folder', async (t) => {
    const { at, listing } = place(t);
    for (const extension of ['onnx', 'mlir']) {
      const { message } = await errorOf({ model: at(`none.${extension}`), output: at('out.strata') });
      assert.match(
        message,
        /none\.\w+'? cannot be read: there is no such file|cannot read '.*none\.mlir': there is no such file/,
      );
    }
    assert.match(
      (await errorOf({ model: at('tmp'), output: at('out.strata') })).message,
      /^STR03\d\d .*folder/,
    );
    assert.deepEqual(listing(), []);
  });

  it('because of its operators: all of them, each with its nodes', async (t) => {
    const { at, listing } = place(t);
    const g = new OnnxGraphBuilder({ name: 'odd', seed: 0 });
    const x = g.input('x', 'f32', [4]);
    const a = g.node('/one', 'Bernoulli', [x]);
    const b = g.node('/two', 'Relu', [a]);
    const c = g.node('/three', 'Bernoulli', [b]);
    const d = g.node('/four', 'Frobnicate', [c], { domain: '' });
    g.node('/five', 'RandomNormalLike', [d], { output: 'y' });
    g.output('y', 'f32', [4]);
    writeFileSync(at('odd.onnx'), g.build());
    const { message, code } = await errorOf({ model: at('odd.onnx'), output: at('out.strata') });
    assert.equal(code, 'STR0340');
    for (const part of [
      'Bernoulli',
      '/one/Bernoulli',
      '/three/Bernoulli',
      'Frobnicate',
      '/four/Frobnicate',
      'RandomNormalLike',
      '/five/RandomNormalLike',
    ])
      assert.ok(message.includes(part), `${part} in: ${message}`);
    assert.ok(!message.includes('/two/Relu'), message);
    assert.deepEqual(listing(), ['odd.onnx']);
  });
});

describe('a request that makes no sense', () => {
  it('names the pass, stage or place that is not there', async (t) => {
    const { at, listing } = place(t);
    const cases: readonly (readonly [Partial<CompileRequest>, RegExp])[] = [
      [
        { pipeline: 'builtin.module(canonicalise)' },
        /^STR0201 there is no pass 'canonicalise'\. Did you mean 'canonicalize'/,
      ],
      [{ pipeline: 'builtin.module(cse' }, /^STR0202 /],
      [{ pipeline: 'builtin.module(form-dispatches{speed=9})' }, /^STR0208 .*speed/],
      [{ pipeline: 'builtin.module(canonicalize)', output: at('a.strata') }, /^STR0598 .*onnx\./],
      [{ stopAfter: 'codegen' }, /^STR0592 there is no stage or pass 'codegen'/],
      [{ stopAfter: 'fuse-elementwise', optLevel: 0 }, /^STR0592 .*not in this pipeline/],
      [{ output: at('nowhere/a.strata') }, /^STR0591 .*nowhere does not exist/],
      [{ output: at('tmp') }, /^STR0591 .*it is a folder/],
      [{ output: '/dev/null' }, /^STR0591 .*no regular file/],
      [{ dumpDir: path.join(tiny, 'd') }, /^STR0591 /],
    ];
    for (const [request, message] of cases)
      assert.match((await errorOf({ model: tiny, ...request })).message, message);
    assert.deepEqual(listing(), []);
  });

  it('leaves the artifact that was there', async (t) => {
    const { at } = place(t);
    writeFileSync(at('a.strata'), 'precious');
    writeFileSync(at('bad.onnx'), 'bad');
    await errorOf({ model: at('bad.onnx'), output: at('a.strata') });
    assert.equal(readFileSync(at('a.strata'), 'utf8'), 'precious');
  });
});

describe('cancellation', () => {
  const phases = [
    'read',
    'graph',
    'structured',
    'dispatch',
    'scheduled',
    'loops',
    'target',
    'c-compiler',
    'package',
  ];
  for (const phase of phases) {
    it(`in ${phase} leaves nothing behind`, async (t) => {
      const { at, listing } = place(t);
      const abort = new AbortController();
      const seen: string[] = [];
      const compiling = compileModel(
        { model: tiny, output: at('out.strata'), dumpDir: at('dump'), kernelCache: false },
        {
          cancellation: cancellationOf(abort.signal),
          onProgress: (p) => {
            seen.push(p.phase);
            if (p.phase !== phase) return;
            // The C compiler is a process: let it start first.
            if (phase === 'c-compiler') setTimeout(() => abort.abort(), 50);
            else abort.abort();
          },
        },
      );
      await assert.rejects(compiling, CancelledError);
      assert.equal(seen.at(-1), phase, 'nothing began after it');
      assert.deepEqual(listing(), []);
    });
  }

  it('before the start does nothing', async (t) => {
    const { at, listing } = place(t);
    const cancellation = cancellationOf(AbortSignal.abort());
    await assert.rejects(
      compileModel({ model: tiny, output: at('a.strata') }, { cancellation }),
      CancelledError,
    );
    assert.deepEqual(listing(), []);
  });

  it('keeps what was in the dump folder before', async (t) => {
    const { at, listing } = place(t);
    mkdirSync(at('dump'));
    writeFileSync(at('dump/notes.txt'), 'mine');
    const abort = new AbortController();
    const compiling = compileModel(
      { model: tiny, output: at('a.strata'), dumpDir: at('dump') },
      { cancellation: cancellationOf(abort.signal), onProgress: (p) => p.phase === 'loops' && abort.abort() },
    );
    await assert.rejects(compiling, CancelledError);
    assert.deepEqual(listing(), ['dump', 'dump/notes.txt']);
  });
});

describe('a full disk', () => {
  it('while writing the artifact is told, and nothing of it stays', async (t) => {
    const disk = await smallDisk(t, 64);
    if (disk === undefined) return;
    const { message } = await errorOf({ model: tiny, output: path.join(disk, 'a.strata') });
    assert.match(message, /^STR0606 .*a\.strata cannot be written: .*(ENOSPC|no space left)/);
    assert.deepEqual(readdirSync(disk), []);
  });
  it('while dumping IR is told, and nothing of it stays', async (t) => {
    const disk = await smallDisk(t, 64);
    if (disk === undefined) return;
    const { message } = await errorOf({ model: tiny, dumpDir: path.join(disk, 'ir'), stopAfter: 'loops' });
    assert.match(message, /^STR0591 cannot write '.*\.mlir': no space left on device/);
    assert.deepEqual(readdirSync(disk), []);
  });
  it('while compiling C is told, and nothing stays', async (t) => {
    const disk = await smallDisk(t, 64);
    if (disk === undefined) return;
    const { at, listing } = place(t);
    process.env['TMPDIR'] = disk;
    const { message } = await errorOf({ model: tiny, output: at('a.strata'), kernelCache: false });
    assert.match(message, /^STR0722 .*(ENOSPC|no space left)/);
    assert.deepEqual(readdirSync(disk), []);
    assert.deepEqual(listing(), []);
  });
  it('while writing a trace is told, nothing of it stays, and the session goes on', async (t) => {
    const disk = await smallDisk(t, 16);
    if (disk === undefined) return;
    const { at } = place(t);
    await compileModel({ model: tiny, output: at('a.strata') });
    const session = await openSession(t, at('a.strata'));
    const inputs = seededInputs('tiny-convnet', {}, 1);
    await assert.rejects(session.profile(inputs, path.join(disk, 't.pftrace'), { repeat: 500 }), {
      message: /^STR0714 .*No space left/,
    });
    assert.deepEqual(readdirSync(disk), []);
    await session.run(inputs);
    await session.close();
  });
});

describe('two compilations at once', () => {
  const inputs = seededInputs('tiny-convnet', {}, 2);
  it('to different files are both right', async (t) => {
    const { at, listing } = place(t);
    const models = [1, 2].map((seed) => modelFile('tiny-convnet', { seed }));
    await Promise.all(models.map((model, i) => compileModel({ model, output: at(`${i}.strata`) })));
    assert.deepEqual(listing(), ['0.strata', '1.strata']);
    for (const [i, model] of models.entries()) {
      const [expected] = await referenceOutputs(model, [inputs]);
      const session = await openSession(t, at(`${i}.strata`));
      assertAgrees((await session.run(inputs)).outputs, expected!, 1e-4, model);
      await session.close();
    }
  });
  it('to the same file leave one whole artifact', async (t) => {
    const { at, listing } = place(t);
    const models = [3, 4].map((seed) => modelFile('tiny-convnet', { seed }));
    await Promise.all(models.map((model) => compileModel({ model, output: at('a.strata') })));
    assert.deepEqual(listing(), ['a.strata']);
    const session = await openSession(t, at('a.strata'));
    const { outputs } = await session.run(inputs);
    const agrees = await Promise.all(
      models.map(async (model) => {
        const [expected] = await referenceOutputs(model, [inputs]);
        try {
          assertAgrees(outputs, expected!, 1e-4, model);
          return true;
        } catch {
          return false;
        }
      }),
    );
    assert.deepEqual(agrees.filter((a) => a).length, 1, 'it is one of the two models');
    await session.close();
  });
});
