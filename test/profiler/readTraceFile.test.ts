import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { CancelledError } from '../../src/base/cancellation';
import { readTrace } from '../../src/profiler/readTrace';
import { readTraceFile } from '../../src/profiler/readTraceFile';
import { sampleTrace } from './sampleTrace';

const folder = mkdtempSync(path.join(tmpdir(), 'strata-trace-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});
const at = (name: string): string => path.join(folder, name);

test('a file reads as its bytes do, with progress, and can be cancelled', async () => {
  const bytes = sampleTrace({ iterations: 3, dispatches: 4, threads: 2 });
  writeFileSync(at('run.pftrace'), bytes);
  const seen: number[] = [];
  const trace = await readTraceFile(at('run.pftrace'), { onProgress: (part) => seen.push(part) });
  assert.deepEqual(trace, readTrace(bytes, 'run.pftrace'));
  assert.deepEqual(seen, [0.1], 'a small file has one step');
  writeFileSync(at('long.json'), `[${'{"ph":"X","name":"a","ts":1,"dur":1},\n'.repeat(400_000)}]`);
  const steps: number[] = [];
  await readTraceFile(at('long.json'), { onProgress: (part) => steps.push(part) });
  assert.ok(steps.length > 3, `${steps.length} steps`);
  assert.deepEqual(
    steps,
    [...steps].sort((a, b) => a - b),
  );
  assert.ok(steps.at(-1)! < 1 && steps.at(-1)! > 0.5);
  await assert.rejects(readTraceFile(at('run.pftrace'), { signal: AbortSignal.abort() }), CancelledError);
  await assert.rejects(readTraceFile(at('none.pftrace')), { code: 'ENOENT' });
});

/** A program in the place of `tracy-csvexport`, which reads captures of one Tracy version only. */
function exporter(name: string, body: string): string {
  writeFileSync(at(name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  return at(name);
}

test('a capture of Tracy goes through the export tool, with a separator that no name holds', async () => {
  writeFileSync(at('run.tracy'), 'tracy\0and what only Tracy reads');
  const header = 'name,src_file,src_line,ns_since_start,exec_time_ns,thread,value'.replaceAll(',', '\\037');
  const row = 'solve<a, b>,s.cpp,7,100,50,1,'.replaceAll(/,(?! )/g, '\\037');
  const tool = exporter('export', `[ "$1" = -u ] && [ -f "$4" ] && printf "${header}\\n${row}\\n"`);
  const trace = await readTraceFile(at('run.tracy'), { tracyCsvExport: tool });
  assert.equal(trace.strings[trace.zones.name[0]!], 'solve<a, b>');
  assert.deepEqual([trace.zones.duration[0], trace.tracks[0]!.name], [50, 'Thread 1']);
});

test('an export tool that is missing or fails is told with what to do', async () => {
  writeFileSync(at('run.tracy'), 'tracy\0');
  await assert.rejects(readTraceFile(at('run.tracy'), { tracyCsvExport: at('absent') }), {
    code: 'STR0816',
    message: /Put its 'tracy-csvexport' on the path/,
  });
  const failing = exporter('failing', 'echo "The file is from version 0.10" >&2; exit 1');
  await assert.rejects(readTraceFile(at('run.tracy'), { tracyCsvExport: failing }), {
    code: 'STR0820',
    message: /failed: The file is from version 0\.10\. A capture needs the tools/,
  });
});
