/** Runs command lines that people give: split as a shell splits words, never through a shell. */
import { execa } from 'execa';
import { CancelledError } from '../../base/cancellation';
import { bisectMessages } from '../messages';

export interface CommandOutcome {
  /** Undefined when a signal or the time limit ended it. */
  readonly exitCode: number | undefined;
  /** `exit code 3`, `SIGSEGV`, `took longer than 30 s`. */
  readonly how: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationNs: number;
}

export interface CommandOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
  readonly cwd?: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Words of a command line: blanks part them, quotes and backslashes keep blanks. Throws STR1104 for an open quote. */
export function splitCommand(line: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let i = 0; i < line.length; i++) {
    const c = line[i]!;
    if (quote !== '') {
      if (c === quote) quote = '';
      else if (c === '\\' && quote === '"' && '"\\'.includes(line[i + 1] ?? ''))
        word = (word ?? '') + line[++i]!;
      else word = (word ?? '') + c;
    } else if (c === '"' || c === "'") {
      quote = c;
      word ??= '';
    } else if (c === '\\' && i + 1 < line.length) word = (word ?? '') + line[++i]!;
    else if (/\s/.test(c)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + c;
  }
  if (quote !== '')
    throw bisectMessages.error('STR1104', { command: line, problem: `${quote} is not closed` });
  if (word !== undefined) words.push(word);
  return words;
}

/** Throws STR1104 when the program cannot be started, `CancelledError` when the signal ends it. */
export async function runWords(words: readonly string[], options: CommandOptions): Promise<CommandOutcome> {
  const [program, ...args] = words;
  if (program === undefined)
    throw bisectMessages.error('STR1104', { command: '(empty)', problem: 'it names no program' });
  const start = process.hrtime.bigint();
  const result = await execa(program, args, {
    reject: false,
    stdin: 'ignore',
    stripFinalNewline: false,
    cancelSignal: options.signal,
    maxBuffer: 256 * 2 ** 20,
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  const durationNs = Number(process.hrtime.bigint() - start);
  if (result.isCanceled || options.signal.aborted) throw new CancelledError();
  const { exitCode, signal, timedOut, stdout, stderr } = result;
  if (exitCode === undefined && signal === undefined && !timedOut)
    throw bisectMessages.error('STR1104', {
      command: words.join(' '),
      problem:
        (result.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT'
          ? `there is no program '${program}'`
          : (result.shortMessage ?? 'no reason given'),
    });
  const how = timedOut
    ? `took longer than ${(options.timeoutMs ?? 0) / 1000} s`
    : signal !== undefined
      ? signal
      : `exit code ${exitCode}`;
  return { exitCode: timedOut ? undefined : exitCode, how, stdout, stderr, durationNs };
}

/** A command with a file: at `{}`, else as its last word. */
export function runJudge(command: string, file: string, options: CommandOptions): Promise<CommandOutcome> {
  const words = splitCommand(command);
  const filled = words.map((w) => w.replaceAll('{}', file));
  return runWords(words.some((w) => w.includes('{}')) ? filled : [...filled, file], options);
}
