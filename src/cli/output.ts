/** What a command prints: text for people, or one JSON document with `--json`. */
import type { Cancellation } from '../base/cancellation';
import { CancelledError, cancellationOf } from '../base/cancellation';
import type { Diagnostic } from '../base/diagnostics';
import { StrataError, formatDiagnostic } from '../base/diagnostics';
import { reasonOf } from '../compiler/readText';
import { cliMessages } from './messages';

export interface CommandResult {
  /** For `--json`. */
  readonly json: unknown;
  /** For people. */
  readonly text: string;
  /** 1 when the command did its work and the answer is no (failed checks). */
  readonly exitCode?: number;
}

export interface CommandContext {
  readonly json: boolean;
  readonly cancellation: Cancellation;
  /** A line about what is going on, on stderr; silent with `--json` or when stderr is not a terminal. */
  readonly progress: (text: string) => void;
  readonly warn: (warnings: readonly Diagnostic[]) => void;
}

/** Runs a command: prints its result, maps errors to stderr and the exit code, and Ctrl-C to cancellation. */
export async function runCommand(
  json: boolean,
  body: (context: CommandContext) => CommandResult | Promise<CommandResult>,
): Promise<void> {
  const abort = new AbortController();
  let signalNumber = 0;
  // Not `once`: what ends child processes with this one takes a signal that nobody else listens to as the end.
  const interrupt = (_: NodeJS.Signals, n: number): void => {
    // A second Ctrl-C does not wait for anything.
    if (signalNumber !== 0) process.exit(128 + n);
    signalNumber = n;
    abort.abort();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  const live = process.stderr.isTTY && !json;
  const clear = (): void => {
    if (live) process.stderr.write('\r\x1b[K');
  };
  try {
    const result = await body({
      json,
      cancellation: cancellationOf(abort.signal),
      progress: (text) => {
        if (live) process.stderr.write(`\r\x1b[K${text.slice(0, (process.stderr.columns || 80) - 1)}`);
      },
      warn: (warnings) => {
        clear();
        for (const w of warnings) process.stderr.write(`warning: ${formatDiagnostic(w)}\n`);
      },
    });
    clear();
    process.stdout.write(json ? `${JSON.stringify(result.json, replacer, 2)}\n` : `${result.text}\n`);
    process.exitCode = result.exitCode ?? 0;
  } catch (error) {
    clear();
    // Ctrl-C reaches child processes too; that they died of it is no error of theirs.
    const cancelled = error instanceof CancelledError || abort.signal.aborted;
    reportError(cancelled ? cliMessages.error('STR0009', {}) : error, json);
    process.exitCode = cancelled ? 128 + (signalNumber || 2) : 1;
  } finally {
    process.removeListener('SIGINT', interrupt);
    process.removeListener('SIGTERM', interrupt);
  }
}

/** bigint as number where exact, typed arrays as arrays. */
function replacer(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView))
    return Array.from(value as unknown as ArrayLike<number>);
  if (value instanceof Map) return Object.fromEntries(value);
  return value;
}

/** One coded line on stderr, and with `json` one document on stdout: `{"error": {"code": …, "text": …, "next": …}}`. */
export function reportError(error: unknown, json: boolean): void {
  const diagnostic =
    error instanceof StrataError
      ? error.diagnostic
      : cliMessages.diagnostic('STR0001', {
          problem: error instanceof Error ? error.message : String(error),
        });
  process.stderr.write(`${formatDiagnostic(diagnostic)}\n`);
  if (json) process.stdout.write(`${JSON.stringify({ error: diagnostic }, undefined, 2)}\n`);
  // A defect is easier to find with its place.
  const defect = error instanceof StrataError ? diagnostic.code === 'STR0001' : error instanceof Error;
  if (defect) process.stderr.write(`${(error as Error).stack ?? ''}\n`);
}

/** Standard output may be a full disk, or a pipe whose reader (`| head`) has gone. */
export function guardOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    reportError(
      cliMessages.error('STR0004', { path: 'standard output', problem: reasonOf(error) }, { cause: error }),
      false,
    );
    process.exit(1);
  });
  process.stderr.on('error', () => {
    process.exit(1);
  });
}
