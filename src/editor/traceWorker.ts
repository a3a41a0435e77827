/**
 * The trace worker: reads traces and answers what views ask of them, on a thread of its own, so that neither a large trace nor
 * a long query holds up the extension host. Knows no VS Code; started by `TraceClient`.
 */
import { writeFileSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { compareTraces } from '../profiler/compare';
import type { Comparison } from '../profiler/compare';
import { TraceEngine } from '../profiler/engine/traceEngine';
import type { TraceInfo } from '../profiler/engine/queries';
import { chromeJson } from '../profiler/export/chromeJson';
import { zonesCsv } from '../profiler/export/csv';
import { perfettoProtobuf } from '../profiler/export/perfettoProtobuf';
import { speedscopeJson } from '../profiler/export/speedscopeJson';
import type { QueryResult } from '../profiler/query/queryResult';
import { QueryThread } from '../profiler/query/queryThread';
import { readTrace } from '../profiler/readTrace';
import { readTraceFile } from '../profiler/readTraceFile';
import type { Trace } from '../profiler/trace';
import { answerQuery } from '../protocol/profilerView';
import type { ExportFormat } from '../protocol/profilerView';
import { connect } from '../protocol/rpc';
import type { Remote, RpcMessage } from '../protocol/rpc';

/** A trace on disk, or its bytes where it lies elsewhere. */
export type TraceFile = { readonly file: string } | { readonly name: string; readonly bytes: Uint8Array };

/** What the worker tells the one who started it. */
export interface TraceWorkerHost {
  /** How far reading run `run` is, 0 to 1. */
  progress(run: number, part: number): Promise<void>;
}

export interface TraceWorker {
  /** Reads a trace; runs are numbered from 0. Throws STR08xx. */
  open(run: number, source: TraceFile): Promise<TraceInfo>;
  close(run: number): Promise<void>;
  query(run: number, name: string, args: readonly unknown[]): Promise<unknown>;
  compare(before: number, after: number): Promise<Comparison>;
  /** SQL over a run, on a thread of its own again. Throws STR0817 where the engine refuses. */
  sql(run: number, text: string, limit: number): Promise<QueryResult>;
  stopSql(run: number): Promise<void>;
  /** Writes to `file`, or returns the bytes where there is none. */
  export(run: number, format: ExportFormat, file: string | undefined): Promise<Uint8Array | undefined>;
}

interface Run {
  readonly trace: Trace;
  readonly engine: TraceEngine;
  readonly sql: QueryThread;
}

const runs = new Map<number, Run>();

function runOf(run: number): Run {
  const found = runs.get(run);
  if (found === undefined) throw new RangeError(`there is no run ${run}`);
  return found;
}

function exported(trace: Trace, format: ExportFormat): Iterable<string | Uint8Array> {
  switch (format) {
    case 'chrome':
      return chromeJson(trace);
    case 'csv':
      return zonesCsv(trace);
    case 'perfetto':
      return perfettoProtobuf(trace);
    case 'speedscope':
      return speedscopeJson(trace, 'trace');
  }
}

const worker: TraceWorker = {
  open: async (run, source) => {
    const onProgress = (part: number): void => void host?.progress(run, part).catch(() => undefined);
    const trace =
      'file' in source
        ? await readTraceFile(source.file, { onProgress })
        : readTrace(source.bytes, source.name, onProgress);
    const engine = new TraceEngine(trace);
    runs.set(run, { trace, engine, sql: new QueryThread(trace, import.meta.dirname) });
    return engine.info();
  },
  close: (run) => {
    runs.get(run)?.sql.dispose();
    runs.delete(run);
    return Promise.resolve();
  },
  query: (run, name, args) => Promise.resolve(answerQuery(runOf(run).engine, name, args)),
  compare: (before, after) => Promise.resolve(compareTraces(runOf(before).trace, runOf(after).trace)),
  sql: (run, text, limit) => runOf(run).sql.query(text, limit),
  stopSql: (run) => {
    runOf(run).sql.dispose();
    return Promise.resolve();
  },
  export: (run, format, file) => {
    const chunks = [...exported(runOf(run).trace, format)].map((c) =>
      typeof c === 'string' ? Buffer.from(c) : c,
    );
    const bytes = Buffer.concat(chunks);
    if (file === undefined) return Promise.resolve(bytes);
    writeFileSync(file, bytes);
    return Promise.resolve(undefined);
  },
};

/** Buffers of the typed arrays in an answer: they move to the other thread instead of being copied. */
function buffersOf(message: RpcMessage): ArrayBuffer[] {
  const value = message.rpc === 'result' ? message.value : undefined;
  const values = Array.isArray(value) ? value : [value];
  const columns = values.flatMap((v: unknown) =>
    typeof v === 'object' && v !== null ? (Object.values(v) as unknown[]) : [],
  );
  const buffers = columns.flatMap((c: unknown) =>
    ArrayBuffer.isView(c) && c.buffer instanceof ArrayBuffer && c.byteLength === c.buffer.byteLength
      ? [c.buffer]
      : [],
  );
  return [...new Set(buffers)];
}

let host: Remote<TraceWorkerHost> | undefined;
const port = parentPort;
if (port !== null) {
  host = connect<TraceWorkerHost, TraceWorker>(
    {
      send: (message) => {
        port.postMessage(message, buffersOf(message));
      },
      listen: (onMessage) => {
        port.on('message', onMessage);
        return () => port.off('message', onMessage);
      },
    },
    worker,
  ).remote;
}
