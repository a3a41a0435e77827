/** Defects below the last pass: wrong C for one kernel, wrong places of buffers. */
import type { Backend } from '../../../src/bisect/programRun';
import { shippedBackend } from '../../../src/bisect/programRun';
import type { EmittedKernels } from '../../../src/lowering/targets/cpu/emitKernels';
import type { BankModel } from './defects';
import type { TargetStep } from '../../../src/lowering/targets/targetProgram';

export interface BackendDefect {
  readonly name: string;
  readonly model: BankModel;
  /** Part of the name of the dispatch that is to be found; undefined where no kernel by itself is wrong. */
  readonly dispatch: string | undefined;
  readonly backend: Backend;
}

/** Changes the function of the first kernel whose symbol holds `part`, in both forms of the C. */
function changeKernel(e: EmittedKernels, part: string, change: (code: string) => string): EmittedKernels {
  const edit = (source: string, symbol: string): string => {
    const at = source.indexOf(`void ${symbol}(`);
    if (at < 0) return source;
    const end = source.indexOf('\n}', at);
    const changed = change(source.slice(at, end));
    return source.slice(0, at) + changed + source.slice(end);
  };
  let edited = false;
  const named = e.kernels.find((k) => k.symbol.includes(part))?.symbol ?? '';
  const units = e.units.map((u) => {
    const own = u.exports.find((x) => x.name === named);
    if (own === undefined) return u;
    const source = edit(u.source, own.symbol);
    edited ||= source !== u.source;
    return { ...u, source };
  });
  if (!edited) throw new Error(`nothing to change in a kernel of ${part}`);
  return { ...e, source: edit(e.source, named), units };
}
const wrongC = (part: string, change: (code: string) => string): Backend => ({
  ...shippedBackend,
  emit: (module, options) => changeKernel(shippedBackend.emit(module, options), part, change),
});
const wrongStep = (part: string, change: (step: TargetStep) => TargetStep): Backend => ({
  ...shippedBackend,
  host: (module, kernels) => {
    const program = shippedBackend.host(module, kernels);
    return {
      ...program,
      entryPoints: program.entryPoints.map((e) => ({
        ...e,
        steps: e.steps.map((s) => (s.name.includes(part) ? change(s) : s)),
      })),
    };
  },
});

/** Launches the steps of two names in turn of each other. */
const wrongOrder = (a: string, b: string): Backend => ({
  ...shippedBackend,
  host: (module, kernels) => {
    const program = shippedBackend.host(module, kernels);
    const swapped = (steps: readonly TargetStep[]): readonly TargetStep[] => {
      const [i, j] = [a, b].map((part) => steps.findIndex((s) => s.name.includes(part))) as [number, number];
      return steps.map((s, k) => (k === i ? steps[j]! : k === j ? steps[i]! : s));
    };
    return { ...program, entryPoints: program.entryPoints.map((e) => ({ ...e, steps: swapped(e.steps) })) };
  },
});

export const backendDefects: readonly BackendDefect[] = [
  {
    name: 'c-loop-bound-off-by-one',
    model: 'tiny',
    dispatch: 'dispatch_0_',
    backend: wrongC('dispatch_0_', (c) => c.replace(/(i\d+) < 3;/, '$1 < 2;')),
  },
  {
    name: 'c-stores-twice-the-value',
    model: 'tiny',
    dispatch: 'dispatch_2_',
    backend: wrongC('dispatch_2_', (c) =>
      c.replace(/((?:\(out0[^=;\n]*\)|out0\[[^\]]*\]) = )([^;]+);/, '$1($2) + ($2);'),
    ),
  },
  {
    name: 'c-crashes',
    model: 'tiny',
    dispatch: 'depthwise',
    backend: wrongC('depthwise', (c) => c.replace('{\n', '{\n  *(volatile int *)8 = 1;\n')),
  },
  {
    name: 'c-races-on-shared-accumulators',
    model: 'resnet',
    dispatch: 'dispatch_18_',
    backend: wrongC('dispatch_18_', (c) =>
      c.replace(/^(\s+)(v\d+f32) (a\d+) = (\w+);/gm, '$1static volatile $2 $3; $3 = $4;'),
    ),
  },
  {
    name: 'c-stores-one-lane-off',
    model: 'mobilenet',
    dispatch: 'dispatch_5_',
    backend: wrongC('dispatch_5_', (c) => c.replace(/(\*\((?:v\d+f32_u|float) \*\)\(?out0 \+ )/, '$11 + ')),
  },
];

export const hostDefects: readonly BackendDefect[] = [
  {
    name: 'host-binds-stale-buffer',
    model: 'tiny',
    dispatch: undefined,
    backend: wrongStep('dispatch_5_', (s) => ({
      ...s,
      bindings: s.bindings.map((b) =>
        b.space === 'arena' && b.access === 'read' ? { ...b, offset: b.offset + 2048 } : b,
      ),
    })),
  },
  {
    name: 'host-launches-out-of-order',
    model: 'tiny',
    dispatch: undefined,
    backend: wrongOrder('dispatch_1_', 'dispatch_2_'),
  },
];
