/** Each command does what its help says, for people and with --json, and exits with 0 only on success. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it, before, after } from 'node:test';
import { commands } from '../../src/cli/commands';
import { stages } from '../../src/lowering/stages';
import { registry } from '../../src/ir/dialects/index';
import { parseModule } from '../../src/ir';
import { readTensorFile } from '../../src/frontend/tensorFile';
import { readTrace } from '../../src/profiler/readTrace';
import { testCache } from '../runner/sharedBuild';
import { assertRefused, workplace } from './strata';

const w = await workplace({ after });
before(async () => {
  const built = await w.strata(['models', 'build', 'tiny-convnet', '-o', 'tiny.onnx']);
  assert.equal(built.code, 0, built.stderr);
  const compiled = await w.strata(['compile', 'tiny.onnx', '-o', 'tiny.strata']);
  assert.equal(compiled.code, 0, compiled.stderr);
});

describe('help', { concurrency: 2 }, () => {
  it('lists every command, and starts fast', async () => {
    const { stdout, code } = await w.strata(['--help']);
    assert.equal(code, 0);
    for (const c of commands) assert.match(stdout, new RegExp(`^  ${c.name} `, 'm'));
    assert.match((await w.strata(['--version'])).stdout, /^\d+\.\d+\.\d+$/);
  });
  for (const { name, summary } of commands) {
    it(`of ${name} says how to use it`, async () => {
      for (const args of [
        [name, '--help'],
        ['help', name],
      ]) {
        const { stdout, stderr, code } = await w.strata(args);
        assert.equal(code, 0, stderr);
        assert.match(stdout, new RegExp(`^Usage: strata ${name} `));
        assert.ok(stdout.replace(/\s+/g, ' ').includes(summary), stdout);
        // Groups have it on the commands below them; a language server prints no document.
        const elsewhere = name === 'lsp' || stdout.includes('\nCommands:');
        assert.ok(elsewhere || stdout.includes('--json'), 'every command has --json');
      }
    });
  }
  it('is printed for want of a command, which is no success', async () => {
    const { stderr, stdout, code } = await w.strata([]);
    assert.match(stderr + stdout, /Usage: strata/);
    assert.equal(code, 1);
  });
});

describe('usage errors', { concurrency: 2 }, () => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['complie'], /^STR0008 unknown command 'complie'\. Did you mean compile\? 'strata --help' shows/],
    [['bench'], /^STR0008 missing required argument 'file', or --all\. 'strata bench --help' shows/],
    [['bench', '--all', 'tiny.onnx'], /^STR0002 --all: expected no file beside it, found 'tiny\.onnx'/],
    [['bench', '--all', '--filter', '('], /^STR0002 --filter: expected a regular expression/],
    [['bench', '--all', '--filter', 'gpt'], /^STR0002 --filter: expected an expression that finds a name/],
    [['models', 'check', 'gpt'], /^STR1001 .*"gpt"/],
    [['compile'], /^STR0008 missing required argument 'model'\. 'strata compile --help' shows/],
    [['compile', 'tiny.onnx', '--jsn'], /^STR0008 unknown option '--jsn'\. Did you mean --json\?/],
    [['compile', 'tiny.onnx', '-O7'], /^STR0002 -O: expected 0, 1, 2, 3, found '7'/],
    [['compile', 'tiny.onnx', '--cpu', 'avx1024'], /^STR0002 --cpu: expected .*avx512.*, found 'avx1024'/],
    [['compile', 'tiny.onnx', '--target', 'abacus'], /^STR0002 --target/],
    [['compile', 'tiny.onnx', '--emit', 'soup'], /^STR0002 --emit: expected .*structured.*, found 'soup'/],
    [['compile', 'tiny.onnx', '--stop-after', 'soup'], /^STR0592 there is no stage or pass 'soup'/],
    [['compile', 'tiny.onnx', '--pipeline', 'soup'], /^STR0201 there is no pass 'soup'/],
    [
      ['compile', 'tiny.onnx', '--dim', 'N:M=1:2,3'],
      /^STR0002 --dim: expected N:M=SIZE:SIZE, found 'N:M=1:2,3'/,
    ],
    [['compile', 'tiny.onnx', '--dim', 'N=1,2', '--dim', 'N=3'], /^STR0002 --dim: expected each NAME once/],
    [['compile', 'tiny.onnx', '--dim', 'N'], /^STR0002 --dim: expected NAME=SIZE, found 'N'/],
    [['compile', 'none.onnx'], /^STR0301 none\.onnx cannot be read: there is no such file/],
    [['run', 'notes.txt'], /^STR0005 'notes\.txt' is not a file that Strata can compile or run/],
    [['run', 'none.strata'], /^STR0601 .*none\.strata cannot be read/],
    [
      ['run', 'tiny.onnx', '--threads', '0'],
      /^STR0002 --threads: expected an integer of at least 1, found '0'/,
    ],
    [['run', 'tiny.strata', '--device', 'gpu'], /^STR0002 --device/],
    [
      ['run', 'tiny.strata', '--input', 'imput=random:1'],
      /^STR0006 the model has no input 'imput'; it has input/,
    ],
    [['run', 'tiny.strata', '--input', 'input=random:x'], /^STR0002 --input/],
    [['run', 'tiny.strata', '--input', 'input=none.npy'], /^STR0301 none\.npy cannot be read/],
    [['run', 'tiny.strata', '--input', 'input=tiny.onnx'], /^STR0331 .*expected \.npy or \.pb/],
    [
      ['run', 'tiny.strata', '--entry', 'prefill'],
      /^STR0589 the artifact has no entry point 'prefill'; it has 'main'/,
    ],
    [['run', 'tiny.strata', '--check', 'oracle'], /^STR0002 --check/],
    [['run', 'tiny.strata', '--check', 'onnxruntime'], /^STR0007 .*--model FILE/],
    [['bench', 'tiny.strata', '--repeat', 'many'], /^STR0002 --repeat/],
    [['profile', 'tiny.strata', '-o', 'nowhere/t.pftrace'], /^STR0714 .*nowhere/],
    [['opt', 'none.mlir', '--passes', 'cse'], /^STR0003 cannot read 'none\.mlir': there is no such file/],
    [['trace', 'none.pftrace', 'summary'], /^STR0003 cannot read 'none\.pftrace'/],
    [['trace', 'tiny.onnx', 'summary'], /^STR08\d\d /],
    [['models', 'build', 'alexnet'], /^STR1001 .*alexnet.*mobilenet-v2/],
    [['models', 'build', 'tiny-convnet', '--batch', '0'], /^STR0002 --batch/],
    [['models', 'build', 'tiny-convnet', '-o', 'nowhere/x.onnx'], /^STR0004 cannot write '.*nowhere/],
  ];
  for (const [args, message] of cases) {
    it(`strata ${args.join(' ')}`, async () => {
      assertRefused(await w.strata(args), message);
    });
  }
  it('with --json are one document on stdout too', async () => {
    for (const args of [['compile', 'none.onnx'], ['frob'], ['run', 'tiny.strata', '--entry', 'x']]) {
      const { stdout, stderr, code } = await w.strata([...args, '--json']);
      const { error } = JSON.parse(stdout) as { error: { code: string; severity: string; text: string } };
      assert.match(error.code, /^STR\d{4}$/);
      assert.ok(stderr.startsWith(`${error.code} ${error.text}`), stderr);
      assert.equal(code, 1);
    }
  });
});

// After them, as they run side by side.
it('usage errors leave no file', () => {
  assert.deepEqual(w.files(), ['tiny.onnx', 'tiny.strata']);
  assert.deepEqual(w.temporary(), []);
});

describe('models', () => {
  it('are listed and built, the same bytes each time', async () => {
    const { models } = await w.json<{ models: { name: string; parameters: number }[] }>(['models', 'list']);
    assert.deepEqual(models.find((m) => m.name === 'mobilenet-v2')?.parameters, 3_504_872);
    const built = await w.json<{ file: string; bytes: number }>([
      'models',
      'build',
      'tiny-convnet',
      '-o',
      'again.onnx',
    ]);
    assert.equal(built.bytes, readFileSync(w.at('again.onnx')).length);
    assert.ok(readFileSync(w.at('again.onnx')).equals(readFileSync(w.at('tiny.onnx'))));
    const { stdout } = await w.strata(['models', 'list']);
    assert.match(stdout, /^resnet50 +25,557,032 /m);
  });
  it('are checked, which the list then says, and measured together', async () => {
    const kept = path.join(testCache, 'models');
    rmSync(kept, { recursive: true, force: true });
    const before = await w.strata(['models', 'list']);
    assert.match(before.stdout, /^autoencoder +267,928 +\S+ MiB +not checked /m);
    const { stdout, stderr, code } = await w.strata(['models', 'check', 'autoencoder']);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^autoencoder +main +\S+ m?s +\S+ +agrees with ONNX Runtime/m);
    assert.match(stdout, /^1 of 1 models are in order$/m);
    const after = await w.strata(['models', 'list']);
    assert.match(after.stdout, /^autoencoder +267,928 +\S+ MiB +agrees +\d\.\de-\d /m);

    const bench = await w.strata(['bench', '--all', '--filter', '^autoencoder$', '--repeat', '5']);
    assert.equal(bench.code, 0, bench.stderr);
    assert.match(bench.stdout, /^autoencoder +main +5 .*s +[\d.]+ .s +[\d.]+$/m);
    assert.match(bench.stdout, /geometric mean of 1 ratios [\d.]+; slower than ONNX Runtime: [01]$/);
    rmSync(kept, { recursive: true, force: true });
  });
});

describe('compile', () => {
  it('prints the IR of each stage, which compiles on', async () => {
    for (const { name } of stages) {
      const { stdout, stderr, code } = await w.strata(['compile', 'tiny.onnx', '--emit', name]);
      assert.equal(code, 0, stderr);
      const { module } = parseModule(stdout, registry);
      const dialects = new Set(module.find(() => true).map((op) => op.dialect));
      const mark = {
        import: 'onnx',
        graph: 'nn',
        structured: 'linalg',
        dispatch: 'dispatch',
        scheduled: 'dispatch',
        loops: 'vector',
      }[name];
      assert.ok(dialects.has(mark), `${name}: ${[...dialects].join(' ')}`);
    }
    for (const word of ['c', 'target'])
      assert.match((await w.strata(['compile', 'tiny.onnx', '--emit', word])).stdout, /#include <stdint\.h>/);
  });
  it('follows schedules given by hand, and refuses those that fit no dispatch', async () => {
    const schedule = (tile: number): string =>
      `{block = array<i64: 16, 0, 0>, lanes = 8 : i64, order = array<i64: 0, 1, 2>, sizes = array<i64: 64, 8, 8>, tile = array<i64: ${tile}, 8, 8>, vector = 1 : i64}`;
    const compile = (file: string, ...args: string[]) =>
      w.strata(['compile', 'tiny.onnx', '--cpu', 'avx2', '--schedule', file, ...args]);
    writeFileSync(w.at('by-hand'), `{main_dispatch_2_conv2d_1x8x8x8x1x1x8_f32 = ${schedule(4)}}`);
    const { stdout, stderr } = await compile('by-hand', '--emit', 'scheduled');
    assert.ok(stdout.includes('tile = array<i64: 4, 8, 8>'), stderr);
    writeFileSync(w.at('wrong'), `{main_dispatch_2_conv2d_1x8x8x8x1x1x8_f32 = ${schedule(5)}}`);
    assert.match((await compile('wrong')).stderr, /^STR0541 .*multiple of its tile 5/);
    writeFileSync(w.at('unknown'), `{nothing = ${schedule(4)}}`);
    assert.match((await compile('unknown')).stderr, /^STR0545 there is no dispatch 'nothing'/);
    for (const f of ['by-hand', 'wrong', 'unknown']) rmSync(w.at(f));
  });
  it('writes the text of a stage where it is asked to', async () => {
    const { code } = await w.strata([
      'compile',
      'tiny.onnx',
      '--stop-after',
      'fuse-elementwise',
      '-o',
      'fused.mlir',
    ]);
    assert.equal(code, 0);
    parseModule(readFileSync(w.at('fused.mlir'), 'utf8'), registry);
    assert.equal(existsSync(w.at('fused.strata')), false);
  });
  it('says as JSON what it did', async () => {
    interface Summary {
      readonly artifact: string;
      readonly passes: readonly {
        readonly pass: string;
        readonly stage: string;
        readonly durationNs: number;
      }[];
      readonly tools: readonly { readonly name: string }[];
      readonly dispatches: readonly { readonly name: string; readonly origins: readonly string[] }[];
    }
    const summary = await w.json<Summary>(['compile', 'tiny.onnx', '-o', 'json.strata']);
    assert.equal(summary.artifact, 'json.strata');
    assert.ok(existsSync(w.at('json.strata')));
    assert.deepEqual(
      [...new Set(summary.passes.map((p) => p.stage))],
      stages.map((s) => s.name),
    );
    assert.deepEqual(
      summary.tools.map((t) => t.name),
      ['read', 'target', 'c-compiler', 'package'],
    );
    assert.ok(summary.dispatches.every((d) => d.origins.length > 0));
  });
  it('lays a dump out as mlir-opt does, and starts again from it', async () => {
    const { stdout, stderr, code } = await w.strata([
      'compile',
      'tiny.onnx',
      '-o',
      'dumped.strata',
      '--dump-dir',
      'ir',
    ]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^IR +ir$/m);
    const files = w.files().filter((f) => f.startsWith('ir/'));
    const passes = files.filter((f) => /^ir\/builtin_module_no-symbol-name\/\d+_[a-z0-9-]+\.mlir$/.test(f));
    assert.deepEqual(
      files.filter((f) => !passes.includes(f)),
      ['ir/parameters.safetensors'],
    );
    const fused = passes.find((f) => f.endsWith('_fuse-elementwise.mlir'))!;
    const again = await w.strata([
      'compile',
      fused,
      '--resources',
      'ir/parameters.safetensors',
      '-o',
      'again.strata',
    ]);
    assert.equal(again.code, 0, again.stderr);
    for (const [artifact, folder] of [
      ['dumped.strata', 'o1'],
      ['again.strata', 'o2'],
    ] as const)
      assert.equal((await w.strata(['run', artifact, '--output-dir', folder])).code, 0);
    assert.ok(readFileSync(w.at('o1/output.npy')).equals(readFileSync(w.at('o2/output.npy'))));
  });
});

describe('run', () => {
  it('writes outputs and agrees with both references', async () => {
    for (const reference of ['onnxruntime', 'interpreter']) {
      const { stdout, stderr, code } = await w.strata([
        'run',
        'tiny.strata',
        '--model',
        'tiny.onnx',
        '--check',
        reference,
        '--input',
        'input=random:7',
        '--output-dir',
        'out',
        '--threads',
        '2',
      ]);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^agrees with .*relative error/m);
    }
    assert.deepEqual(readTensorFile(w.at('out/output.npy')).tensor.shape, [1, 10]);
  });
  it('takes its inputs from files', async () => {
    const { stdout } = await w.strata(['run', 'tiny.strata', '--input', 'input=out/output.npy']);
    assert.equal(stdout, '');
    assertRefused(
      await w.strata(['run', 'tiny.strata', '--input', 'input=out/output.npy']),
      /^STR0593 input 'input' must be f32 \[1, 3, 16, 16\], found f32 \[1, 10\] in out\/output\.npy/,
    );
    const { outputs } = await w.json<{ outputs: { type: string }[] }>(['run', 'tiny.onnx', '-O1']);
    assert.deepEqual(
      outputs.map((o) => o.type),
      ['f32[1, 10]'],
    );
  });
  it('exits with 1 when the check fails, and says so', async () => {
    const { stdout, code } = await w.strata([
      'run',
      'tiny.strata',
      '--model',
      'tiny.onnx',
      '--check',
      'onnxruntime',
      '--tolerance',
      '1e-12',
    ]);
    assert.match(stdout, /DOES NOT AGREE/);
    assert.equal(code, 1);
  });
});

describe('bench', () => {
  it('prints the latency beside that of ONNX Runtime', async () => {
    const { stdout, stderr, code } = await w.strata(['bench', 'tiny.onnx', '--repeat', '7']);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^entry +by +threads +runs +min +median +p95$/m);
    assert.match(stdout, /^main +strata +1 +7 /m);
    assert.match(stdout, /^main +onnxruntime \S+ +1 +7 /m);
    assert.match(stdout, /^median ratio strata \/ onnxruntime: [\d.]+$/m);
    const { latencies, ratio } = await w.json<{
      latencies: { by: string; medianNs: number }[];
      ratio?: number;
    }>(['bench', 'tiny.strata', '--repeat', '3', '--no-reference', '--threads', '2']);
    assert.deepEqual(
      latencies.map((l) => l.by),
      ['strata'],
    );
    assert.ok(latencies[0]!.medianNs > 0);
    assert.equal(ratio, undefined);
  });
});

describe('profile and trace', () => {
  it('record a trace and print where the time went', async () => {
    const { stdout, stderr, code } = await w.strata([
      'profile',
      'tiny.strata',
      '-o',
      't.pftrace',
      '--repeat',
      '4',
    ]);
    assert.equal(code, 0, stderr);
    assert.match(
      stdout,
      /^dispatch +model nodes +calls +total \S+ +median \S+ +share +\S+ +\S+ +bound +of bound +predicted \S+ +off by$/m,
    );
    assert.match(
      stdout,
      /^main_dispatch_0_conv2d\S+ +\/stem\/stem\.0\/Conv \+ BatchNormalization \+ Clip +4 /m,
    );
    assert.match(stdout, /^trace +t\.pftrace$/m);
    const trace = readTrace(readFileSync(w.at('t.pftrace')), 't.pftrace');
    assert.ok(trace.zones.name.length > 4);
  });
  it('read, compare and export traces', async () => {
    const summary = await w.json<{ by: string; rows: { name: string; calls: number }[] }>([
      'trace',
      't.pftrace',
      'summary',
    ]);
    assert.equal(summary.by, 'dispatch');
    assert.ok(summary.rows.every((r) => r.calls === 4));
    const compared = await w.json<{ rows: { difference: number }[] }>([
      'trace',
      't.pftrace',
      'compare',
      't.pftrace',
    ]);
    assert.equal(compared.rows.length, summary.rows.length);
    assert.ok(compared.rows.every((r) => r.difference === 0));
    for (const format of ['json', 'csv'])
      assert.equal((await w.strata(['trace', 't.pftrace', 'export', '-o', `t.${format}`])).code, 0);
    const events = JSON.parse(readFileSync(w.at('t.json'), 'utf8')) as { traceEvents: unknown[] };
    assert.ok(events.traceEvents.length > 0);
    assertRefused(
      await w.strata(['trace', 't.pftrace', 'compare']),
      /^STR0002 FILE2: expected a second trace/,
    );
  });
});

describe('opt', () => {
  it('lists the passes and runs them on standard input', async () => {
    const { passes } = await w.json<{ passes: { name: string }[] }>(['opt', '--list']);
    assert.ok(passes.some((p) => p.name === 'canonicalize'));
    const running = w.start(['opt', '-', '--passes', 'cse', '--timing']);
    running.stdin.end(
      'func.func @f(%a: i32) -> i32 {\n  %0 = arith.addi %a, %a : i32\n  %1 = arith.addi %a, %a : i32\n  %2 = arith.muli %0, %1 : i32\n  return %2 : i32\n}\n',
    );
    const { stdout, stderr, exitCode } = await running;
    assert.equal(exitCode, 0);
    assert.equal(stdout.match(/arith\.addi/g)?.length, 1);
    assert.match(stderr, /^cse +[\d.]+ [µmn]s +\d+ +−1 +1/m);
  });
});

describe('doctor', () => {
  it('finds what is installed', async () => {
    const report = await w.json<{ ok: boolean; tools: { name: string; ok: boolean }[] }>(['doctor']);
    assert.deepEqual(
      report.tools.map((t) => [t.name, t.ok]),
      [
        ['cc', true],
        ['cxx', true],
        ['cmake', true],
        ['ninja', true],
      ],
    );
  });
  it('exits with 1 and names the command when something is missing', async () => {
    const { stdout, code } = await w.strata(['doctor'], { PATH: '/nonexistent', CC: '', CXX: '' });
    assert.equal(code, 1);
    assert.match(stdout, /✗ +a C compiler +missing/);
    assert.match(stdout, /Install what is missing:\n {2}\S+/);
  });
});
