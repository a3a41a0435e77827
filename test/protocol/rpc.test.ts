import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { readTrace } from '../../src/profiler/readTrace';
import { traceMessages } from '../../src/profiler/messages';
import { TraceEngine } from '../../src/profiler/engine/traceEngine';
import { answerQuery } from '../../src/protocol/profilerView';
import { connect, RemoteCallError } from '../../src/protocol/rpc';
import type { Channel } from '../../src/protocol/rpc';
import { contentSecurityPolicy, profilerHtml } from '../../src/protocol/webviewHtml';
import { sampleTrace } from '../profiler/sampleTrace';

interface Adder {
  add(a: number, b: number): Promise<number>;
  fail(how: 'coded' | 'plain' | 'string'): Promise<void>;
  hang(): Promise<void>;
}
interface Doubler {
  double(column: Float64Array): Promise<Float64Array>;
}

const over = (port: MessagePort): Channel => ({
  send: (m) => port.postMessage(m),
  listen: (onMessage) => {
    port.on('message', onMessage);
    return () => port.close();
  },
});

function pair(): {
  toAdder: ReturnType<typeof connect<Adder>>;
  toDoubler: ReturnType<typeof connect<Doubler>>;
  port: MessagePort;
} {
  const { port1, port2 } = new MessageChannel();
  const adder: Adder = {
    add: (a, b) => Promise.resolve(a + b),
    fail: (how) => {
      if (how === 'coded') throw traceMessages.error('STR0802', { file: 'x', format: 'y' });
      return Promise.reject(how === 'plain' ? new Error('it broke') : (how as unknown as Error));
    },
    hang: () => new Promise(() => {}),
  };
  const doubler: Doubler = { double: (c) => Promise.resolve(c.map((x) => 2 * x)) };
  return {
    toAdder: connect<Adder>(over(port1), doubler),
    toDoubler: connect<Doubler>(over(port2), adder),
    port: port1,
  };
}

test('calls in both directions, typed arrays included', async () => {
  const { toAdder, toDoubler } = pair();
  assert.equal(await toAdder.remote.add(2, 3), 5);
  assert.deepEqual(await toDoubler.remote.double(Float64Array.of(1, 2)), Float64Array.of(2, 4));
  assert.deepEqual(await Promise.all([toAdder.remote.add(1, 1), toAdder.remote.add(2, 2)]), [2, 4]);
  toAdder.dispose();
  toDoubler.dispose();
});

test('errors get a reply, coded ones keep their diagnostic', async () => {
  const { toAdder, toDoubler } = pair();
  await assert.rejects(
    toAdder.remote.fail('coded'),
    (e: unknown) =>
      e instanceof RemoteCallError && e.remote.diagnostic?.code === 'STR0802' && e.method === 'fail',
  );
  await assert.rejects(toAdder.remote.fail('plain'), /^RemoteCallError: it broke$/);
  await assert.rejects(toAdder.remote.fail('string'), /string/);
  const any = toAdder.remote as unknown as Record<string, () => Promise<void>>;
  await assert.rejects(any['missing']!(), /there is no method "missing"/);
  await assert.rejects(any['toString']!(), /there is no method "toString"/);
  toAdder.dispose();
  toDoubler.dispose();
});

test('closing fails the calls that wait, and strangers’ messages are ignored', async () => {
  const { toAdder, toDoubler, port } = pair();
  port.postMessage('noise');
  port.postMessage({ rpc: 'result', id: 99, value: 1 });
  const waiting = toAdder.remote.hang();
  const failed = assert.rejects(waiting, /closed before the reply/);
  toAdder.dispose();
  await failed;
  await assert.rejects(toAdder.remote.add(1, 2), /connection is closed/);
  toDoubler.dispose();
});

test('answers cross as JSON with their columns apart, and queries by their names only', () => {
  const engine = new TraceEngine(
    readTrace(sampleTrace({ iterations: 1, dispatches: 2, threads: 1 }), 'a.pftrace'),
  );
  const { tracks, ...window } = {
    tracks: engine.info().tracks,
    ...engine.window({ source: { kind: 'tracks' }, rows: [0, 1], from: 0, to: 1e6, pixels: 500 }),
  };
  const columns = Object.values(window).filter((v) => ArrayBuffer.isView(v));
  assert.equal(columns.length, 8);
  for (const c of columns) assert.equal(c.byteLength, c.buffer.byteLength, 'no more crosses than is meant');
  const plain = {
    tracks,
    info: engine.info(),
    details: engine.details(1),
    table: engine.table({ by: 'dispatch' }),
  };
  assert.deepEqual(JSON.parse(JSON.stringify(plain)), plain, 'nothing but columns needs more than JSON');
  assert.equal(answerQuery(engine, 'step', [null, 'next', 0]), 0, 'null stands for undefined');
  assert.throws(() => answerQuery(engine, 'constructor', []), RangeError);
});

test('the document allows nothing but its own bundle', () => {
  const a = {
    nonce: 'abcDEF0123456789abcDEF',
    cspSource: 'https://*.vscode-cdn.net',
    scriptUri: 'https://x/profiler.js?a="b"',
    styleUri: 'https://x/profiler.css',
    codiconUri: 'https://x/codicon.css',
  };
  const html = profilerHtml(a);
  assert.match(html, /script-src &#39;nonce-abcDEF0123456789abcDEF&#39;; style-src/);
  assert.match(html, /src="https:\/\/x\/profiler\.js\?a=&#34;b&#34;"/);
  assert.doesNotMatch(html, /unsafe|\sstyle=|\son[a-z]+=|<style/);
  assert.match(contentSecurityPolicy(a), /^default-src 'none'; /);
  assert.throws(() => profilerHtml({ ...a, nonce: '" onload="x' }), RangeError);
});
