/** All guards of a kernel: of padding, wherever it is in its expressions, and of what is stored. */
import type { Expression, Guard } from './expression';
import { visitExpression } from './expression';
import type { Kernel } from './readDispatch';

export function kernelGuards(kernel: Kernel): readonly Guard[] {
  const guards = new Set<Guard>();
  const seen = new Set<Expression>();
  const add = (e: Expression | undefined): void => {
    if (e === undefined) return;
    visitExpression(
      e,
      (x) => {
        if (x.kind === 'guarded') x.guards.forEach((g) => guards.add(g));
        // A boundary between parts is a guard of the parts before it.
        if (x.kind === 'piecewise')
          x.starts.slice(1, -1).forEach((size) => guards.add({ form: x.form, size }));
      },
      seen,
    );
  };
  kernel.reduction?.inputs.forEach(add);
  kernel.reduction?.inits.forEach(add);
  for (const o of kernel.outputs) {
    add(o.value);
    o.guards?.forEach((g) => guards.add(g));
  }
  return [...guards];
}
