/**
 * The dump worker: indexes dumps and answers what views ask of them, on a thread of its own, so that gigabytes hold up
 * nothing. Knows no VS Code; started by `DumpClient`.
 */
import { parentPort } from 'node:worker_threads';
import { cancellationOf } from '../base/cancellation';
import type { ConstantPage, DumpInfo, Hit, RunChange, Side } from '../dump/session/dumpSession';
import { DumpSession } from '../dump/session/dumpSession';
import type { LifeView, OpComparison, OpDrawing, OpPlace } from '../dump/session/opSession';
import { OpSession } from '../dump/session/opSession';
import type { PagePlace, TextPage } from '../dump/session/pages';
import type { Reproduction } from '../dump/reproducer';
import type { PipelineData } from '../ir';
import { connect } from '../protocol/rpc';

export interface DumpWorker {
  /** Opens a file or folder; `stop` cancels. Throws STR0150 and STR0151. */
  open(dump: number, file: string, stop: Int32Array): Promise<DumpInfo>;
  close(dump: number): Promise<void>;
  changes(dump: number, runs: readonly number[]): Promise<readonly RunChange[]>;
  text(dump: number, run: number, side: Side, page: number): Promise<TextPage>;
  /** Hits come in batches through `DumpHost.hits`. */
  search(dump: number, search: number, text: string, most: number, stop: Int32Array): Promise<void>;
  /** Digits of a constant that a text of the run shows elided, by the hash that stands in its place. */
  constant(dump: number, run: number, hash: string, page: number): Promise<ConstantPage | undefined>;
  /** Hands over the passes of a compilation, which places of kind `pass` refer to. */
  addRecord(record: number, passes: PipelineData): Promise<void>;
  dropRecord(record: number): Promise<void>;
  drawing(place: OpPlace): Promise<OpDrawing>;
  comparison(before: OpPlace, after: OpPlace, draw: boolean, stop: Int32Array): Promise<OpComparison>;
  life(place: OpPlace, at: PagePlace, stop: Int32Array): Promise<LifeView | undefined>;
  blame(place: OpPlace, at: PagePlace, budgetMs: number): Promise<string | undefined>;
  reproduction(dump: number, run: number): Promise<Reproduction>;
}
export interface DumpHost {
  progress(dump: number, done: number, size: number): Promise<void>;
  hits(search: number, hits: readonly Hit[]): Promise<void>;
}

const sessions = new Map<number, DumpSession>();
function sessionOf(dump: number): DumpSession {
  const found = sessions.get(dump);
  if (found === undefined) throw new RangeError(`there is no dump ${dump}`);
  return found;
}
const ops = new OpSession(sessionOf);
const never = new AbortController().signal;
/** Hits wait this long for others. */
const batchMs = 50;

const port = parentPort;
if (port !== null) {
  const worker: DumpWorker = {
    open: async (dump, file, stop) => {
      let told = 0;
      const session = await DumpSession.open(file, cancellationOf(never, stop), (done, size) => {
        if (performance.now() - told < 100) return;
        told = performance.now();
        void host.remote.progress(dump, done, size).catch(() => undefined);
      });
      await sessions.get(dump)?.close();
      sessions.set(dump, session);
      return session.info;
    },
    close: async (dump) => {
      const session = sessions.get(dump);
      sessions.delete(dump);
      await session?.close();
    },
    changes: async (dump, runs) => {
      const changes: RunChange[] = [];
      for (const run of runs) changes.push(await sessionOf(dump).change(run));
      return changes;
    },
    text: (dump, run, side, page) => sessionOf(dump).text(run, side, page),
    search: async (dump, search, text, most, stop) => {
      let batch: Hit[] = [];
      let sent = performance.now();
      let count = 0;
      const send = async (): Promise<void> => {
        if (batch.length > 0) await host.remote.hits(search, batch);
        batch = [];
        sent = performance.now();
      };
      for await (const hit of sessionOf(dump).search(text, cancellationOf(never, stop))) {
        batch.push(hit);
        if (++count >= most) break;
        if (count === 1 || performance.now() - sent > batchMs) await send();
      }
      await send();
    },
    constant: (dump, run, hash, page) => sessionOf(dump).constant(run, hash, page),
    addRecord: (record, passes) => {
      ops.addRecord(record, passes);
      return Promise.resolve();
    },
    dropRecord: (record) => {
      ops.dropRecord(record);
      return Promise.resolve();
    },
    drawing: (place) => ops.drawing(place),
    comparison: (before, after, draw, stop) =>
      ops.comparison(before, after, draw, cancellationOf(never, stop)),
    life: (place, at, stop) => ops.life(place, at, cancellationOf(never, stop)),
    blame: (place, at, budgetMs) => ops.blame(place, at, budgetMs, cancellationOf(never)),
    reproduction: (dump, run) => ops.reproduction(dump, run),
  };
  const host = connect<DumpHost, DumpWorker>(
    {
      send: (message) => {
        port.postMessage(message);
      },
      listen: (onMessage) => {
        port.on('message', onMessage);
        return () => port.off('message', onMessage);
      },
    },
    worker,
  );
}
