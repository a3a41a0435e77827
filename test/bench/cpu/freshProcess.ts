/**
 * Work that needs a process of its own: compiling with nothing warm, and memory that nothing else has taken. The bench
 * starts itself once more and gives it the task as a message.
 */
import { fork } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { compileModel } from '../../../src/compiler/compileModel';
import { OrtReference } from '../../../src/compiler/onnxRuntime';
import type { HostTensor } from '../../../src/frontend/elementType';

export interface CompileTask {
  readonly kind: 'compile';
  /** Compiled one after another, each to the same artifact. */
  readonly models: readonly string[];
  readonly output: string;
}
export interface ReferenceMemoryTask {
  readonly kind: 'reference-memory';
  readonly model: string;
  readonly threads: number;
  readonly inputs: Readonly<Record<string, HostTensor>>;
}

/** Runs that reach the peak: allocations settle in the first. */
export const memoryRuns = 3;

const isChild = 'STRATA_BENCH_TASK';

/** Milliseconds of each compilation. */
export const compileInFreshProcess = (task: CompileTask, cacheFolder: string): Promise<readonly number[]> =>
  inFreshProcess<readonly number[]>(task, { STRATA_CACHE_DIR: cacheFolder });
/** Bytes that ONNX Runtime adds to a Node process; undefined where it or the figure is missing. */
export const referenceMemory = (task: ReferenceMemoryTask): Promise<number | undefined> =>
  inFreshProcess<number | undefined>(task, {});

function inFreshProcess<T>(
  task: CompileTask | ReferenceMemoryTask,
  env: Readonly<Record<string, string>>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const child = fork(process.argv[1]!, [], {
      env: { ...process.env, ...env, [isChild]: '1' },
      serialization: 'advanced',
    });
    let result: { readonly value: T } | undefined;
    child.on('message', (message) => (result = message as { readonly value: T }));
    child.on('error', reject);
    child.on('exit', (code) => {
      if (result !== undefined && code === 0) resolve(result.value);
      else reject(new Error(`the process for '${task.kind}' ended with ${code ?? 'a signal'}`));
    });
    child.send(task);
  });
}

/** In a process that was started for a task: does it, and returns true. */
export async function runTask(): Promise<boolean> {
  if (process.env[isChild] === undefined || process.send === undefined) return false;
  const task = await new Promise<CompileTask | ReferenceMemoryTask>((resolve) => {
    process.once('message', (message) => resolve(message as CompileTask | ReferenceMemoryTask));
  });
  const value = task.kind === 'compile' ? await compileTimes(task) : await addedMemory(task);
  await new Promise<void>((resolve) => process.send!({ value }, undefined, undefined, () => resolve()));
  process.disconnect();
  return true;
}

async function compileTimes({ models, output }: CompileTask): Promise<readonly number[]> {
  const times: number[] = [];
  for (const model of models) {
    const start = performance.now();
    await compileModel({ model, output });
    times.push(performance.now() - start);
  }
  return times;
}

async function addedMemory({ model, threads, inputs }: ReferenceMemoryTask): Promise<number | undefined> {
  const before = memoryOf('self', 'VmRSS');
  // What this process reached while it started does not count; see proc(5), clear_refs.
  if (before !== undefined) writeFileSync('/proc/self/clear_refs', '5');
  const reference = await OrtReference.load(model, threads, 'latency');
  if (reference === undefined || before === undefined) return undefined;
  await reference.time(inputs, memoryRuns);
  const peak = memoryOf('self', 'VmHWM');
  await reference.release();
  return peak === undefined ? undefined : peak - before;
}

/** Resident bytes of a process, now or at most; undefined on systems without /proc. */
export function memoryOf(pid: number | 'self', which: 'VmRSS' | 'VmHWM'): number | undefined {
  try {
    const line = new RegExp(`^${which}:\\s+(\\d+) kB$`, 'm').exec(
      readFileSync(`/proc/${pid}/status`, 'utf8'),
    );
    return line === null ? undefined : Number(line[1]) * 1024;
  } catch {
    return undefined;
  }
}
