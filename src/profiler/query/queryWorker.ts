/** Entry of the thread that a `QueryThread` starts: opens the database of its trace and answers queries one by one. */
import { parentPort, workerData } from 'node:worker_threads';
import { StrataError } from '../../base/diagnostics';
import type { QueryReply, QueryRequest, QueryWorkerData } from './queryThread';
import { TraceDatabase } from './traceDatabase';

const { trace, folder } = workerData as QueryWorkerData;
const database = TraceDatabase.open(trace, folder);

async function answer({ id, sql, limit }: QueryRequest): Promise<QueryReply> {
  try {
    return { id, result: await (await database).query(sql, limit) };
  } catch (error) {
    if (error instanceof StrataError) return { id, diagnostic: error.diagnostic };
    return { id, failure: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

// Told to whoever asks; nobody has asked yet.
database.catch(() => undefined);
parentPort?.on('message', (request: QueryRequest) => {
  void answer(request).then((reply) => {
    parentPort?.postMessage(reply);
  });
});
