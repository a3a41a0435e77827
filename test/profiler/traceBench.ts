// What `npm run bench:trace` runs in a process of its own: writes a generated trace, or reads one and measures it.
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { chromeJson } from '../../src/profiler/export/chromeJson';
import { perfettoProtobuf } from '../../src/profiler/export/perfettoProtobuf';
import { readTrace } from '../../src/profiler/readTrace';
import { statisticsByName } from '../../src/profiler/statistics';
import { generatedTrace } from './generatedTrace';

type Request =
  | { readonly do: 'generate'; readonly format: string; readonly zones: number; readonly file: string }
  | { readonly do: 'read'; readonly file: string };

function write(file: string, chunks: Iterable<string | Uint8Array>): void {
  const to = openSync(file, 'w');
  let waiting: Uint8Array[] = [];
  let size = 0;
  const flush = (): void => {
    writeSync(to, Buffer.concat(waiting));
    waiting = [];
    size = 0;
  };
  for (const chunk of chunks) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    waiting.push(bytes);
    if ((size += bytes.length) > 1 << 22) flush();
  }
  flush();
  closeSync(to);
}

function read(file: string): object {
  const bytes = readFileSync(file);
  const start = performance.now();
  const cpu = process.cpuUsage();
  const trace = readTrace(bytes, file);
  const readMs = performance.now() - start;
  const used = process.cpuUsage(cpu);
  // Once before, as an editor has done when a person selects a range.
  statisticsByName(trace);
  const before = performance.now();
  statisticsByName(trace, { from: 0, to: trace.span });
  const statisticsMs = performance.now() - before;
  const { zones, args, counters } = trace;
  const columns = [zones, args, counters].flatMap((c) => Object.values(c) as readonly ArrayBufferView[]);
  return {
    zones: zones.start.length,
    fileBytes: bytes.length,
    readMs,
    cpuMs: (used.user + used.system) / 1000,
    statisticsMs,
    columnBytes: columns.reduce((sum, c) => sum + c.byteLength, 0),
    // Kilobytes on every platform that Node runs on.
    peakRss: process.resourceUsage().maxRSS * 1024,
  };
}

process.once('message', (request: Request) => {
  let answer: object = {};
  if (request.do === 'read') answer = read(request.file);
  else {
    const trace = generatedTrace(request.zones, request.format === 'chrome');
    write(request.file, request.format === 'chrome' ? chromeJson(trace) : perfettoProtobuf(trace));
  }
  process.send?.(answer, () => process.exit(0));
});
