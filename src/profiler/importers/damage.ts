/** Counts what an importer had to leave out of a file, and turns it into warnings. */
import type { Diagnostic } from '../../base/diagnostics';
import { traceMessages } from '../messages';
import type { Trace } from '../trace';
import type { TraceBuilder } from '../traceBuilder';

export class Damage {
  private count = 0;
  private firstAt: number | undefined;
  private cutAt: number | undefined;
  private readonly others: Diagnostic[] = [];

  constructor(
    private readonly file: string,
    private readonly format: string,
    private readonly size: number,
  ) {}

  /** One event was left out, at byte `at` where that is known. */
  skip(at?: number): void {
    if (this.count++ === 0) this.firstAt = at;
  }

  /** The file ends in the middle of an event at byte `at`. */
  cut(at: number): void {
    this.cutAt ??= at;
  }

  warn(diagnostic: Diagnostic): void {
    this.others.push(diagnostic);
  }

  /** Finishes the trace with the warnings; throws STR0802 where nothing was read. `base` as in `TraceBuilder.finish`. */
  finish(builder: TraceBuilder, base: bigint): Trace {
    const { file, format } = this;
    if (builder.eventCount === 0) throw traceMessages.error('STR0802', { file, format });
    const warnings = [...this.others];
    if (this.cutAt !== undefined) {
      warnings.push(
        traceMessages.diagnostic('STR0803', {
          file,
          at: this.cutAt,
          size: this.size,
          kept: builder.zoneCount,
        }),
      );
    }
    if (this.count > 0) {
      const { count, firstAt } = this;
      warnings.push(
        traceMessages.diagnostic('STR0804', { file, count, ...(firstAt === undefined ? {} : { firstAt }) }),
      );
    }
    return builder.finish(format, base, warnings);
  }
}
