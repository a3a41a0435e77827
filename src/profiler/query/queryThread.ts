/** Queries over a trace on a thread of their own, so that neither editor nor timeline waits; can be cancelled at any point. */
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { CancelledError } from '../../base/cancellation';
import type { Diagnostic } from '../../base/diagnostics';
import { StrataError } from '../../base/diagnostics';
import type { QueryResult } from './queryResult';
import type { TraceData } from './traceTables';

export interface QueryWorkerData {
  readonly trace: TraceData;
  /** Where the engine lies. */
  readonly folder: string;
}

export interface QueryRequest {
  readonly id: number;
  readonly sql: string;
  readonly limit: number;
}

export type QueryReply =
  | { readonly id: number; readonly result: QueryResult }
  | { readonly id: number; readonly diagnostic: Diagnostic }
  | { readonly id: number; readonly failure: string };

interface Waiting {
  readonly resolve: (result: QueryResult) => void;
  readonly reject: (error: Error) => void;
}

/** Most rows that a query answers with. */
export const MAX_ROWS = 1_000_000;

export class QueryThread {
  private worker: Worker | undefined;
  private readonly waiting = new Map<number, Waiting>();
  private nextId = 0;

  /** `folder` holds the bundled worker and the engine: `dist`. The thread starts with the first query. */
  constructor(
    private readonly trace: TraceData,
    private readonly folder: string,
  ) {}

  /** Throws STR0817 where the engine refuses, `CancelledError` when `signal` is aborted. */
  query(sql: string, limit = MAX_ROWS, signal?: AbortSignal): Promise<QueryResult> {
    if (signal?.aborted === true) return Promise.reject(new CancelledError());
    this.worker ??= this.start();
    const id = this.nextId++;
    const { worker } = this;
    return new Promise<QueryResult>((resolve, reject) => {
      const cancel = (): void => this.stop(new CancelledError());
      signal?.addEventListener('abort', cancel, { once: true });
      const settled = (): void => signal?.removeEventListener('abort', cancel);
      this.waiting.set(id, {
        resolve: (result) => (settled(), resolve(result)),
        reject: (error) => (settled(), reject(error)),
      });
      const request: QueryRequest = { id, sql, limit };
      worker.postMessage(request);
    });
  }

  /** Ends the thread; queries that run fail. The next one starts another. */
  dispose(): void {
    this.stop(new CancelledError());
  }

  private start(): Worker {
    // Only the columns cross: whatever else the caller's trace carries stays there.
    const { zones, args, counters, flows, strings, tracks, origin, span } = this.trace;
    const workerData: QueryWorkerData = {
      trace: { zones, args, counters, flows, strings, tracks, origin, span },
      folder: this.folder,
    };
    const worker = new Worker(path.join(this.folder, 'query-worker.cjs'), { workerData });
    worker.on('message', (reply: QueryReply) => {
      const waiting = this.waiting.get(reply.id);
      this.waiting.delete(reply.id);
      if (waiting === undefined) return;
      if ('result' in reply) waiting.resolve(reply.result);
      else if ('diagnostic' in reply) waiting.reject(new StrataError(reply.diagnostic));
      else waiting.reject(new Error(reply.failure));
    });
    worker.on('error', (error) => {
      this.stop(error);
    });
    return worker;
  }

  /** The engine cannot be interrupted in the middle of a query: the thread ends, and with it every query. */
  private stop(error: Error): void {
    void this.worker?.terminate();
    this.worker = undefined;
    const waiting = [...this.waiting.values()];
    this.waiting.clear();
    for (const w of waiting) w.reject(error);
  }
}
