/** The search over the steps of compilers that are installed: mlir-opt, opt, clang and IREE. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { neverCancelled } from '../../src/base/cancellation';
import type { CommandRequest } from '../../src/bisect/command/commandBisect';
import { bisectCommand } from '../../src/bisect/command/commandBisect';
import { defaultTolerance } from '../../src/bisect/tolerance';
import { compileModel } from '../../src/compiler/compileModel';
import { writeTensorFile } from '../../src/frontend/tensorFile';
import { randomTensor } from '../../src/frontend/random';
import { buildReferenceModel } from '../../src/frontend/zoo/referenceModels';

const folder = mkdtempSync(path.join(tmpdir(), 'strata-real-tools-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});
const write = (name: string, text: string | Uint8Array): string => {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
};
const script = (name: string, text: string): string => {
  const file = write(name, `#!/bin/sh\n${text}`);
  chmodSync(file, 0o755);
  return file;
};
const isInstalled = (program: string): boolean => spawnSync(program, ['--version']).status === 0;
const skipWithout = (...programs: readonly string[]) => {
  const missing = programs.find((p) => !isInstalled(p));
  return { skip: missing !== undefined && `${missing} is not installed` };
};
const bisect = (request: CommandRequest) => bisectCommand(request, { cancellation: neverCancelled });
/** Bad from where the output holds a word. */
const without = (name: string, word: string) => ({
  kind: 'command' as const,
  command: script(name, `! grep -q '${word}' "$1"\n`),
});

describe('mlir-opt 22', skipWithout('mlir-opt-22'), () => {
  const source = write(
    'residual.mlir',
    `func.func @main(%x: f32, %y: f32) -> f32 {
  %1 = arith.mulf %x, %x fastmath<fast> : f32
  %2 = arith.addf %1, %y fastmath<fast> : f32
  return %2 : f32
}
`,
  );
  const words = [
    'mlir-opt-22',
    source,
    '--pass-pipeline=builtin.module(cse,func.func(math-uplift-to-fma,cse),symbol-dce)',
  ];
  const judge = without('no-fma.sh', 'math.fma');

  it('is searched by its debug counter, which names the pass and the op it runs on', async () => {
    const b = await bisect({ words, steps: 'counter', judge });
    assert.match(b.verdict, /^Step 3, MathUpliftToFMA on func.func, is the first bad one/);
  });
  it('is searched by prefixes of its pipeline', async () => {
    const b = await bisect({ words, steps: 'pipeline', judge });
    assert.match(
      b.verdict,
      /^Step 2, math-uplift-to-fma on builtin.module › func.func, is the first bad one/,
    );
  });
});

describe('LLVM 22', skipWithout('opt-22', 'clang-22'), () => {
  it('is searched by the limit of opt', async () => {
    const source = write('eight.ll', 'define i32 @eight(i32 %x) {\n  %y = mul i32 %x, 8\n  ret i32 %y\n}\n');
    const b = await bisect({
      words: ['opt-22', '-O2', '-S', source],
      steps: 'limit',
      judge: without('no-shift.sh', 'shl'),
    });
    assert.match(b.verdict, /^Step \d+, (instcombine|InstCombinePass) on eight, is the first bad one/);
  });
  it('is searched by the limit of clang, and judged by running what it built', async () => {
    // The call is gone once its result is computed when compiling.
    const source = write(
      'sum.c',
      '#include <stdio.h>\nint main(void) { int s = 0; for (int i = 0; i < 5; i++) s += i; printf("%d\\n", s); return 0; }\n',
    );
    const b = await bisect({
      words: ['clang-22', '-O2', '-S', source],
      steps: 'limit',
      judge: without('no-constant.sh', '[$#]10\\b'),
    });
    assert.match(b.verdict, /^Step \d+, \w+ on .*, is the first bad one/);
  });
});

describe('IREE', skipWithout('iree-compile', 'iree-run-module', 'iree-opt'), () => {
  it('is searched from an ONNX model to the phase, and from the phase to the pass', async () => {
    const model = write('tiny.onnx', buildReferenceModel('tiny-convnet'));
    const { compilation } = await compileModel({ model, exportForm: 'iree' });
    const ir = write('tiny.mlir', compilation.finalText ?? '');
    const input = path.join(folder, 'in.npy');
    writeTensorFile(input, randomTensor(0, [1, 3, 16, 16], 'f32', 'input'));
    const target = '--iree-hal-target-backends=llvm-cpu';
    const run = script(
      'run.sh',
      `if [ "$STRATA_STEP_NAME" = end ]; then cp "$1" "$1.vmfb"
else iree-compile "$1" --compile-from="$3" ${target} -o "$1.vmfb" || exit 125
fi
iree-run-module --device=local-sync --module="$1.vmfb" --input=@${input} --output=@"$2"
`,
    );
    const compile = (...words: readonly string[]): void => {
      assert.equal(spawnSync('iree-compile', [ir, target, ...words]).status, 0);
    };
    const reference = path.join(folder, 'reference.vmfb');
    const expected = path.join(folder, 'reference.npy');
    compile('-o', reference);
    assert.equal(
      spawnSync('iree-run-module', [
        '--device=local-sync',
        `--module=${reference}`,
        `--input=@${input}`,
        `--output=@${expected}`,
      ]).status,
      0,
    );
    const demote = [
      '--iree-global-opt-demote-contraction-inputs-type=bf16',
      '--iree-global-opt-demote-contraction-inputs-operations=all',
    ];
    const judge = (from: string) =>
      ({
        kind: 'tensor',
        command: `${run} {} {result} ${from}`,
        expected,
        tolerance: defaultTolerance,
      }) as const;
    const phase = await bisect({
      words: ['iree-compile', ir, target, ...demote],
      steps: 'phases',
      judge: { ...judge(''), command: `sh -c '${run} {} {result} $STRATA_STEP_NAME'` },
    });
    assert.match(phase.verdict, /^Step 3, global-optimization on phase, is the first bad one/);
    const before = path.join(folder, 'before.mlir');
    compile('--compile-to=preprocessing', '-o', before);
    const pass = await bisect({
      words: ['iree-opt', before, '--iree-global-optimization-transformation-pipeline', ...demote],
      steps: 'counter',
      judge: judge('global-optimization'),
    });
    assert.match(pass.verdict, /^Step \d+, DemoteContractionInputsPass on util.func, is the first bad one/);
  });
});
