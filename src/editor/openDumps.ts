/** The dumps of this window: one worker for all, what is known of their runs so far, and the address of their IR. */
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import * as vscode from 'vscode';
import type { Diagnostic } from '../base/diagnostics';
import { StrataError } from '../base/diagnostics';
import type {
  ConstantPage,
  DumpInfo,
  Hit,
  PassInfo,
  RunChange,
  RunInfo,
  Side,
} from '../dump/session/dumpSession';
import { opThreadLimits } from '../dump/session/opSession';
import type { TextPage } from '../dump/session/pages';
import type { Connection } from '../protocol/rpc';
import { connect, RemoteCallError } from '../protocol/rpc';
import type { DumpHost, DumpWorker } from './dumpWorker';
import { editorMessages } from './messages';

export const dumpScheme = 'strata-dump';

/** Where a run is in its dump. */
export interface RunPlace {
  readonly run: RunInfo;
  readonly pass: PassInfo;
  readonly anchor: string;
}

export class OpenDump {
  readonly changes = new Map<number, RunChange>();
  readonly runs: readonly RunPlace[];
  /** Runs whose change is not known yet. */
  get pending(): number {
    return this.runs.length - this.changes.size;
  }
  constructor(
    readonly id: number,
    readonly info: DumpInfo,
  ) {
    this.runs = info.pipelines.flatMap(({ anchor, passes }) =>
      passes.flatMap((pass) => pass.runs.map((run) => ({ run, pass, anchor }))),
    );
  }
  get name(): string {
    return path.basename(this.info.path);
  }
  isUnchanged(run: RunInfo): boolean {
    return this.changes.get(run.run)?.kind === 'unchanged' && !run.failed;
  }
}

export interface DumpAddress {
  readonly dump: number;
  readonly run: number;
  readonly side: Side;
  readonly page: number;
}

/** A constant that is elided in the IR of a run. */
export interface ConstantAddress {
  readonly dump: number;
  readonly run: number;
  readonly hash: string;
  readonly page: number;
}

/** Runs that are compared in one request. */
const batch = 16;

export class OpenDumps implements vscode.Disposable {
  readonly #dumps = new Map<number, OpenDump>();
  readonly #changed = new vscode.EventEmitter<number>();
  /** Fires with the id of a dump that came, went or is better known. */
  readonly onDidChange = this.#changed.event;
  readonly #searches = new Map<number, (hits: readonly Hit[]) => void>();
  readonly #progress = new Map<number, (done: number, size: number) => void>();
  #worker: { readonly thread: Worker; readonly connection: Connection<DumpWorker> } | undefined;
  #next = 1;
  /** Counts the workers: what one was told the next does not know. */
  generation = 0;

