/** One trace in a worker of its own: opens it, passes queries on, ends the worker with it. */
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import * as vscode from 'vscode';
import { StrataError } from '../base/diagnostics';
import type { Diagnostic } from '../base/diagnostics';
import type { TraceInfo } from '../protocol/profilerView';
import { connect, RemoteCallError } from '../protocol/rpc';
import type { Connection } from '../protocol/rpc';
import { editorMessages } from './messages';
import type { TraceFile, TraceWorker, TraceWorkerHost } from './traceWorker';

/** Objects of JSON while it is read; columns lie outside of the heap. */
const heapMb = 8192;

export class TraceClient {
  readonly #worker: Worker;
  readonly #connection: Connection<TraceWorker>;
  readonly #progress = new Map<number, (part: number) => void>();
  #ended = false;

  /** `workerFile` is the bundled worker, `dist/trace-worker.cjs`. */
  constructor(workerFile: string) {
    this.#worker = new Worker(workerFile, { resourceLimits: { maxOldGenerationSizeMb: heapMb } });
    this.#worker.unref();
    this.#connection = connect<TraceWorker, TraceWorkerHost>(
      {
        send: (message) => {
          this.#worker.postMessage(message);
        },
        listen: (onMessage) => {
          this.#worker.on('message', onMessage);
          return () => this.#worker.off('message', onMessage);
        },
      },
      {
        progress: (run, part) => {
          this.#progress.get(run)?.(part);
          return Promise.resolve();
        },
      },
    );
    // A worker that runs out of memory ends; what waits for it fails with the connection.
    this.#worker.on('error', () => {
      this.dispose();
    });
    this.#worker.on('exit', () => {
      this.dispose();
    });
  }

  get worker(): Connection<TraceWorker>['remote'] {
    return this.#connection.remote;
  }
  get ended(): boolean {
    return this.#ended;
  }

  /** Reads a trace of any file system as run `run`; `onProgress` is told how far that is, 0 to 1. */
  async open(run: number, file: vscode.Uri, onProgress?: (part: number) => void): Promise<TraceInfo> {
    const source: TraceFile =
      file.scheme === 'file'
        ? { file: file.fsPath }
        : { name: path.basename(file.path), bytes: await vscode.workspace.fs.readFile(file) };
    if (onProgress !== undefined) this.#progress.set(run, onProgress);
    return this.worker.open(run, source).finally(() => this.#progress.delete(run));
  }

  dispose(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#connection.dispose();
    void this.#worker.terminate();
  }
}

/** What went wrong with a trace, coded. */
export function traceDiagnostic(file: string, error: unknown): Diagnostic {
  if (error instanceof StrataError) return error.diagnostic;
  if (error instanceof RemoteCallError && error.remote.diagnostic !== undefined)
    return error.remote.diagnostic;
  return editorMessages.diagnostic('STR0908', { file, problem: (error as Error).message });
}
