/**
 * The C of a module's kernels: one function each, over a range of units of its parallel loop. GNU C11: vector
 * extensions, straight statements; the C compiler schedules and allocates registers.
 */
import type { Operation, types } from '../../../ir';
import { modelNodesOf } from '../../../ir';
import { layoutOf } from '../../../ir/dialects/memrefLayout';
import { elementCount, elementOf } from '../../../ir/types';
import { isBits } from './cTypes';
import { emitterOf } from './emitters';
import { isPartOfDot } from './emitters/dot';
import type { KernelFunction } from './kernelFunctions';
import { accessOf, functionsOf } from './kernelFunctions';
import { commentText, KernelWriter } from './kernelWriter';
import { cpuMessages } from './messages';
import { Prelude } from './prelude';
import { copiesOf, copyKernel } from './copyKernel';
import type { TranslationUnit } from './translationUnits';
import { codeOf, translationUnits } from './translationUnits';

export interface EmitOptions {
  /** Declarations of `strata_kernel_state` and `STRATA_EXPORT`; left out, the C includes `strata_kernel.h`. */
  readonly abi?: string;
  /** Feature level that the schedule was made for; named in the first comment. */
  readonly level?: string;
}
export interface EmittedKernel {
  /** Name of the function in the IR. */
  readonly name: string;
  readonly symbol: string;
  readonly extent: number;
  /** Private memory that each thread must provide. */
  readonly scratchBytes: number;
}
export interface EmittedKernels {
  /** Complete C, for people and for a compiler; equal modules give equal text. Equal code is written once. */
  readonly source: string;
  /** The same functions in units that are compiled apart. */
  readonly units: readonly TranslationUnit[];
  readonly kernels: readonly EmittedKernel[];
}

const parameters = 'const strata_kernel_state *state, int64_t begin, int64_t end';

export function emitKernels(module: Operation, options: EmitOptions = {}): EmittedKernels {
  const { kernels, hosts } = functionsOf(module);
  const abi = options.abi ?? '#include "strata_kernel.h"';
  const headers = '#include <math.h>\n#include <stdbool.h>\n#include <stdint.h>\n#include <string.h>';
  const prelude = new Prelude();
  /** The first kernel with the code. */
  const first = new Map<string, string>();
  const emitted = [...kernels.values()].map((k) => {
    const own = new Prelude();
    const { kernel, about, body } = emitKernel(k, own);
    prelude.merge(own);
    const code = codeOf(body);
    const same = first.get(code);
    if (same === undefined) first.set(code, kernel.symbol);
    const text =
      same === undefined
        ? `${about}\nSTRATA_EXPORT void ${kernel.symbol}(${parameters})\n${body}`
        : `${about}; as ${same}\nSTRATA_EXPORT void ${kernel.symbol}(${parameters})\n{\n  ${same}(state, begin, end);\n}`;
    return { kernel, code, prelude: own, text };
  });
  const copies = [...copiesOf(hosts)].map((bytes) => copyKernel(bytes));
  const source = [
    `// Kernels${options.level === undefined ? '' : ` for feature level ${options.level}`}. Generated; the IR of stage 'loops' is what to change.`,
    abi,
    headers,
    prelude.text(),
    ...emitted.map((e) => e.text),
    ...copies.map((c) => `// ${c.about}\nSTRATA_EXPORT void ${c.symbol}(${parameters})\n${c.body}`),
  ].filter((s) => s !== '');
  return {
    source: `${source.map((s) => s.trimEnd()).join('\n\n')}\n`,
    units: translationUnits(
      [
        ...emitted.map((e) => ({ symbol: e.kernel.symbol, code: e.code, prelude: e.prelude })),
        ...copies.map((c) => ({ symbol: c.symbol, code: c.body, prelude: new Prelude() })),
      ],
      `${abi}\n\n${headers}`,
      parameters,
    ),
    kernels: [
      ...emitted.map((e) => e.kernel),
      ...copies.map((c) => ({ name: c.symbol, symbol: c.symbol, extent: c.extent, scratchBytes: 0 })),
    ],
  };
}

const movesBits = new Set(['arith.extf', 'arith.truncf', 'arith.bitcast', 'arith.select', 'arith.constant']);
const computesOnBits = (op: Operation): boolean =>
  (op.dialect === 'arith' || op.dialect === 'math') &&
  !movesBits.has(op.name) &&
  [...op.operands, ...op.results].some((v) => isBits(elementOf(v.type)));

