/**
 * Exports the reference models of `python/` from torch, torchvision and transformers: makes a virtual environment of
 * its own, installs what they need, and runs `export_all`. Called by "Strata: Export Reference Models…".
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { CancelledError } from '../base/cancellation';
import { locate } from './locateProgram';
import { messages } from './messages';

export interface ExportModelsRequest {
  /** The folder with `strata_models` and `requirements.txt`. */
  readonly sources: string;
  /** Where the virtual environment is, or is made. */
  readonly environment: string;
  /** Where the models go. */
  readonly output: string;
  /** Names of models; all when left out. */
  readonly only?: readonly string[];
}
export interface ExportModelsOptions {
  readonly signal: AbortSignal;
  /** `fraction`: of the models, once they are under way. */
  readonly onProgress: (text: string, fraction: number | undefined) => void;
  /** Each line that a program writes. */
  readonly onLine: (line: string) => void;
  readonly env?: Readonly<NodeJS.ProcessEnv>;
}

/** The oldest Python that the scripts run on. */
const oldestPython = [3, 10] as const;
const keptLines = 12;

/**
 * Files that were written. Throws STR0734 without a Python, STR0735 for a step that fails, `CancelledError`; a virtual
 * environment that was not finished is removed.
 */
export async function exportModels(
  request: ExportModelsRequest,
  options: ExportModelsOptions,
): Promise<readonly string[]> {
  const python = await readyPython(request, options);
  const { sources, output, only = [] } = request;
  await mkdir(output, { recursive: true });
  const written: string[] = [];
  const args = ['-m', 'strata_models.export_all', '-o', output, ...only.flatMap((name) => ['--only', name])];
  await step('exporting the models', python, args, sources, options, (line) => {
    const at = /^(\d+)\/(\d+) (\S+)$/.exec(line);
    if (at !== null) options.onProgress(at[3]!, (Number(at[1]) - 1) / Number(at[2]));
    const file = /^wrote (.*)$/.exec(line)?.[1];
    if (file !== undefined) written.push(file);
  });
  return written;
}

/** The Python of the virtual environment, which holds what the requirements say. */
async function readyPython(request: ExportModelsRequest, options: ExportModelsOptions): Promise<string> {
  const { environment, sources } = request;
  const requirements = path.join(sources, 'requirements.txt');
  const mark = path.join(environment, 'strata-requirements');
  const wanted = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex');
  const python =
    process.platform === 'win32'
      ? path.join(environment, 'Scripts', 'python.exe')
      : path.join(environment, 'bin', 'python');
  if ((await readFile(mark, 'utf8').catch(() => '')) === wanted && (await exists(python))) return python;
  const base = await basePython(options);
  try {
    options.onProgress('making a virtual environment', undefined);
    await step('making a virtual environment', base, ['-m', 'venv', environment], sources, options);
    const install = ['-m', 'pip', 'install', '--disable-pip-version-check', '-r', requirements];
    await step('installing what the models need', python, install, sources, options, (line) => {
      const what = /^(?:Collecting|Downloading|Installing collected packages:) ?(.{0,60})/.exec(line);
      if (what !== null) options.onProgress(`installing ${what[1]!}`, undefined);
    });
    await writeFile(mark, wanted);
    return python;
  } catch (error) {
    await rm(environment, { recursive: true, force: true });
    throw error;
  }
}

async function basePython({ env = process.env, signal }: ExportModelsOptions): Promise<string> {
  const [major, minor] = oldestPython;
  let found = 'none is on the PATH';
  for (const name of ['python3', 'python']) {
    const file = await locate(name, env);
    if (file === undefined) continue;
    const check = `import sys; print('%d.%d' % sys.version_info[:2]); sys.exit(sys.version_info < (${major}, ${minor}))`;
    const { exitCode, stdout } = await execa(file, ['-c', check], { reject: false, cancelSignal: signal });
    if (signal.aborted) throw new CancelledError();
    if (exitCode === 0) return file;
    found = `${file} is ${stdout.trim() === '' ? 'none that runs' : `version ${stdout.trim()}`}`;
  }
  throw messages.error('STR0734', { oldest: `${major}.${minor}`, found });
}

async function step(
  what: string,
  program: string,
  args: readonly string[],
  cwd: string,
  { signal, onLine, env }: ExportModelsOptions,
  onOutput: (line: string) => void = () => {},
): Promise<void> {
  if (signal.aborted) throw new CancelledError();
  const child = execa(program, args, {
    cwd,
    reject: false,
    stdin: 'ignore',
    all: true,
    buffer: false,
    cancelSignal: signal,
    forceKillAfterDelay: 2000,
    env: { ...env, PYTHONUNBUFFERED: '1', PYTHONPATH: cwd, PYTHONDONTWRITEBYTECODE: '1' },
  });
  const last: string[] = [];
  for await (const line of child.iterable({ from: 'all' })) {
    last.push(line);
    if (last.length > keptLines) last.shift();
    onLine(line);
    onOutput(line);
  }
  const { exitCode, isCanceled, shortMessage } = (await child) as {
    exitCode?: number;
    isCanceled?: boolean;
    shortMessage?: string;
  };
  if (isCanceled === true || signal.aborted) throw new CancelledError();
  if (exitCode !== 0)
    throw messages.error('STR0735', { what, problem: [shortMessage ?? '', ...last].join('\n').trim() });
}

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );
