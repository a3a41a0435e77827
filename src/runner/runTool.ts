/** Runs a compiler or build tool to its end. Used by everything here that is not the native runner itself. */
import { execa } from 'execa';
import { CancelledError } from '../base/cancellation';

export interface ToolResult {
  readonly exitCode: number | undefined;
  /** Standard output and error as they came. */
  readonly output: string;
  readonly ok: boolean;
}

export interface RunToolOptions {
  readonly cwd?: string;
  readonly env?: Readonly<NodeJS.ProcessEnv>;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

/** Never rejects for a tool that fails or is missing; throws `CancelledError` once `signal` is aborted. */
export async function runTool(
  file: string,
  args: readonly string[],
  options: RunToolOptions = {},
): Promise<ToolResult> {
  const { cwd, env, signal, timeoutMs } = options;
  const isAborted = (): boolean => signal?.aborted === true;
  if (isAborted()) throw new CancelledError();
  const result = await execa(file, args, {
    all: true,
    reject: false,
    stdin: 'ignore',
    // Messages of compilers are shown to people and matched by patterns; both want one language.
    env: { LC_ALL: 'C', ...env },
    forceKillAfterDelay: 2000,
    ...(cwd === undefined ? {} : { cwd }),
    ...(signal === undefined ? {} : { cancelSignal: signal }),
    ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
  });
  if (result.isCanceled || isAborted()) throw new CancelledError();
  const output =
    result.exitCode === undefined && result.failed ? `${result.all}\n${result.shortMessage}` : result.all;
  return { exitCode: result.exitCode, output: output.trim(), ok: !result.failed };
}
