/**
 * Cancellation that also reaches synchronous work on another thread: a flag in shared memory, polled between
 * rewrites, beside the `AbortSignal` that child processes listen to.
 */
export class CancelledError extends Error {
  override readonly name = 'CancelledError';
  constructor() {
    super('cancelled');
  }
}

/** What long work polls. `throwIfCancelled` costs one load. */
export interface Cancellation {
  readonly signal: AbortSignal;
  throwIfCancelled(): void;
}

export const neverCancelled: Cancellation = {
  signal: new AbortController().signal,
  throwIfCancelled: () => {},
};

/** Follows an `AbortSignal` and, when given, a shared flag that another thread sets to 1. */
export function cancellationOf(signal: AbortSignal, flag?: Int32Array): Cancellation {
  return {
    signal,
    throwIfCancelled: () => {
      if (signal.aborted || (flag !== undefined && Atomics.load(flag, 0) !== 0)) throw new CancelledError();
    },
  };
}

/**
 * Between parts of long synchronous work: lets signals and messages of this thread in, one of which may be the wish to
 * stop, and throws `CancelledError` when it is.
 */
export async function breathe(cancellation: Cancellation): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
  cancellation.throwIfCancelled();
}
