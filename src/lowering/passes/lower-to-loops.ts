/** Turns each dispatch region into a kernel function of vector loops on buffers, and the region into its launch. */
import type { Attribute, Builder, Operation, Value } from '../../ir';
import {
  Block,
  createOp,
  definePass,
  dictionaryAttr,
  eraseIfDead,
  i64Attr,
  Region,
  stringAttr,
  types as t,
} from '../../ir';
import * as arith from '../../ir/dialects/arith';
import { launch, region } from '../../ir/dialects/dispatch';
import { func, returnOp } from '../../ir/dialects/func';
import { simplifyLoops } from '../loops/joinLoops';
import type { KernelBuffers } from '../loops/kernelBuilder';
import { KernelBuilder } from '../loops/kernelBuilder';
import { KernelEmitter } from '../loops/kernelEmitter';
import { buildPhases } from '../loops/phaseBuilder';
import { isPhase, isPhased, phasesOf } from '../loops/phases';
import { buildPlainKernel, isPlainDispatch, plainSchedule } from '../loops/plainKernel';
import { readDispatch } from '../loops/readDispatch';
import { fusionRefused } from '../rules/linalgGeneric';
import { chooseSchedule } from '../schedule/chooseSchedule';
import { choosePhaseSchedule, readPhaseSchedule } from '../schedule/phaseSchedule';
import type { Prediction, Schedule } from '../schedule/schedule';
import { readSchedule } from '../schedule/schedule';
import type { Target } from '../schedule/target';
import { targetOf } from '../schedule/target';

export const lowerToLoops = definePass({
  name: 'lower-to-loops',
  summary: 'turns dispatches into kernel functions of vector loops, and calls of them',
  doc: 'Follows the schedule of each dispatch, or the one that choose-schedules would give it.',
  anchor: 'builtin.module',
  run: (module, { rewriter }) => {
    const target = targetOf(module);
    const names = new Set<string>();
    for (const op of module.body().ops) {
      const name = op.attr('sym_name');
      if (name?.kind === 'string') names.add(name.value);
    }
    for (const op of module.find((o) => region.is(o) && !isPhase(o))) {
      rewriter.apply({
        rule: 'dispatch-to-kernel',
        root: op,
        build: (b) => {
          const callee = unique(region.view(op).sym_name, names);
          module.body().append(kernelFunction(op, callee, target, b));
          return b.op(launch, { inputs: op.operands, callee }, { resultTypes: op.results.map((r) => r.type) })
            .results;
        },
      });
    }
  },
});

function unique(base: string, names: Set<string>): string {
  let name = base;
  for (let n = 1; names.has(name); n++) name = `${base}_${n}`;
  names.add(name);
  return name;
}

