/**
 * Coded diagnostics. Each area declares its messages in one typed table beside the code that raises them
 * (`defineMessages`), so that a code, its parameters and its wording cannot drift apart. A code is stable:
 * scripts and people rely on it. `docs/errors.md` is generated from the tables.
 *
 * Ranges: 00 command line and internal, 01 IR text and verifier, 02 passes and pipelines, 03 model files,
 * 04 graph ops and shapes, 05 lowering and code generation, 06 artifact, 07 toolchain and runner,
 * 08 traces, 09 editor, 10 reference models, 11 bisection.
 */

/** A message template: what was found, what was expected, and what to do next. */
export interface Message<P> {
  readonly severity: 'error' | 'warning';
  /** Names the thing, what was found and what was expected. */
  readonly text: (params: P) => string;
  /** The next step for the person who reads it. */
  readonly next?: (params: P) => string;
}

export interface Diagnostic {
  /** `STR` and four digits. */
  readonly code: string;
  readonly severity: 'error' | 'warning';
  readonly text: string;
  readonly next?: string;
}

/** Formats a diagnostic as the command line prints it: `STR0301 what. Next step.` */
export function formatDiagnostic(d: Diagnostic): string {
  return d.next === undefined ? `${d.code} ${d.text}` : `${d.code} ${d.text} ${d.next}`;
}

/** The one error type that crosses module borders. `message` is the formatted diagnostic. */
export class StrataError extends Error {
  override readonly name = 'StrataError';
  constructor(
    readonly diagnostic: Diagnostic,
    options?: ErrorOptions,
  ) {
    super(formatDiagnostic(diagnostic), options);
  }
  get code(): string {
    return this.diagnostic.code;
  }
}

type ParamsOf<M> = M extends Message<infer P> ? P : never;

/** The typed raiser of one table of messages. */
export interface Messages<T extends Record<string, Message<never>>> {
  readonly table: T;
  /** Builds the diagnostic of `code` without throwing. */
  diagnostic<C extends keyof T & string>(code: C, params: ParamsOf<T[C]>): Diagnostic;
  /** Builds an error to throw: `throw messages.error('STR0301', { file })`. */
  error<C extends keyof T & string>(code: C, params: ParamsOf<T[C]>, options?: ErrorOptions): StrataError;
}

/** Types one message: `message<{ file: string }>({ severity: 'error', text: (p) => … })`. */
export function message<P>(
  m: Omit<Message<P>, 'severity'> & { severity?: Message<P>['severity'] },
): Message<P> {
  return { severity: 'error', ...m };
}

/** Declares the table of one area. Keys are the codes. */
export function defineMessages<T extends Record<string, Message<never>>>(table: T): Messages<T> {
  const diagnostic = <C extends keyof T & string>(code: C, params: ParamsOf<T[C]>): Diagnostic => {
    const m = table[code] as unknown as Message<ParamsOf<T[C]>>;
    const next = m.next?.(params);
    return { code, severity: m.severity, text: m.text(params), ...(next === undefined ? {} : { next }) };
  };
  return {
    table,
    diagnostic,
    error: (code, params, options) => new StrataError(diagnostic(code, params), options),
  };
}
