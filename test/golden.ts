/**
 * Golden tests: `.mlir` files that hold a command, IR, and what comes out. `goldenTests('test/ir', passes)` makes a
 * test of each file below a folder; `UPDATE=1` rewrites the expectations.
 *
 *   // strata opt %s --passes=builtin.module(canonicalize)     the command; also --generic, --locations
 *   // same results [within 1e-5]                              interpret before and after on random inputs, compare
 *   // mlir-opt: no, because …                                 stock MLIR need not read the output
 *   <IR>
 *   // ===== output                                            absent: the output is the input
 *   <IR, or `// error: STR0110 …`>
 *   // -----                                                   next case of the file, under the same command
 *
 * The output must parse and print back as itself; where mlir-opt 22 is installed it must read it, and what it
 * prints must be the same IR.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { StrataError } from '../src/base/diagnostics';
import type { Operation, Pass, PrintOptions } from '../src/ir';
import { assertVerified, parseModule, parsePipeline, printOp, ResourceStore, runPipeline } from '../src/ir';
import { registry } from '../src/ir/dialects/index';
import { compareOnRandomInputs } from './randomInputs';

/** The installed mlir-opt of LLVM 22, or undefined. */
export const mlirOpt: string | undefined = ['mlir-opt-22', 'mlir-opt'].find((name) => {
  try {
    return /version 22\./.test(
      execFileSync(name, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    );
  } catch {
    return false;
  }
});

const caseLine = '// -----';
const outputLine = '// ===== output';

interface GoldenCase {
  readonly input: string;
  readonly expected: string | undefined;
}
interface GoldenFile {
  readonly header: string;
  readonly passes: string;
  readonly print: PrintOptions;
  /** Largest relative difference that passes may make to results; absent: results are not compared. */
  readonly within: number | undefined;
  readonly foreign: boolean;
  readonly cases: readonly GoldenCase[];
}

function readGolden(file: string): GoldenFile {
  const lines = readFileSync(file, 'utf8').split('\n');
  const end = lines.findIndex((line) => !line.startsWith('//'));
  const header = lines.slice(0, end);
  const command = header[0] ?? '';
  assert.match(
    command,
    /^\/\/ strata opt %s( |$)/,
    `${file}: the first line is the command, // strata opt %s …`,
  );
  const same = header.map((l) => /^\/\/ same results(?: within (\S+))?$/.exec(l)).find((m) => m !== null);
  const cases = lines
    .slice(end)
    .join('\n')
    .split(`${caseLine}\n`)
    .map((text): GoldenCase => {
      const [input, expected] = text.split(`${outputLine}\n`);
      return { input: input!, expected };
    });
  return {
    header: header.join('\n'),
    passes: /--passes[= ]'?([^']*?)'?(?: --|$)/.exec(command)?.[1] ?? '',
    print: {
      form: command.includes('--generic') ? 'generic' : 'custom',
      locations: command.includes('--locations') ? 'alias' : 'none',
    },
    within: same === undefined ? undefined : Number(same[1] ?? 0),
    foreign: !header.some((l) => l.startsWith('// mlir-opt: no')),
    cases,
  };
}

function load(text: string): { readonly module: Operation; readonly resources: ResourceStore } {
  const { module, resources: blobs } = parseModule(text, registry);
  const resources = new ResourceStore();
  for (const [key, bytes] of blobs) resources.setBytes(key, bytes);
  return { module, resources };
}

/** What the command prints: IR, or the error as a comment. */
function outputOf(golden: GoldenFile, input: string, passes: readonly Pass[]): string {
  let module: Operation;
  try {
    const loaded = load(input);
    ({ module } = loaded);
    assertVerified(module);
    const steps = parsePipeline(golden.passes, passes).map((node) => ({ node, stage: 'opt' }));
    runPipeline(module, steps, { registry, resources: loaded.resources });
    if (golden.within !== undefined)
      compareOnRandomInputs(load(input), { module, resources: loaded.resources }, golden.within);
  } catch (error) {
    if (!(error instanceof StrataError)) throw error;
    return `${`error: ${error.message}`.replace(/^/gm, '// ').replace(/ +$/gm, '')}\n`;
  }
  return printOp(module, golden.print);
}

/** A test of each `.mlir` file below `folder` (relative to the repository). */
export function goldenTests(folder: string, passes: readonly Pass[] = []): void {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.mlir'))
    .sort();
  for (const name of files) {
    const file = path.join(folder, name);
    test(file, () => {
      const golden = readGolden(file);
      const outputs = golden.cases.map((c) => outputOf(golden, c.input, passes));
      if (process.env['UPDATE'] === '1') update(file, golden, outputs);
      golden.cases.forEach((c, i) => {
        if (process.env['UPDATE'] !== '1')
          assert.equal(outputs[i], c.expected ?? c.input, `case ${i + 1} of ${file}; UPDATE=1 accepts it`);
        if (!outputs[i]!.startsWith('// error:'))
          assert.equal(
            printOp(load(outputs[i]!).module, golden.print),
            outputs[i],
            `case ${i + 1} of ${file} does not parse back as itself`,
          );
      });
    });
    if (!readGolden(file).foreign) continue;
    test(
      `${file} through mlir-opt`,
      { skip: mlirOpt === undefined && 'mlir-opt 22 is not installed' },
      () => {
        const golden = readGolden(file);
        readsTheSame(
          golden.cases
            .map((c) => outputOf(golden, c.input, passes))
            .filter((text) => !text.startsWith('// error:')),
          golden.print,
        );
      },
    );
  }
}

function update(file: string, golden: GoldenFile, outputs: readonly string[]): void {
  const cases = golden.cases.map((c, i) => {
    const output = outputs[i]!;
    if (golden.passes === '' && !output.startsWith('// error:')) return output;
    return output === c.input ? c.input : `${c.input}${outputLine}\n${output}`;
  });
  writeFileSync(file, `${golden.header}\n${cases.join(`${caseLine}\n`)}`);
}

/** Asserts that mlir-opt reads the texts, and that what it prints is the same IR. */
export function readsTheSame(texts: readonly string[], print: PrintOptions = {}): void {
  if (mlirOpt === undefined || texts.length === 0) return;
  const flags = ['--allow-unregistered-dialect', '--split-input-file', '--mlir-print-local-scope'];
  const { stdout, stderr, status } = spawnSync(mlirOpt, flags, {
    input: texts.join(`${caseLine}\n`),
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  assert.equal(status, 0, `mlir-opt refuses the output: ${stderr}`);
  const printed = stdout.split(`${caseLine}\n`).filter((part) => part.trim() !== '');
  assert.equal(printed.length, texts.length);
  printed.forEach((text, i) => {
    const plain: PrintOptions = { ...print, locations: 'none' };
    assert.equal(
      printOp(load(text).module, plain),
      printOp(load(texts[i]!).module, plain),
      'mlir-opt reads other IR than what was printed',
    );
  });
}