  /** `workerFile` is the bundled worker, `dist/dump-worker.cjs`. */
  constructor(
    readonly workerFile: string,
    readonly log: vscode.LogOutputChannel,
  ) {}
  dispose(): void {
    this.#changed.dispose();
    this.#end();
  }
  #end(): void {
    const worker = this.#worker;
    this.#worker = undefined;
    worker?.connection.dispose();
    void worker?.thread.terminate();
  }
  /** The worker, which other views of IR ask too. It begins anew after it failed. */
  get remote(): Connection<DumpWorker>['remote'] {
    if (this.#worker === undefined) {
      const thread = new Worker(this.workerFile, { resourceLimits: opThreadLimits });
      this.generation++;
      thread.unref();
      const host: DumpHost = {
        progress: (dump, done, size) => {
          this.#progress.get(dump)?.(done, size);
          return Promise.resolve();
        },
        hits: (search, hits) => {
          this.#searches.get(search)?.(hits);
          return Promise.resolve();
        },
      };
      const connection = connect<DumpWorker, DumpHost>(
        {
          send: (message) => {
            thread.postMessage(message);
          },
          listen: (onMessage) => {
            thread.on('message', onMessage);
            return () => thread.off('message', onMessage);
          },
        },
        host,
      );
      thread.on('error', (error) => {
        this.log.error(error);
        this.#end();
      });
      this.#worker = { thread, connection };
    }
    return this.#worker.connection.remote;
  }

  /** Newest first. */
  get all(): readonly OpenDump[] {
    return [...this.#dumps.values()].reverse();
  }
  get(id: number): OpenDump | undefined {
    return this.#dumps.get(id);
  }

  /** Opens a file or folder; one that is open is read again, under its old number. */
  async open(
    file: string,
    token?: vscode.CancellationToken,
    onProgress?: (done: number, size: number) => void,
  ): Promise<OpenDump> {
    const known = this.all.find((d) => d.info.path === file);
    const id = known?.id ?? this.#next++;
    const stop = new Int32Array(new SharedArrayBuffer(4));
    const subscription = token?.onCancellationRequested(() => Atomics.store(stop, 0, 1));
    if (onProgress !== undefined) this.#progress.set(id, onProgress);
    try {
      const info = await this.remote.open(id, file, stop);
      if (token?.isCancellationRequested === true) throw new vscode.CancellationError();
      const dump = new OpenDump(id, info);
      this.#dumps.set(id, dump);
      this.#changed.fire(id);
      void this.#compare(dump);
      return dump;
    } catch (error) {
      if (token?.isCancellationRequested === true) throw new vscode.CancellationError();
      throw dumpError(file, error);
    } finally {
      subscription?.dispose();
      this.#progress.delete(id);
    }
  }
  async close(id: number): Promise<void> {
    if (!this.#dumps.delete(id)) return;
    this.#changed.fire(id);
    await this.remote.close(id);
  }

  /** Compares all runs, in the order of the dump, and tells as they become known. */
  async #compare(dump: OpenDump): Promise<void> {
    let told = 0;
    for (let from = 0; from < dump.runs.length; from += batch) {
      if (this.#dumps.get(dump.id) !== dump) return;
      const runs = dump.runs.slice(from, from + batch).map((r) => r.run.run);
      try {
        for (const change of await this.remote.changes(dump.id, runs)) dump.changes.set(change.run, change);
      } catch {
        // The dump was closed, or its file went away: what is known stays.
        return;
      }
      if (performance.now() - told < 250) continue;
      told = performance.now();
      this.#changed.fire(dump.id);
    }
    if (this.#dumps.get(dump.id) === dump) this.#changed.fire(dump.id);
  }

  text({ dump, run, side, page }: DumpAddress): Promise<TextPage> {
    return this.remote.text(dump, run, side, page);
  }

  constant({ dump, run, hash, page }: ConstantAddress): Promise<ConstantPage | undefined> {
    return this.remote.constant(dump, run, hash, page);
  }

  /** Streams hits until `most`, or until `token` cancels. */
  async search(
    dump: number,
    text: string,
    most: number,
    onHits: (hits: readonly Hit[]) => void,
    token: vscode.CancellationToken,
  ): Promise<void> {
    const id = this.#next++;
    const stop = new Int32Array(new SharedArrayBuffer(4));
    const subscription = token.onCancellationRequested(() => Atomics.store(stop, 0, 1));
    this.#searches.set(id, onHits);
    try {
      await this.remote.search(dump, id, text, most, stop);
    } catch (error) {
      if (!token.isCancellationRequested) throw dumpError(this.get(dump)?.info.path ?? '', error);
    } finally {
      this.#searches.delete(id);
      subscription.dispose();
    }
  }

  uriOf(address: DumpAddress): vscode.Uri | undefined {
    const dump = this.#dumps.get(address.dump);
    const place = dump?.runs[address.run];
    if (dump === undefined || place === undefined) return undefined;
    const name = (place.pass.argument ?? place.pass.pass).replace(/[^\w.-]+/g, '-');
    const symbol = place.run.symbol === undefined ? '' : `-${place.run.symbol.replace(/[^\w.-]+/g, '-')}`;
    const extension = extensions[dump.info.format] ?? 'mlir';
    const sides = { before: 'before-', after: '', like: '' } as const;
    return vscode.Uri.from({
      scheme: dumpScheme,
      path: `/${dump.name}/${String(address.run).padStart(3, '0')}-${sides[address.side]}${name}${symbol}.${extension}`,
      query: `${address.dump}.${address.run}.${address.side}.${address.page}`,
    });
  }
}

/** What is not MLIR by its format. */
const extensions: Readonly<Record<string, string>> = {
  'llvm-log': 'll',
  'xla-dump': 'hlo',
  'tvm-dump': 'py',
  'halide-log': 'txt',
};

export function dumpAddress(uri: vscode.Uri): DumpAddress | undefined {
  const m = /^(\d+)\.(\d+)\.(before|after|like)\.(\d+)$/.exec(uri.query);
  if (uri.scheme !== dumpScheme || m === null) return undefined;
  return { dump: Number(m[1]), run: Number(m[2]), side: m[3] as Side, page: Number(m[4]) };
}

export function constantUri({ dump, run, hash, page }: ConstantAddress): vscode.Uri {
  return vscode.Uri.from({
    scheme: dumpScheme,
    path: `/constant-${hash}.txt`,
    query: `${dump}.${run}.constant.${hash}.${page}`,
  });
}
export function constantAddress(uri: vscode.Uri): ConstantAddress | undefined {
  const m = /^(\d+)\.(\d+)\.constant\.([0-9a-f]+)\.(\d+)$/.exec(uri.query);
  if (uri.scheme !== dumpScheme || m === null) return undefined;
  return { dump: Number(m[1]), run: Number(m[2]), hash: m[3]!, page: Number(m[4]) };
}

/** As a coded error; what the worker said of `file`. */
export function dumpError(file: string, error: unknown): Error {
  if (error instanceof StrataError) return error;
  const diagnostic: Diagnostic =
    error instanceof RemoteCallError && error.remote.diagnostic !== undefined
      ? error.remote.diagnostic
      : editorMessages.diagnostic('STR0908', { file, problem: (error as Error).message });
  return new StrataError(diagnostic, { cause: error });
}
