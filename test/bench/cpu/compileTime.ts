/** Rows of `npm run bench:cpu` on what a compilation takes: with an empty cache, unchanged, and after a change of one op. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { modelCodec } from '../../../src/frontend/onnx/proto/onnxProto';
import { buildReferenceModel } from '../../../src/frontend/zoo/referenceModels';
import { compileInFreshProcess } from './freshProcess';

/** What the model is like beside what was compiled before. */
type Change = 'cold' | 'after one op' | 'unchanged';
export interface CompileTime {
  readonly change: Change;
  /** `strata compile`, from the start of its process to its end: what a person waits for. */
  readonly freshMs: number;
  /** What any command takes, on this machine at this time: `strata --version`. */
  readonly startMs: number;
  /** Without looking for the whole compilation, in a process that has compiled the model before. */
  readonly warmMs: number | undefined;
  readonly goalMs: number;
}
const goals: Readonly<Record<Change, number>> = { cold: 3000, 'after one op': 500, unchanged: 200 };

export const compileTimeName = 'compile MobileNetV2';

/** The same model with its last activation a plain rectifier. */
function withOneOpChanged(bytes: Uint8Array): Uint8Array {
  const model = modelCodec.decode(bytes);
  const nodes = [...model.graph!.node];
  const at = nodes.findLastIndex((n) => n.opType === 'Clip');
  if (at < 0) throw new Error('the model has no Clip to change');
  const node = nodes[at]!;
  nodes[at] = { ...node, opType: 'Relu', input: node.input.slice(0, 1) };
  return modelCodec.encode({ ...model, graph: { ...model.graph!, node: nodes } });
}

/** Writes the model and its changed form, unless both are there. */
export function prepareCompileTime(folder: string): { readonly model: string; readonly changed: string } {
  mkdirSync(folder, { recursive: true });
  const model = path.join(folder, 'compile.onnx');
  const changed = path.join(folder, 'compile-changed.onnx');
  if (!existsSync(model)) writeFileSync(model, buildReferenceModel('mobilenet-v2'));
  if (!existsSync(changed)) writeFileSync(changed, withOneOpChanged(readFileSync(model)));
  return { model, changed };
}

/** Milliseconds of a run of the command line that `npm run build` makes. */
function timeCommand(args: readonly string[], cache: string): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, ['bin/strata.mjs', ...args], {
    env: { ...process.env, STRATA_CACHE_DIR: cache },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`strata ${args[0]} ended with ${status ?? 'a signal'}: ${stderr}`);
  return performance.now() - start;
}

export async function measureCompileTime(folder: string): Promise<readonly CompileTime[]> {
  const { model, changed } = prepareCompileTime(folder);
  const cache = mkdtempSync(path.join(folder, 'cache-'));
  const output = path.join(cache, 'compiled.strata');
  const compile = (file: string): number => timeCommand(['compile', file, '-o', output], cache);
  try {
    const cold = compile(model);
    const unchanged = compile(model);
    const one = compile(changed);
    const start = timeCommand(['--version'], cache);
    // The changed model is in the cache now, so the process that stays starts from an empty one.
    rmSync(path.join(cache, 'kernels'), { recursive: true, force: true });
    const warm = await compileInFreshProcess(
      { kind: 'compile', models: [model, model, changed], output },
      cache,
    );
    const row = (change: Change, freshMs: number, warmMs: number | undefined): CompileTime => ({
      change,
      freshMs,
      startMs: start,
      warmMs,
      goalMs: goals[change],
    });
    return [
      row('cold', cold, undefined),
      row('after one op', one, warm[2]),
      row('unchanged', unchanged, undefined),
    ];
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}
