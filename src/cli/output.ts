/** What a command prints: text for people, or one JSON document with `--json`. */
import type { Cancellation } from '../base/cancellation';
import { CancelledError, cancellationOf } from '../base/cancellation';
import type { Diagnostic } from '../base/diagnostics';
import { StrataError, formatDiagnostic } from '../base/diagnostics';
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
  const interrupt = (): void => {
    abort.abort();
  };
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
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
    report(error, json);
    process.exitCode = error instanceof CancelledError || abort.signal.aborted ? 130 : 1;
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

function report(error: unknown, json: boolean): void {
  const diagnostic = diagnosticOf(error);
  process.stderr.write(`${diagnostic.code === '' ? diagnostic.text : formatDiagnostic(diagnostic)}\n`);
  if (json) process.stdout.write(`${JSON.stringify({ error: diagnostic }, undefined, 2)}\n`);
  if (!(error instanceof StrataError) && !(error instanceof CancelledError) && error instanceof Error) {
    process.stderr.write(`${error.stack ?? ''}\n`);
  }
}
function diagnosticOf(error: unknown): Diagnostic {
  if (error instanceof StrataError) return error.diagnostic;
  if (error instanceof CancelledError) return { code: '', severity: 'error', text: 'cancelled' };
  return cliMessages.diagnostic('STR0001', {
    problem: error instanceof Error ? error.message : String(error),
  });
}