function emitOp(op: Operation, w: KernelWriter): void {
  if (isPartOfDot(op)) return;
  const emitter = emitterOf(op.name);
  if (emitter === undefined) w.fail(op, 'the target does not know it');
  if (computesOnBits(op)) w.fail(op, 'C has no such float; emulate-narrow-floats takes it to f32');
  emitter(op, w);
}

/** One kernel: what to say about it, and its function from the brace on. */
function emitKernel(
  kernel: KernelFunction,
  prelude: Prelude,
): { readonly kernel: EmittedKernel; readonly about: string; readonly body: string } {
  const w = new KernelWriter(kernel.name, prelude, emitOp);
  const body = kernel.op.region().blocks[0]!;
  declareArguments(kernel, w);
  const origins = modelNodesOf(kernel.op.location).map((n) => n.name);
  w.startAt(origins.join(', '));
  for (const op of body.ops) {
    if (op === body.last) break;
    if (op !== kernel.forall) w.op(op);
    else parallelLoop(kernel, w);
  }
  const from = origins.length === 0 ? '' : ` from ${commentText(origins.join(', '))}`;
  return {
    kernel: { name: kernel.name, symbol: kernel.symbol, extent: kernel.extent, scratchBytes: w.scratchBytes },
    about: `// ${kernel.symbol}: units [begin, end) of ${kernel.extent}${from}`,
    body: `{\n${w.text}\n}`,
  };
}

function declareArguments(kernel: KernelFunction, w: KernelWriter): void {
  const fail = (problem: string): never => {
    throw cpuMessages.error('STR0562', { kernel: kernel.name, problem });
  };
  kernel.op.region().blocks[0]!.args.forEach((arg, i) => {
    if (arg.type.kind !== 'memref') fail(`argument ${i} is ${arg.type.text}, a memref is expected`);
    const type = arg.type as types.MemRefType;
    const layout = layoutOf(type);
    const strides = layout?.strides.map(
      (s) => s ?? fail(`a stride of argument ${i} is known only at run time`),
    );
    if (strides === undefined || layout?.offset === undefined || elementCount(type.shape) === undefined)
      fail(`argument ${i} needs a static size and layout, found ${type.text}`);
    const element = w.stored(type);
    const access = accessOf(arg);
    if (access === undefined) return;
    const readOnly = access === 'read';
    const name = w.fresh(readOnly ? 'in' : 'out');
    const from = `state->bindings[${i}]`;
    const start =
      layout!.offset === 0 ? from : `(${readOnly ? 'const ' : ''}${element.c} *)${from} + ${layout!.offset}`;
    w.line(`${readOnly ? 'const ' : ''}${element.c} *const ${name} = ${start}; // ${type.text}`);
    w.bindBuffer(arg, { pointer: name, element, strides: strides!, shape: type.shape, readOnly });
  });
}

const literalIndex = (n: number): string => (n < 0 ? `(${n})` : String(n));

/** The parallel loop over its linear range; a unit's point is found by division. */
function parallelLoop(kernel: KernelFunction, w: KernelWriter): void {
  const { range, forall } = kernel;
  const body = forall!.region().blocks[0]!;
  const [only] = range;
  const direct = range.length === 1 && only!.from === 0 && only!.step === 1;
  const unit = direct ? w.fresh('i') : 'unit';
  if (range.some((d) => d.count === 0)) return;
  w.braces(`for (int64_t ${unit} = begin; ${unit} < end; ++${unit})`, () => {
    let inner = 1;
    const points = range
      .map((d) => d.count)
      .reduceRight<string[]>((list, count, d) => {
        const quotient = inner === 1 ? unit : `${unit} / ${inner}`;
        const index =
          d === 0 ? quotient : count === 1 ? '0' : `${inner === 1 ? unit : `(${quotient})`} % ${count}`;
        inner *= count;
        return [index, ...list];
      }, []);
    range.forEach((d, k) => {
      const arg = body.args[k]!;
      if (direct || d.count === 1) {
        w.bind(arg, direct ? unit : literalIndex(d.from));
        return;
      }
      const scaled =
        d.step === 1
          ? points[k]!
          : `${/^\w+$/.test(points[k]!) ? points[k]! : `(${points[k]!})`} * ${d.step}`;
      w.define(arg, d.from === 0 ? scaled : `${d.from} + ${scaled}`, 'i');
    });
    w.block(body);
  });
}
