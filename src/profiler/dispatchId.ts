/**
 * What names a dispatch in a compilation, in its runs and in their traces. Numbers count within an entry point: a model with several
 * (prefill and decode, the stages of one with control flow) has as many dispatches 0.
 */
export interface DispatchId {
  readonly entryPoint: string;
  /** Order of execution within the entry point. */
  readonly index: number;
}

export const sameDispatch = (a: DispatchId, b: DispatchId): boolean =>
  a.index === b.index && a.entryPoint === b.entryPoint;

/** The one of this entry point and number. */
export const findDispatch = <D extends DispatchId>(
  among: readonly D[] | undefined,
  wanted: DispatchId | undefined,
): D | undefined => (wanted === undefined ? undefined : among?.find((d) => sameDispatch(d, wanted)));

/** The name alone, of anything that carries it: it crosses links and channels. */
export const dispatchId = ({ entryPoint, index }: DispatchId): DispatchId => ({ entryPoint, index });
