/** Kernels for `memref.copy` of the host function: one per size, since a launch has no numbers as arguments. */
import type { Operation, types } from '../../../ir';
import { byteSize } from '../../../ir/types';

/** Bytes that one unit copies. */
const unitBytes = 1 << 16;

/** Sizes of the copies in host functions, ascending. */
export function copiesOf(hosts: readonly Operation[]): readonly number[] {
  const sizes = new Set<number>();
  for (const host of hosts) {
    for (const op of host.find((o) => o.name === 'memref.copy')) {
      const bytes = byteSize(op.operand(1).type as types.MemRefType);
      if (bytes !== undefined && bytes > 0) sizes.add(bytes);
    }
  }
  return [...sizes].sort((a, b) => a - b);
}

export function copyKernel(bytes: number): {
  readonly symbol: string;
  readonly extent: number;
  /** What it does, for people. */
  readonly about: string;
  /** Its function from the brace on. */
  readonly body: string;
} {
  const symbol = `strata_copy_${bytes}`;
  const extent = Math.max(1, Math.ceil(bytes / unitBytes));
  const about = `Copies ${bytes} bytes, ${unitBytes} per unit.`;
  const body = `{
  const int64_t first = begin * ${unitBytes};
  const int64_t last = end * ${unitBytes} < ${bytes} ? end * ${unitBytes} : ${bytes};
  if (first < last) memcpy((char *)state->bindings[1] + first, (const char *)state->bindings[0] + first, (size_t)(last - first));
}`;
  return { symbol, extent, about, body };
}
