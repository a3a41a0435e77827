/**
 * SQL over a trace: DuckDB, embedded as WebAssembly, filled with the tables of `traceTables.ts`. Blocks while a query runs, so
 * it lives in a thread of its own (`queryWorker.ts`). Queries cannot reach files or the network.
 */
import path from 'node:path';
import { createDuckDB, NODE_RUNTIME, VoidLogger } from '@duckdb/duckdb-wasm/blocking';
import type { DuckDBConnection, DuckDBBindings } from '@duckdb/duckdb-wasm/blocking';
import { Table, Utf8, makeVector, tableToIPC, vectorFromArray } from 'apache-arrow';
import type { DataType, Field, Vector } from 'apache-arrow';
import { traceMessages } from '../messages';
import { cellsOf, typeOf } from './arrowCells';
import type { QueryResult } from './queryResult';
import { baseTables, macros, views } from './traceTables';
import type { BaseTable, ColumnData, TraceData } from './traceTables';

/** Name of the engine's file beside the bundles. */
export const ENGINE_FILE = 'duckdb-eh.wasm';
/** Rows inserted at a time: bounds what is in memory twice. */
const CHUNK = 1 << 20;
/** The engine's memory ends at 4 GiB. */
const MAX_ZONES = 40_000_000;

export class TraceDatabase {
  private constructor(
    private readonly engine: DuckDBBindings,
    private readonly connection: DuckDBConnection,
  ) {}

  /** Starts the engine that lies in `folder` and fills it. Throws STR0818 for a trace that is too large for it. */
  static async open(trace: TraceData, folder: string): Promise<TraceDatabase> {
    const zones = trace.zones.start.length;
    if (zones > MAX_ZONES) throw traceMessages.error('STR0818', { zones, limit: MAX_ZONES });
    const module = { mainModule: path.join(folder, ENGINE_FILE), mainWorker: '' };
    const engine = await createDuckDB({ mvp: module, eh: module }, new VoidLogger(), NODE_RUNTIME);
    await engine.instantiate(() => undefined);
    engine.open({});
    const connection = engine.connect();
    const database = new TraceDatabase(engine, connection);
    for (const table of baseTables(trace)) database.fill(table);
    for (const view of views) connection.query(`CREATE VIEW ${view.name} AS ${view.sql}`);
    for (const macro of macros) connection.query(macro);
    connection.query('SET enable_external_access = false');
    connection.query('SET lock_configuration = true');
    return database;
  }

  private fill(table: BaseTable): void {
    const { connection } = this;
    const columns = table.columns.map(([name, type]) => `${name} ${type}`).join(', ');
    connection.query(`CREATE TABLE ${table.name} (${columns})`);
    for (let from = 0; from < table.rows; from += CHUNK) {
      const chunk = table.chunk(from, Math.min(table.rows, from + CHUNK));
      const vectors = Object.fromEntries(table.columns.map(([name], i) => [name, vectorOf(chunk[i]!)]));
      const bytes = tableToIPC(new Table(vectors), 'stream');
      connection.insertArrowFromIPCStream(bytes, { name: table.name, create: false });
    }
  }

  /** Runs one or more statements; the rows are those of the last one, at most `limit`. Throws STR0817. */
  async query(sql: string, limit: number): Promise<QueryResult> {
    const started = performance.now();
    try {
      const reader = await this.connection.send(sql, true);
      const columns: QueryResult['columns'][number][] = [];
      let rows = 0;
      let truncated = false;
      for (const batch of reader) {
        if (columns.length === 0)
          columns.push(
            ...(batch.schema.fields as readonly Field[]).map((f) => ({
              name: f.name,
              type: typeOf(f.type as DataType),
              cells: [],
            })),
          );
        const take = Math.min(batch.numRows, limit - rows);
        truncated ||= take < batch.numRows;
        columns.forEach((column, c) => {
          const vector = batch.getChildAt(c);
          if (vector !== null) cellsOf(vector, take, column.cells);
        });
        rows += take;
        if (truncated) break;
      }
      if (truncated) this.connection.cancelSent();
      return { columns, rows, truncated, milliseconds: performance.now() - started };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw traceMessages.error('STR0817', { reason: reasonIn(reason) }, { cause: error });
    }
  }

  close(): void {
    this.connection.close();
    this.engine.reset();
  }
}

/** What the engine says, without the class of its error: a sentence, or a JSON document that holds one. */
function reasonIn(message: string): string {
  const text = message.replace(/^[A-Z]\w+ Error: /, '').trim();
  if (!text.startsWith('{')) return text;
  try {
    const parsed = JSON.parse(text) as { readonly exception_message?: unknown };
    return typeof parsed.exception_message === 'string' ? parsed.exception_message : text;
  } catch {
    return text;
  }
}

function vectorOf(data: ColumnData): Vector {
  switch (data.type) {
    case 'nanoseconds':
      return makeVector(integers(data.values, data.origin ?? 0n));
    case 'text':
      return vectorFromArray(data.values, new Utf8());
    case 'u32':
    case 'i32':
    case 'u16':
    case 'double':
      return makeVector(data.values);
  }
}

/** `values + origin` as 64-bit integers, without a `bigint` per value. */
function integers(values: Float64Array, origin: bigint): BigInt64Array {
  const out = new BigInt64Array(values.length);
  const halves = new Uint32Array(out.buffer);
  const low = Number(BigInt.asUintN(32, origin));
  const high = Number(BigInt.asUintN(32, origin >> 32n));
  for (let i = 0; i < values.length; i++) {
    const v = values[i]!;
    const above = Math.floor(v / 0x1_0000_0000);
    const sum = v - above * 0x1_0000_0000 + low;
    halves[2 * i] = sum;
    halves[2 * i + 1] = high + above + (sum >= 0x1_0000_0000 ? 1 : 0);
  }
  return out;
}
