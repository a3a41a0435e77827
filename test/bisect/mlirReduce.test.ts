/** The reducer beside `mlir-reduce`, on the same texts with the same tests: never larger. Skipped where it is not installed. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { neverCancelled } from '../../src/base/cancellation';
import { runJudge } from '../../src/bisect/command/runCommand';
import { countOps } from '../../src/bisect/reduce/edits';
import { reduceIr } from '../../src/bisect/reduce/reduce';

const find = (name: string): string | undefined =>
  (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .flatMap((f) => [`${name}-22`, name].map((n) => path.join(f, n)))
    .find((file) => {
      try {
        execFileSync(file, ['--version'], { stdio: 'ignore' });
        return true;
      } catch {
        return false;
      }
    });
const [mlirReduce, mlirOpt] = [find('mlir-reduce'), find('mlir-opt')];
const skip = mlirReduce === undefined || mlirOpt === undefined ? 'mlir-reduce is not installed' : false;

const folder = mkdtempSync(path.join(tmpdir(), 'strata-mlir-reduce-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A text, what of it is to stay, and whether the reducer may look at its IR or only at what an `mlir-opt` pass leaves. */
interface Example {
  readonly name: string;
  readonly ir: string;
  /** Shell: exits with 0 for a file in `$1` that shows what is looked for. */
  readonly shows: string;
}
const examples: readonly Example[] = [
  {
    name: 'an op among others',
    ir: `func.func @other(%a: i32) -> i32 {
  %0 = arith.addi %a, %a : i32
  return %0 : i32
}
func.func @main(%a: f32, %b: f32) -> f32 {
  %0 = arith.addf %a, %b : f32
  %1 = arith.mulf %0, %b : f32
  %2 = math.exp %1 : f32
  %3 = arith.subf %2, %0 : f32
  return %3 : f32
}
`,
    shows: `"$OPT" "$1" -o /dev/null 2>/dev/null && grep -q math.exp "$1"`,
  },
  {
    name: 'an op in nested regions',
    ir: `func.func @main(%n: index, %c: i1, %x: f32) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %0 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %x) -> (f32) {
    %1 = scf.if %c -> (f32) {
      %2 = math.tanh %acc : f32
      %3 = arith.addf %2, %acc : f32
      scf.yield %3 : f32
    } else {
      scf.yield %acc : f32
    }
    scf.yield %1 : f32
  }
  return %0 : f32
}
`,
    shows: `"$OPT" "$1" -o /dev/null 2>/dev/null && grep -q math.tanh "$1"`,
  },
  {
    name: 'what a pass makes of it',
    ir: `func.func @main(%x: f32, %y: f32, %z: f32) -> (f32, f32) {
  %0 = arith.mulf %x, %y fastmath<fast> : f32
  %1 = arith.addf %0, %z fastmath<fast> : f32
  %2 = arith.divf %1, %y : f32
  %3 = arith.subf %2, %x : f32
  return %1, %3 : f32, f32
}
func.func @unused(%t: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %0 = arith.addf %t, %t : tensor<8x8xf32>
  return %0 : tensor<8x8xf32>
}
`,
    shows: `"$OPT" "$1" --pass-pipeline='builtin.module(func.func(math-uplift-to-fma))' 2>/dev/null | grep -q math.fma`,
  },
];

describe('beside mlir-reduce', { skip }, () => {
  for (const [i, { name, ir, shows }] of examples.entries())
    it(name, async (t) => {
      const input = path.join(folder, `${i}.mlir`);
      writeFileSync(input, ir);
      const script = (file: string, interesting: string): string => {
        writeFileSync(file, `#!/bin/sh\nOPT='${mlirOpt!}'\n${interesting}\n`);
        chmodSync(file, 0o755);
        return file;
      };
      const ours = script(path.join(folder, `${i}.sh`), shows);
      // To mlir-reduce what does not exit with 0 is interesting.
      const theirs = script(path.join(folder, `${i}-theirs.sh`), `if ${shows}; then exit 1; else exit 0; fi`);
      const theirText = execFileSync(
        mlirReduce!,
        [`--reduction-tree=traversal-mode=0 test=${theirs}`, input],
        {
          encoding: 'utf8',
          cwd: folder,
          stdio: ['ignore', 'pipe', 'ignore'],
        },
      );
      const candidate = path.join(folder, `${i}-candidate.mlir`);
      const test = async (text: string): Promise<boolean> => {
        writeFileSync(candidate, text);
        const { signal } = neverCancelled;
        return (await runJudge(ours, candidate, { signal, timeoutMs: 30_000 })).exitCode === 0;
      };
      assert.ok(await test(theirText), `what mlir-reduce gives shows it:\n${theirText}`);
      const { text, tests } = await reduceIr(ir, { test, cancellation: neverCancelled });
      assert.ok(await test(text));
      const [own, other] = [countOps(text), countOps(theirText)];
      t.diagnostic(
        `${own} ops, ${text.length} bytes in ${tests} tests; mlir-reduce ${other} ops, ${theirText.length} bytes`,
      );
      assert.ok(own <= other && text.length <= theirText.length, `${text}\nis larger than\n${theirText}`);
    });
});
