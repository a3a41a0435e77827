/**
 * Simplifies the loops of a kernel: drops those of size 1 and joins neighbours that every address walks as one
 * (the pixels of a 1×1 convolution, all dims of an elementwise op). Fewer loops, longer rows, less address work.
 */
import type { Expression } from './expression';
import { FormMapper, formsOf } from './expression';
import type { LinearForm } from './linearForm';
import type { Kernel, Loop } from './readDispatch';

/** Addresses and bounds of a kernel: loops may be joined when addresses allow; loops in `fixed` forms stay. */
export function kernelForms(kernel: Kernel): {
  readonly addresses: readonly LinearForm[];
  readonly fixed: readonly LinearForm[];
} {
  const addresses: LinearForm[] = [];
  const fixed: LinearForm[] = [];
  const add = (e: Expression | undefined): void => {
    if (e === undefined) return;
    const forms = formsOf(e);
    addresses.push(...forms.addresses);
    fixed.push(...forms.fixed);
  };
  kernel.reduction?.inputs.forEach(add);
  kernel.reduction?.inits.forEach(add);
  fixed.push(...(kernel.reduction?.indices ?? []));
  for (const o of kernel.outputs) {
    add(o.value);
    addresses.push(o.form);
    fixed.push(...(o.guards ?? []).map((g) => g.form));
  }
  return { addresses, fixed };
}

/** How places in memory change, where that differs from other forms. */
interface PlaceMaps {
  readonly load: (form: LinearForm, operand: number) => LinearForm;
  readonly output: (form: LinearForm, result: number) => LinearForm;
}
/** The kernel with other loops: `forms` says how forms change. */
export function mapKernel(
  kernel: Kernel,
  loops: readonly Loop[],
  forms: (f: LinearForm) => LinearForm,
  places: PlaceMaps = { load: forms, output: forms },
): Kernel {
  const mapper = new FormMapper(forms, places.load);
  const { reduction } = kernel;
  return {
    ...kernel,
    loops,
    reduction:
      reduction === undefined
        ? undefined
        : {
            ...reduction,
            inputs: reduction.inputs.map((i) => (i === undefined ? undefined : mapper.expression(i))),
            inits: reduction.inits.map((i) => mapper.expression(i)),
            indices: reduction.indices.map(forms),
          },
    outputs: kernel.outputs.map((o) => ({
      ...o,
      value: mapper.expression(o.value),
      form: places.output(o.form, o.result),
      ...(o.guards === undefined ? {} : { guards: o.guards.map((g) => ({ ...g, form: forms(g.form) })) }),
    })),
  };
}

function dropUnitLoops(kernel: Kernel, first: number): Kernel {
  const kept = kernel.loops.flatMap((l, i) => (i >= first && l.size === 1 ? [] : [i]));
  if (kept.length === kernel.loops.length) return kernel;
  return mapKernel(
    kernel,
    kept.map((i) => kernel.loops[i]!),
    (f) => ({
      coefficients: kept.map((i) => f.coefficients[i]!),
      constant: f.constant,
    }),
  );
}

/** Joins loop `outer` with loop `inner`, which runs faster. */
function join(kernel: Kernel, outer: number, inner: number): Kernel {
  const a = kernel.loops[outer]!;
  const b = kernel.loops[inner]!;
  const joined: Loop = { name: `${a.name}.${b.name}`, size: a.size * b.size, kind: a.kind };
  const position = outer < inner ? outer : inner;
  const rest = (list: readonly number[]): number[] => list.filter((_, i) => i !== outer && i !== inner);
  const kept = kernel.loops.filter((_, i) => i !== outer && i !== inner);
  return mapKernel(kernel, [...kept.slice(0, position), joined, ...kept.slice(position)], (f) => {
    const others = rest(f.coefficients);
    return {
      coefficients: [...others.slice(0, position), f.coefficients[inner]!, ...others.slice(position)],
      constant: f.constant,
    };
  });
}

/**
 * The kernel with as few loops as its addresses allow; those before `first` stay. The same dispatch always gives the
 * same loops.
 */
export function simplifyLoops(kernel: Kernel, first = 0): Kernel {
  let k = dropUnitLoops(kernel, first);
  for (;;) {
    const pair = joinable(k, first);
    if (pair === undefined) return k;
    k = join(k, pair[0], pair[1]);
  }
}
function joinable(kernel: Kernel, first: number): readonly [number, number] | undefined {
  const { loops } = kernel;
  const { addresses, fixed } = kernelForms(kernel);
  for (let a = first; a < loops.length; a++) {
    for (let b = first; b < loops.length; b++) {
      if (a === b || loops[a]!.kind !== loops[b]!.kind) continue;
      if (fixed.some((f) => f.coefficients[a] !== 0 || f.coefficients[b] !== 0)) continue;
      if (addresses.every((f) => f.coefficients[a] === f.coefficients[b]! * loops[b]!.size)) return [a, b];
    }
  }
  return undefined;
}
