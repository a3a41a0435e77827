/**
 * The smallest program that still goes wrong: cut from the module right before the culprit's rewrite, then shrunk by delta
 * debugging while its pass still changes what it computes.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { reasonOf } from '../compiler/readText';
import { inputSignatures, interpretModule } from '../compiler/interpretModel';
import { loadInputs } from '../compiler/tensors';
import type { Operation, Value } from '../ir';
import {
  Block,
  Region,
  ResourceStore,
  createOp,
  dictionaryAttr,
  modelNodesOf,
  parseModule,
  printOp,
  stringAttr,
  arrayAttr,
  types as t,
  verify,
  denseBytes,
} from '../ir';
import { func, returnOp } from '../ir/dialects/func';
import { registry } from '../ir/dialects/index';
import type { Reproducer } from './bisection';
import { bisectMessages } from './messages';
import type { NumericsBisect } from './numerics';
import { reduceIr } from './reduce/reduce';
import type { IrState, Replay } from './replay';
import type { Tolerance } from './tolerance';
import { compareTensors, defaultTolerance, worstOf } from './tolerance';

/** Neighbours that are taken in when the rewritten ops alone do not show the defect. */
const largestNeighbourhood = 3;
/** Elements of a weight that a reproducer holds in its text. */
const largestBlob = 1 << 16;
const mostTests = 400;
/** Of shrinking one reproducer: the answer is there already. */
const longestMs = 4000;

export interface ReproducerSource {
  readonly bisect: NumericsBisect;
  readonly replay: Replay;
  readonly step: number;
  readonly pass: string;
  /** Right before the rewrite. */
  readonly before: IrState;
  readonly sources: readonly { readonly name: string; readonly nodes: readonly string[] }[];
}

/** Undefined where the defect does not show outside of the whole program. */
export async function makeReproducer(source: ReproducerSource): Promise<Reproducer | undefined> {
  const { bisect, pass } = source;
  const shows = (text: string): boolean => goesWrong(source, text);
  let text: string | undefined;
  for (let hops = 0; hops <= largestNeighbourhood && text === undefined; hops++) {
    const cut = cutOut(source, hops);
    if (cut !== undefined && shows(cut)) text = cut;
  }
  if (text === undefined) return undefined;
  const {
    text: ir,
    ops,
    complete,
  } = await reduceIr(text, {
    test: shows,
    cancellation: bisect.environment.cancellation,
    maxTests: mostTests,
    maxMs: longestMs,
    onProgress: (p) => {
      bisect.progress.activity(`shrinking the reproducer: ${p.bytes} bytes (${p.move})`);
    },
  });
  if (!complete)
    bisect.progress.note(
      `The reproducer of ${pass} was shrunk for ${longestMs / 1000} s; 'strata reduce' may make it smaller.`,
    );
  const folder = bisect.request.reproducerFolder;
  // Each culprit has a file of its own, also where two are in passes of one name.
  const number = bisect.progress.bisection.culprits.length;
  const file = `${pass.replace(/[^\w-]+/g, '_')}${number > 1 ? `_${number}` : ''}.mlir`;
  const place = folder === undefined ? file : path.join(folder, file);
  const command = [
    `strata bisect numerics ${place} --pipeline '${pass}'`,
    ...toleranceOptions(bisect.tolerance),
  ].join(' ');
  if (folder !== undefined) write(folder, file, `// ${command}\n${ir}`);
  return { ir, ops: ops.after, command, files: [place] };
}

/** Options of the command line for a tolerance that is not the default one. */
function toleranceOptions(t: Tolerance): readonly string[] {
  if (t.kind === 'ulp') return [`--ulp ${t.ulps}`];
  if (
    defaultTolerance.kind === 'error' &&
    t.relative === defaultTolerance.relative &&
    t.absolute === undefined
  )
    return [];
  return [`--rtol ${t.relative}`, ...(t.absolute === undefined ? [] : [`--atol ${t.absolute}`])];
}

function write(folder: string, file: string, text: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, file), text);
  } catch (cause) {
    throw bisectMessages.error('STR1105', { folder, problem: reasonOf(cause) }, { cause });
  }
}

/** Whether the pass changes what the text computes from seeded inputs. Never for text that is not valid. */
function goesWrong({ bisect, replay, step }: ReproducerSource, text: string): boolean {
  const { cancellation } = bisect.environment;
  try {
    const { module, resources } = parseModule(text, registry);
    if (verify(module).length > 0) return false;
    const store = new ResourceStore();
    for (const [key, bytes] of resources) store.setBytes(key, bytes);
    const inputs = loadInputs(inputSignatures(module), new Map());
    const expected = interpretModule(module, store, inputs, cancellation);
    const { state } = replay.runStep(step, { module, resources: store }, {});
    const found = interpretModule(state.module, state.resources, inputs, cancellation);
    return worstOf(compareTensors(found, expected, bisect.tolerance)) > 1;
  } catch {
    cancellation.throwIfCancelled();
    return false;
  }
}

