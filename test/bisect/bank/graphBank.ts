/**
 * Defects in the fuzzer's graphs: for each seed, one application of one rule is spoiled where that changes what the graph
 * computes, and must be found.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { neverCancelled } from '../../../src/base/cancellation';
import { bisectNumerics } from '../../../src/bisect/numerics';
import { Replay } from '../../../src/bisect/replay';
import { compareTensors, defaultTolerance, worstOf } from '../../../src/bisect/tolerance';
import { inputSignatures, interpretModule } from '../../../src/compiler/interpretModel';
import { loadModel } from '../../../src/compiler/loadModel';
import { describeTarget, levelOf, targetAttribute } from '../../../src/compiler/targetDescription';
import { loadInputs } from '../../../src/compiler/tensors';
import type { Operation } from '../../../src/ir';
import { randomStream } from '../../../src/frontend/random';
import { indexAttr } from '../../../src/ir';
import { defaultPipeline } from '../../../src/lowering/pipeline';
import { modelOf, randomGraph } from '../../fuzz/randomGraph';
import { takeOtherUser } from './defects';
import type { Hit, Made, Plant } from './plant';
import { planted, rename, setBytes, swapOperands } from './plant';

/** What is taken for another op of the same operands. */
const mistaken: Readonly<Record<string, string>> = {
  'arith.addf': 'arith.subf',
  'arith.subf': 'arith.addf',
  'arith.mulf': 'arith.addf',
  'arith.divf': 'arith.mulf',
  'arith.maximumf': 'arith.minimumf',
  'arith.minimumf': 'arith.maximumf',
  'arith.addi': 'arith.subi',
  'arith.subi': 'arith.addi',
  'arith.muli': 'arith.addi',
  'nn.add': 'nn.sub',
  'nn.sub': 'nn.add',
  'nn.mul': 'nn.add',
};
function mistakeOne(m: Made): boolean {
  const op = Object.keys(mistaken).flatMap((name) => m.ops(name))[0];
  if (op === undefined) return false;
  rename(op, mistaken[op.name]!);
  return true;
}
/** Swaps the first two operands of one type. */
const swapAlike = (op: Operation): boolean =>
  op.operands.some((v, i) =>
    op.operands.some((w, j) => j > i && v !== w && v.type === w.type && swapOperands(op, i, j)),
  );
const swapAlikeIn =
  (name: string) =>
  (m: Made): boolean =>
    m.ops(name).some(swapAlike);

const plants: readonly Plant[] = [
  ...['add', 'sub', 'mul', 'div', 'max', 'min', 'clip', 'reduce-sum', 'reduce-mean', 'matmul', 'conv2d'].map(
    (op): Plant => ({ pass: 'lower-nn-to-linalg', rule: `lower-${op}`, spoil: mistakeOne }),
  ),
  ...['add', 'sub', 'mul', 'reduce-sum-square', 'gemm', 'mean', 'sum'].map((op): Plant => ({
    pass: 'convert-onnx-to-nn',
    rule: `expand-${op}`,
    spoil: mistakeOne,
  })),
  { pass: 'convert-onnx-to-nn', rule: 'expand-div', spoil: swapAlikeIn('nn.div') },
  {
    pass: 'fold-constants',
    rule: 'fold-constant',
    spoil: (m) =>
      m.ops('arith.constant').some((op) => setBytes(m, op, (_, i, all) => all[(i + 4) % all.length]!)),
  },
  { pass: 'fuse-elementwise', rule: 'fuse-producer', spoil: mistakeOne },
  { pass: 'fuse-elementwise', rule: 'fuse-producer', spoil: takeOtherUser },
  { pass: 'form-dispatches', rule: 'form-dispatch', spoil: swapAlikeIn('dispatch.region') },
  { pass: 'form-dispatches', rule: 'form-dispatch', spoil: mistakeOne },
  { pass: 'lower-to-loops', rule: 'dispatch-to-kernel', spoil: swapAlikeIn('dispatch.launch') },
  { pass: 'bufferize', rule: 'bufferize-function', spoil: swapAlikeIn('func.call') },
  {
    pass: 'plan-arena',
    rule: 'allocate-in-arena',
    spoil: (m) =>
      m.ops('arith.constant').some((op) => {
        const v = op.attr('value');
        if (v?.kind !== 'integer' || v.value === 0n) return false;
        op.setAttr('value', indexAttr(0));
        return true;
      }),
  },
];

export interface GraphRow {
  readonly seed: number;
  readonly planted: Hit;
  readonly found: string;
  readonly rule: boolean;
  readonly exact: boolean;
  readonly runs: number;
  readonly bound: number;
}

/** Undefined where no plant changes what the graph computes. */
export async function bisectGraph(seed: number, folder: string): Promise<GraphRow | undefined> {
  const model = path.join(folder, `random-${seed}.onnx`);
  writeFileSync(model, modelOf(randomGraph(seed)));
  const random = randomStream(seed, 'plant');
  const order = plants.map((plant) => ({ plant, key: random.uniform() })).sort((a, b) => a.key - b.key);
  for (const { plant } of order) {
    const only = Math.floor(random.uniform() * 3);
    const chosen = { ...plant, only };
    const hit = await effectOf(chosen, model);
    if (hit === undefined) continue;
    const bisection = await bisectNumerics(
      { model, threads: 2, reproducer: false },
      { cancellation: neverCancelled, resourceRoot: process.cwd() },
      { steps: planted(defaultPipeline(), chosen) },
    );
    const [culprit] = bisection.culprits;
    const rewrite = culprit?.rewrite;
    const rule = culprit?.pass.startsWith(hit.pass) === true && rewrite?.rule === hit.rule;
    return {
      seed,
      planted: hit,
      found:
        culprit === undefined
          ? bisection.verdict
          : `${culprit.pass}/${rewrite?.rule ?? '?'} ${rewrite?.inPass ?? ''}`,
      rule,
      exact: rule && rewrite?.inPass === hit.inPass,
      runs: bisection.runs.search,
      bound: bisection.runs.bound,
    };
  }
  return undefined;
}

/** Where the plant is, if the IR right after its pass computes something else than the graph. */
async function effectOf(plant: Plant, model: string): Promise<Hit | undefined> {
  const hits: Hit[] = [];
  const { module, resources } = await loadModel({ model });
  module.setAttr('strata.target', targetAttribute(await describeTarget(levelOf(module))));
  const steps = planted(defaultPipeline(), plant, (hit) => hits.push(hit));
  const replay = new Replay({ module, resources }, steps, neverCancelled);
  replay.run();
  const [hit] = hits;
  if (hit === undefined || replay.failure !== undefined) return undefined;
  const inputs = loadInputs(inputSignatures(module), new Map());
  try {
    const run = (at: { readonly module: Operation; readonly resources: typeof resources }) =>
      interpretModule(at.module, at.resources, inputs);
    const expected = run({ module, resources });
    const points = replay.points.filter((p) => p.record.pass.startsWith(plant.pass));
    const wrong = points.some((p) => worstOf(compareTensors(run(p.state), expected, defaultTolerance)) > 1);
    return wrong ? hit : undefined;
  } catch {
    // Spoiled IR may read outside of its tensors: no wrong numbers then, but an error.
    return undefined;
  }
}
