/** Turns the call stacks that a sampling profiler took of one thread into zones: a frame lasts while it stays on the stack. */
import type { TraceBuilder } from '../traceBuilder';

/** What a zone of a frame is called and carries; ids of the builder. */
export interface Frame {
  readonly name: number;
  readonly args: number;
}

export class SampledStacks {
  private readonly stack: number[] = [];

  constructor(
    private readonly builder: TraceBuilder,
    private readonly track: number,
    private readonly frameOf: (id: number) => Frame,
  ) {}

  /** The stack from `time` on, outermost frame first; empty while the thread does not run. Times must not go back. */
  sample(time: number, frames: readonly number[]): void {
    const { stack, builder, track } = this;
    let same = 0;
    while (same < stack.length && same < frames.length && stack[same] === frames[same]) same++;
    for (; stack.length > same; stack.pop()) builder.end(track, time);
    for (const id of frames.slice(same)) {
      const { name, args } = this.frameOf(id);
      builder.begin(track, time, name, args);
      stack.push(id);
    }
  }
}