/** A module of the rewritten ops and `hops` of what they read and what reads them; other values become arguments. */
function cutOut({ before, sources }: ReproducerSource, hops: number): string | undefined {
  const { module, resources } = before;
  const entry = module.body().ops.find((op) => func.is(op) && func.view(op).sym_visibility !== 'private');
  if (entry === undefined) return undefined;
  const inside = (op: Operation): Operation | undefined => {
    let o: Operation | undefined = op;
    while (o !== undefined && o.parentOp !== entry) o = o.parentOp;
    return o;
  };
  const chosen = new Set<Operation>();
  entry.walk((op) => {
    const nodes = modelNodesOf(op.location).map((n) => n.name);
    if (sources.some((s) => s.name === op.name && s.nodes.join() === nodes.join())) {
      const top = inside(op);
      if (top !== undefined && top !== entry.body().terminator) chosen.add(top);
    }
  });
  if (chosen.size === 0) return undefined;
  for (let i = 0; i < hops; i++) {
    for (const op of [...chosen]) {
      for (const v of readBy(op)) if (v.definingOp?.parentOp === entry) chosen.add(v.definingOp);
      for (const r of op.results)
        for (const user of r.users) {
          const top = inside(user);
          if (top !== undefined && top !== entry.body().terminator) chosen.add(top);
        }
    }
  }
  const block = entry.body();
  // Constants come along: what a pass does often depends on them.
  for (const op of [...chosen])
    for (const v of readBy(op))
      if (v.definingOp?.definition?.traits.has('constantLike') === true) chosen.add(v.definingOp);
  const ops = block.ops.filter((op) => chosen.has(op));
  const args = [...new Set(ops.flatMap((op) => readBy(op)))].filter((v) => !chosen.has(v.definingOp!));
  const results = ops.flatMap((op) => op.results.filter((r) => r.users.some((u) => !chosen.has(inside(u)!))));
  const returned = results.filter((r) => r.op.definition?.traits.has('constantLike') !== true);
  if (returned.length === 0 || args.some((v) => v.type.kind !== 'tensor')) return undefined;
  return printed(module, ops, args, returned, resources);
}

function readBy(op: Operation): readonly Value[] {
  const found = new Set<Value>();
  op.walk((inner) => {
    for (const v of inner.operands) {
      const owner = v.kind === 'argument' ? v.block.parentOp : v.op;
      if (owner !== undefined && owner !== op && !op.isAncestorOf(owner)) found.add(v);
    }
  });
  return [...found];
}

function printed(
  module: Operation,
  ops: readonly Operation[],
  args: readonly Value[],
  results: readonly Value[],
  resources: ResourceStore,
): string {
  const body = new Block(args.map((v) => v.type));
  const mapping = new Map<Value, Value>(args.map((v, i) => [v, body.args[i]!]));
  for (const op of ops) body.append(op.clone(mapping));
  const location = ops[0]!.location;
  body.append(createOp(returnOp, { values: results.map((r) => mapping.get(r)!) }, location));
  const names = (prefix: string, n: number) =>
    arrayAttr(
      Array.from({ length: n }, (_, i) => dictionaryAttr([['strata.name', stringAttr(`${prefix}${i}`)]])),
    );
  const main = createOp(
    func,
    {
      sym_name: 'main',
      function_type: t.functionType(
        args.map((v) => v.type),
        results.map((v) => v.type),
      ),
      arg_attrs: names('input', args.length),
      res_attrs: names('output', results.length),
    },
    location,
    { regions: [new Region([body])] },
  );
  const copy = module.clone();
  const callees = new Set<string>();
  main.walk((op) => {
    const callee = op.attr('callee');
    if (callee?.kind === 'symbol') callees.add(callee.root);
  });
  for (const op of copy.body().ops) {
    const name = op.attr('sym_name');
    if (name?.kind !== 'string' || !callees.has(name.value)) op.erase();
  }
  copy.body().insertBefore(main, copy.body().first);
  inlineBlobs(main, resources);
  return printOp(copy);
}

/** Weights move into the text, so that it stands alone. */
function inlineBlobs(main: Operation, resources: ResourceStore): void {
  main.walk((op) => {
    const value = op.attr('value');
    if (value?.kind !== 'dense_resource') return;
    const bytes = resources.get(value.key);
    if (bytes.byteLength <= largestBlob * 4) op.setAttr('value', denseBytes(value.type, bytes, false));
  });
}
