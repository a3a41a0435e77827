/** Runs IR in the interpreter and keeps what passes through its entry function: results of ops, arguments of calls. */
import type { Cancellation } from '../base/cancellation';
import type { Tensors } from '../compiler/artifactSession';
import { entryFunction, interpretModule } from '../compiler/interpretModel';
import type { Operation, Value } from '../ir';
import type { RuntimeValue, ShapedValue } from '../ir/interpreter/runtimeValue';
import { denseData } from '../ir/interpreter/tensor';
import type { ContentMemo } from './memo';
import type { IrState } from './replay';

export interface CapturedCall {
  readonly symbol: string;
  /** Row-major elements of each argument that is a buffer. */
  readonly before: readonly (ArrayLike<number> | undefined)[];
  readonly after: readonly (ArrayLike<number> | undefined)[];
  readonly shapes: readonly (readonly number[])[];
}
export interface Captured {
  readonly outputs: Tensors;
  readonly entry: Operation;
  /** Of ops right in the entry function. */
  readonly values: ReadonlyMap<Value, RuntimeValue>;
  readonly calls: readonly CapturedCall[];
}

export interface CaptureOptions {
  readonly cancellation: Cancellation;
  readonly memo?: ContentMemo;
  /** Also keep the arguments of calls; takes memory and makes memoised calls invisible. */
  readonly calls?: boolean;
}

export function captureRun(state: IrState, inputs: Tensors, options: CaptureOptions): Captured {
  const entry = entryFunction(state.module);
  const values = new Map<Value, RuntimeValue>();
  const calls: CapturedCall[] = [];
  let open: (ArrayLike<number> | undefined)[] = [];
  let depth = 0;
  const outputs = interpretModule(state.module, state.resources, inputs, options.cancellation, {
    watches: (op) => op.parentOp === entry,
    onOp: (op, results) => {
      op.results.forEach((r, i) => values.set(r, results[i]!));
    },
    ...(options.calls === true
      ? {
          onCall: (symbol: string, args: readonly RuntimeValue[], when: 'before' | 'after') => {
            if (when === 'before') {
              if (depth++ === 0) open = args.map(bufferElements);
            } else if (--depth === 0) {
              const shapes = args.map((a) => (typeof a === 'object' ? a.shape : []));
              calls.push({ symbol, before: open, after: args.map(bufferElements), shapes });
            }
          },
        }
      : options.memo === undefined
        ? {}
        : { memo: options.memo }),
  });
  return { outputs, entry, values, calls };
}

const bufferElements = (value: RuntimeValue): ArrayLike<number> | undefined =>
  typeof value === 'object' && value.kind === 'memref' ? numbersOf(value) : undefined;

/** Row-major elements as numbers; a copy where the value may be written to. */
export function numbersOf(value: ShapedValue): ArrayLike<number> {
  const data = denseData(value);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Float64Array.from(data, Number);
  return value.kind === 'memref' ? data.slice() : data;
}
