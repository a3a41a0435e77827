/** C of structured control flow. Carried values are variables that a loop overwrites. */
import type { Block, Operation, Value } from '../../../../ir';
import * as scf from '../../../../ir/dialects/scf';
import type { Emitter, KernelWriter } from '../kernelWriter';

const bodyOf = (op: Operation, i = 0): Block => op.region(i).blocks[0]!;

/** Declares a variable for each block argument, set to `inits`. */
function carry(op: Operation, args: readonly Value[], inits: readonly Value[], w: KernelWriter): void {
  args.forEach((arg, i) => {
    if (arg.type.kind === 'memref') w.fail(op, 'it carries buffers from one iteration to the next');
    const name = w.fresh('a');
    w.line(`${w.typeName(arg.type)} ${name} = ${w.value(inits[i]!)};`);
    w.bind(arg, name);
  });
}
/** Sets variables as if all were read before any is written. */
function assign(targets: readonly string[], values: readonly Value[], w: KernelWriter): void {
  const sources = values.map((v) => w.value(v));
  const moves = targets.flatMap((to, i) =>
    to === sources[i] ? [] : [{ to, from: sources[i]!, type: values[i]!.type }],
  );
  const clash = moves.some((m, i) => moves.slice(i + 1).some((later) => later.from === m.to));
  const ready = clash
    ? moves.map((m) => {
        const name = w.fresh('n');
        w.line(`const ${w.typeName(m.type)} ${name} = ${m.from};`);
        return { to: m.to, from: name };
      })
    : moves;
  for (const m of ready) w.line(`${m.to} = ${m.from};`);
}

export const forOp: Emitter = (op, w) => {
  const v = scf.forOp.view(op);
  const body = bodyOf(op);
  const [induction, ...args] = body.args;
  carry(op, args, v.initArgs, w);
  const names = args.map((a) => w.value(a));
  const i = w.fresh('i');
  w.bind(induction!, i);
  const [from, to, step] = [v.lowerBound, v.upperBound, v.step].map((x) => w.value(x));
  const type = w.typeName(induction!.type);
  const below = v.unsignedCmp ? `(u${type})${i} < (u${type})${to}` : `${i} < ${to}`;
  w.braces(`for (${type} ${i} = ${from}; ${below}; ${step === '1' ? `++${i}` : `${i} += ${step}`})`, () => {
    w.block(body);
    assign(names, body.terminator.operands, w);
  });
  op.results.forEach((r, k) => {
    w.bind(r, names[k]!);
  });
};

export const ifOp: Emitter = (op, w) => {
  const names = op.results.map((r) => {
    if (r.type.kind === 'memref') w.fail(op, 'it gives a buffer');
    const name = w.fresh('v');
    w.line(`${w.typeName(r.type)} ${name};`);
    w.bind(r, name);
    return name;
  });
  const branch = (block: Block): void => {
    w.block(block);
    assign(names, block.terminator.operands, w);
  };
  const otherwise = op.region(1).blocks[0];
  const hasElse = otherwise !== undefined && otherwise.first !== otherwise.last;
  const elseNeeded = otherwise !== undefined && (hasElse || names.length > 0);
  w.braces(`if (${w.value(op.operand(0))})`, () => branch(bodyOf(op)), elseNeeded ? '} else {' : '}');
  if (!elseNeeded) return;
  w.indented(() => branch(otherwise));
  w.line('}');
};

export const whileOp: Emitter = (op, w) => {
  const before = bodyOf(op, 0);
  const after = bodyOf(op, 1);
  carry(op, before.args, op.operands, w);
  const names = before.args.map((a) => w.value(a));
  const results = op.results.map((r) => {
    const name = w.fresh('v');
    w.line(`${w.typeName(r.type)} ${name};`);
    w.bind(r, name);
    return name;
  });
  w.braces('for (;;)', () => {
    w.block(before);
    const [goOn, ...forwarded] = before.terminator.operands;
    w.braces(`if (!${w.value(goOn!)})`, () => {
      assign(results, forwarded, w);
      w.line('break;');
    });
    after.args.forEach((a, i) => w.define(a, w.value(forwarded[i]!)));
    w.block(after);
    assign(names, after.terminator.operands, w);
  });
};

/** A range inside a kernel runs in order. */
function nest(
  op: Operation,
  lower: readonly string[],
  upper: readonly string[],
  step: readonly string[],
  w: KernelWriter,
): void {
  const body = bodyOf(op);
  const level = (d: number): void => {
    const arg = body.args[d];
    if (d === upper.length || arg === undefined) {
      w.block(body);
      return;
    }
    const i = w.fresh('i');
    w.bind(arg, i);
    w.braces(
      `for (int64_t ${i} = ${lower[d]}; ${i} < ${upper[d]}; ${step[d] === '1' ? `++${i}` : `${i} += ${step[d]}`})`,
      () => {
        level(d + 1);
      },
    );
  };
  level(0);
}
export const forall: Emitter = (op, w) => {
  if (op.results.length > 0) w.fail(op, 'it gives tensors');
  const { lower, upper, step } = scf.forallRange(op);
  const text = (list: typeof lower): string[] =>
    list.map((x) => (typeof x === 'number' ? String(x) : w.value(x)));
  nest(op, text(lower), text(upper), text(step), w);
};
export const parallel: Emitter = (op, w) => {
  if (op.results.length > 0) w.fail(op, 'it reduces; use scf.for with carried values');
  const v = scf.parallel.view(op);
  const text = (list: readonly Value[]): string[] => list.map((x) => w.value(x));
  nest(op, text(v.lowerBound), text(v.upperBound), text(v.step), w);
};
export const executeRegion: Emitter = (op, w) => {
  if (op.region().blocks.length !== 1) w.fail(op, 'it has several blocks');
  const names = op.results.map((r) => {
    const name = w.fresh('v');
    w.line(`${w.typeName(r.type)} ${name};`);
    w.bind(r, name);
    return name;
  });
  w.braces('', () => {
    w.block(bodyOf(op));
    assign(names, bodyOf(op).terminator.operands, w);
  });
};
