/** A weight above 2 GB in a file beside the model is mapped: neither compiling nor running takes memory of its size. */
import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { compileModel } from '../../src/compiler/compileModel';
import { elementsOf } from '../../src/compiler/compareTensors';
import { elementTypeInfo } from '../../src/frontend/elementType';
import { graphCodec, modelCodec, tensorCodec, valueInfoCodec } from '../../src/frontend/onnx/proto/onnxProto';
import { nodeCodec, operatorSetCodec, entryCodec } from '../../src/frontend/onnx/proto/onnxProto';
import { tensorTypeProto } from '../../src/frontend/zoo/onnxGraphBuilder';
import { openSession, scratch } from './models';

const [rows, columns] = [2_200_000, 256];
const bytes = 4 * rows * columns;
/** What may be in memory besides. */
const allowance = 300e6;

function largeModel(): string {
  const data = path.join(scratch(), 'large.data');
  // A hole, but for the last row: it takes no room on the disk.
  writeFileSync(data, '');
  truncateSync(data, bytes);
  const file = openSync(data, 'r+');
  const last = Float32Array.from({ length: columns }, (_, i) => i + 1);
  writeSync(file, new Uint8Array(last.buffer), 0, last.byteLength, bytes - last.byteLength);
  closeSync(file);
  const external = Object.entries({ location: 'large.data', offset: '0', length: String(bytes) });
  const info = (name: string, type: 'i64' | 'f32', shape: readonly number[]) =>
    valueInfoCodec.make({ name, type: tensorTypeProto(type, shape) });
  const model = modelCodec.make({
    irVersion: 10,
    opsetImport: [operatorSetCodec.make({ version: 21 })],
    graph: graphCodec.make({
      name: 'large',
      node: [nodeCodec.make({ name: 'rows', opType: 'Gather', input: ['table', 'ids'], output: ['y'] })],
      initializer: [
        tensorCodec.make({
          name: 'table',
          dataType: elementTypeInfo('f32').onnx,
          dims: [rows, columns],
          dataLocation: 1,
          externalData: external.map(([key, value]) => entryCodec.make({ key, value })),
        }),
      ],
      input: [info('ids', 'i64', [3])],
      output: [info('y', 'f32', [3, columns])],
    }),
  });
  const to = path.join(scratch(), 'large.onnx');
  writeFileSync(to, modelCodec.encode(model));
  return to;
}

/** Pages of a process that are in memory and its own, in bytes. */
function ownMemory(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return 1024 * Number(/^RssAnon:\s+(\d+) kB/m.exec(status)?.[1]);
}

test('a weight of more than 2 GB is looked up in its file', async (t) => {
  assert.ok(bytes > 2 ** 31);
  const model = largeModel();
  const output = path.join(scratch(), 'large.strata');
  const before = process.memoryUsage().rss;
  await compileModel({ model, output, externalParameters: true });
  assert.ok(process.memoryUsage().rss - before < allowance, 'compiling reads the weight');

  const session = await openSession(t, output);
  const ids = {
    elementType: 'i64',
    shape: [3],
    bytes: new Uint8Array(new BigInt64Array([0n, -1n, 7n]).buffer),
  } as const;
  const { outputs } = await session.run({ ids }, { threads: 1 });
  const found = [...elementsOf(outputs['y']!)];
  assert.deepEqual(
    found,
    Array.from({ length: 3 * columns }, (_, i) => (Math.floor(i / columns) === 1 ? (i % columns) + 1 : 0)),
  );
  if (process.platform === 'linux') {
    assert.ok(session.pid !== undefined);
    assert.ok(ownMemory(session.pid) < allowance, `${ownMemory(session.pid)} bytes`);
  }
  await session.close();
});