/** A function that takes the buffers of the inputs, then those of the results. */
function kernelFunction(op: Operation, name: string, target: Target, b: Builder): Operation {
  const made = isPlainDispatch(op)
    ? undefined
    : isPhased(op)
      ? phasedKernel(op, target)
      : tiledKernel(op, target);
  const inputTypes = [...op.operands, ...op.results].map((v) => {
    if (v.type.kind !== 'tensor') throw new TypeError(`${v.type.text} is no tensor`);
    return t.memref(v.type.shape, v.type.element);
  });
  const block = new Block(
    inputTypes,
    inputTypes.map(() => b.location),
  );
  b.within(block, () => {
    if (made === undefined)
      buildPlainKernel(op, b, block.args.slice(0, op.operandCount), block.args.slice(op.operandCount));
    else {
      const emitter = new KernelEmitter(b);
      const used = usedOperands(op);
      const flat = block.args.map((a, i) => (i >= op.operandCount || used.has(i) ? emitter.flatten(a) : a));
      const buffer = (i: number): Value => flat[i]!;
      made.build(emitter, { input: buffer, output: (result) => buffer(op.operandCount + result) });
    }
    // Scalars of constants that only their vectors are left of.
    for (const o of block.ops.flatMap((x) => x.find((y) => arith.constant.is(y)))) eraseIfDead(o);
    b.op(returnOp, {});
  });
  return createOp(
    func,
    { sym_name: name, function_type: t.functionType(inputTypes, []), sym_visibility: 'private' },
    b.location,
    { regions: [new Region([block])], extra: [['strata.dispatch', description(op, made)]] },
  );
}
/** What becomes of a dispatch: its loops, and what tables say about their schedule. */
interface MadeKernel {
  readonly text: string;
  readonly prediction: Prediction | undefined;
  readonly build: (emitter: KernelEmitter, buffers: KernelBuffers) => void;
}
function tiledKernel(op: Operation, target: Target): MadeKernel {
  const kernel = simplifyLoops(readDispatch(op));
  const given = op.attr('schedule');
  const schedule = given === undefined ? chooseSchedule(kernel, target) : readSchedule(given, kernel);
  return {
    text: scheduleText(schedule),
    prediction: schedule.prediction,
    build: (emitter, buffers) => {
      new KernelBuilder(kernel, schedule, emitter, buffers, { fma: target.fma }).build();
    },
  };
}
function phasedKernel(op: Operation, target: Target): MadeKernel {
  const phases = phasesOf(op);
  const given = op.attr('schedule');
  const schedule =
    given === undefined ? choosePhaseSchedule(phases, target) : readPhaseSchedule(given, phases, op, target);
  const { shared, blocked, block } = schedule.cut;
  const last = phases.length - 1;
  const units = shared.map((c, i) => {
    const name = phases[last]!.kernel.loops[c[last]!]!.name;
    return `${name}=${schedule.sizes[i]}${i === blocked ? `/${block}` : ''}`;
  });
  return {
    text: [...units, ...schedule.phases.map((s) => `{${scheduleText(s)}}`)].join(' '),
    prediction: schedule.prediction,
    build: (emitter, { input, output }) => {
      buildPhases(phases, schedule, emitter, { input: (v) => input(v.index), output }, target);
    },
  };
}
function usedOperands(op: Operation): ReadonlySet<number> {
  return new Set(op.body().args.flatMap((a) => (a.hasUses ? [a.index] : [])));
}

/**
 * What profiles and tables say about the kernel: `{bytes_read, bytes_written, flops, schedule, predicted_ns, bound, fusion_refused}`.
 * `made` is undefined for plain loops.
 */
function description(op: Operation, made: MadeKernel | undefined): Attribute {
  const work = op.definition?.work(op);
  const entries: [string, Attribute][] = [
    ['flops', i64Attr(work?.flops ?? 0)],
    ['bytes_read', i64Attr(work?.bytesRead ?? 0)],
    ['bytes_written', i64Attr(work?.bytesWritten ?? 0)],
    ['schedule', stringAttr(made?.text ?? plainSchedule)],
  ];
  if (made?.prediction !== undefined) {
    entries.push(
      ['predicted_ns', i64Attr(Math.round(made.prediction.nanoseconds))],
      ['bound', stringAttr(made.prediction.bound)],
    );
  }
  const refused = op.attr(fusionRefused);
  if (refused !== undefined) entries.push([fusionRefused, refused]);
  return dictionaryAttr(entries);
}
/** One line for people: `d1.d2=3136/392:14 d3=64:32x16 d6=32` (size/block:tile, lanes of the vector loop), and what is asked for ahead. */
function scheduleText(s: Schedule): string {
  const loops = s.order
    .map((l) => {
      const block = s.block[l]! > 0 ? `/${s.block[l]}` : '';
      const tile = s.tile[l]! > 1 ? `:${s.tile[l]}` : '';
      return `${s.loops[l]}=${s.sizes[l]}${block}${tile}${l === s.vector && s.lanes > 1 ? `x${s.lanes}` : ''}`;
    })
    .join(' ');
  return s.ahead === undefined ? loops : `${loops} ahead=${s.ahead}`;
}
