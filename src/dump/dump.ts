/** An index of what a compiler printed pass by pass. Plain data over byte ranges; texts are read when asked for. */
import type { Diagnostic } from '../base/diagnostics';
import type { ByteSource } from './byteSource';
import type { SolidStretch } from './elide';
import type { TimingReport } from './timingReport';

/** `snapshot` is IR at a place that is no pass: the `print-ir` pass, a phase, a plain file. */
export type When = 'before' | 'after' | 'failed' | 'snapshot';

export interface DumpEntry {
  /** Position in `Dump.entries`. */
  readonly index: number;
  readonly when: When;
  /** As written in the dump: a class name in MLIR logs, which differs between versions of the compiler. */
  readonly pass: string;
  /** The name on the command line, which is stable between versions; absent where the dump does not say it. */
  readonly argument?: string;
  readonly options?: string;
  /** Op that the pass ran on: `func.func`, `builtin.module`; `define` and `machine function` in dumps of LLVM. */
  readonly op?: string;
  /** Its symbol without `@`. */
  readonly symbol?: string;
  /** Position in `Dump.sources`. */
  readonly source: number;
  /** Byte range of the IR in its source. */
  readonly start: number;
  readonly end: number;
  /** What CI put before each line, as found before the marker. */
  readonly linePrefix?: string;
  /** The IR is the module around the op, not the op (`--mlir-print-ir-module-scope`). */
  readonly moduleScope?: true;
  /** The compiler said that nothing changed instead of printing. */
  readonly omitted?: true;
}

/** Two entries with the same key are runs of the same pass, whichever version of the compiler printed them. */
export const passKey = (entry: DumpEntry): string => entry.argument ?? entry.pass;

export interface Dump {
  readonly path: string;
  /** Id of the reader. */
  readonly format: string;
  /** Of the format, for people. */
  readonly title: string;
  readonly sources: readonly ByteSource[];
  readonly entries: readonly DumpEntry[];
  /** What was left out or could not be understood. */
  readonly warnings: readonly Diagnostic[];
  readonly timing?: TimingReport;
  /** Stretches of lines of megabytes, in order, as far as the reader looked for them. */
  readonly solid?: readonly SolidStretch[];
}
