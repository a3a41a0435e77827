/** Runs IR text in tests. */
import type { Operation } from '../../src/ir';
import { assertVerified, parseModule } from '../../src/ir';
import { registry } from '../../src/ir/dialects/index';
import type { InterpreterOptions } from '../../src/ir/interpreter/interpreter';
import { Interpreter } from '../../src/ir/interpreter/interpreter';
import type { RuntimeValue } from '../../src/ir/interpreter/runtimeValue';

export function moduleOf(text: string): Operation {
  const { module } = parseModule(text, registry);
  assertVerified(module);
  return module;
}
/** Calls `@f`. */
export const interpret = (
  text: string,
  args: readonly RuntimeValue[] = [],
  options: InterpreterOptions = {},
): readonly RuntimeValue[] => new Interpreter(moduleOf(text), options).call('f', args);

/** Shapes and elements of results, for comparing: a shaped value as nested lists, a scalar as itself. */
export function plain(value: RuntimeValue): unknown {
  if (typeof value !== 'object') return value;
  const nest = (shape: readonly number[], at: number, strides: readonly number[]): unknown => {
    if (shape.length === 0) return value.data[at];
    return Array.from({ length: shape[0]! }, (_, i) =>
      nest(shape.slice(1), at + i * strides[0]!, strides.slice(1)),
    );
  };
  const dense = value.shape.map((_, d) => value.shape.slice(d + 1).reduce((a, b) => a * b, 1));
  return value.kind === 'memref'
    ? nest(value.shape, value.offset, value.strides)
    : nest(value.shape, 0, dense);
}
