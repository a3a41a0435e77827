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
import { KernelBuilder } from '../loops/kernelBuilder';
import { KernelEmitter } from '../loops/kernelEmitter';
import { readDispatch } from '../loops/readDispatch';
import { chooseSchedule } from '../schedule/chooseSchedule';
import type { Schedule } from '../schedule/schedule';
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
    for (const op of module.find((o) => region.is(o))) {
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
  const kernel = simplifyLoops(readDispatch(op));
  const given = op.attr('schedule');
  const schedule = given === undefined ? chooseSchedule(kernel, target) : readSchedule(given, kernel);
  const inputTypes = [...op.operands, ...op.results].map((v) => {
    if (v.type.kind !== 'tensor') throw new TypeError(`${v.type.text} is no tensor`);
    return t.memref(v.type.shape, v.type.element);
  });
  const block = new Block(
    inputTypes,
    inputTypes.map(() => b.location),
  );
  b.within(block, () => {
    const emitter = new KernelEmitter(b);
    const used = usedOperands(op);
    const flat = block.args.map((a, i) => (i >= op.operandCount || used.has(i) ? emitter.flatten(a) : a));
    const buffer = (i: number): Value => flat[i]!;
    const builder = new KernelBuilder(
      kernel,
      schedule,
      emitter,
      { input: buffer, output: (result) => buffer(op.operandCount + result) },
      { fma: target.fma },
    );
    builder.build();
    // Scalars of constants that only their vectors are left of.
    for (const o of block.ops.flatMap((x) => x.find((y) => arith.constant.is(y)))) eraseIfDead(o);
    b.op(returnOp, {});
  });
  return createOp(
    func,
    { sym_name: name, function_type: t.functionType(inputTypes, []), sym_visibility: 'private' },
    b.location,
    { regions: [new Region([block])], extra: [['strata.dispatch', description(op, schedule)]] },
  );
}
function usedOperands(op: Operation): ReadonlySet<number> {
  return new Set(op.body().args.flatMap((a) => (a.hasUses ? [a.index] : [])));
}

/** What profiles and tables say about the kernel: `{bytes_read, bytes_written, flops, schedule, predicted_ns, bound}`. */
function description(op: Operation, schedule: Schedule): Attribute {
  const work = op.definition?.work(op);
  const entries: [string, Attribute][] = [
    ['flops', i64Attr(work?.flops ?? 0)],
    ['bytes_read', i64Attr(work?.bytesRead ?? 0)],
    ['bytes_written', i64Attr(work?.bytesWritten ?? 0)],
    ['schedule', stringAttr(scheduleText(schedule))],
  ];
  if (schedule.prediction !== undefined) {
    entries.push(
      ['predicted_ns', i64Attr(Math.round(schedule.prediction.nanoseconds))],
      ['bound', stringAttr(schedule.prediction.bound)],
    );
  }
  return dictionaryAttr(entries);
}
/** One line for people: `d1.d2=3136/392:14 d3=64:32x16 d6=32` (size/block:tile, lanes of the vector loop). */
function scheduleText(s: Schedule): string {
  return s.order
    .map((l) => {
      const block = s.block[l]! > 0 ? `/${s.block[l]}` : '';
      const tile = s.tile[l]! > 1 ? `:${s.tile[l]}` : '';
      return `${s.loops[l]}=${s.sizes[l]}${block}${tile}${l === s.vector && s.lanes > 1 ? `x${s.lanes}` : ''}`;
    })
    .join(' ');
}
