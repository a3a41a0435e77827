// `npm run bench:trace [-- --zones N] [--format protobuf|chrome]…`: generates a trace, reads it in a process of its own, and prints
// the time and the memory per zone. With --max-ns-per-zone X it fails where reading takes longer: for CI at reduced size.
// Beside it stands what a peer takes for the same file, where one is installed: --peer names the Python that has it.
// With --view it measures pan and zoom steps of the timeline in a headless Chromium instead; see test/bench/traceViewBench.ts.

import { fork, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { root } from './build.mjs';

const { values } = parseArgs({
  options: {
    zones: { type: 'string', default: '200000' },
    format: { type: 'string', multiple: true, default: ['protobuf', 'chrome'] },
    'max-ns-per-zone': { type: 'string' },
    view: { type: 'boolean', default: false },
    'max-frame-ms': { type: 'string' },
    peer: { type: 'string', default: 'python3' },
    json: { type: 'boolean', default: false },
  },
});

if (values.view) {
  const limit = values['max-frame-ms'] === undefined ? [] : ['--max-frame-ms', values['max-frame-ms']];
  const args = ['traceView', '--zones', values.zones, ...limit, ...(values.json ? ['--json'] : [])];
  const bench = path.join(root, 'scripts/bench.mjs');
  process.exit(spawnSync(process.execPath, [bench, ...args], { stdio: 'inherit' }).status ?? 1);
}

const out = path.join(root, 'out');
mkdirSync(out, { recursive: true });
const folder = mkdtempSync(path.join(out, 'bench-trace-'));
const bundle = path.join(folder, 'traceBench.mjs');
const results = [];

function inProcess(request) {
  return new Promise((resolve, reject) => {
    const child = fork(bundle, { execArgv: ['--expose-gc', '--max-old-space-size=12000'] });
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`the benchmark process ended with ${code}`)));
    child.send(request);
  });
}

// Objects of other languages take so much memory that a peer may be killed for it.
const mostPeerBytes = 600e6;

function peersOf(format, file) {
  const { size } = statSync(file);
  if (size > mostPeerBytes)
    return [{ missing: `peers hold an object per event, and are not asked above ${mostPeerBytes / 1e6} MB` }];
  const script = path.join(root, 'test/profiler/tracePeers.py');
  const { status, stdout, error } = spawnSync(values.peer, [script, format, file], { encoding: 'utf8' });
  if (error !== undefined || status !== 0)
    return [{ missing: `${values.peer} ${error?.code ?? `ended with ${status}`}` }];
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

try {
  const { build } = await import('esbuild');
  await build({
    entryPoints: [path.join(root, 'test/profiler/traceBench.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
  });
  for (const format of values.format) {
    const file = path.join(folder, format === 'chrome' ? 'trace.json' : 'trace.pftrace');
    await inProcess({ do: 'generate', format, zones: Number(values.zones), file });
    const r = await inProcess({ do: 'read', file });
    results.push({ format, ...r, peers: peersOf(format, file) });
    rmSync(file);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

if (values.json)
  console.log(JSON.stringify({ cpu: os.cpus()[0]?.model, node: process.version, results }, null, 2));
else {
  console.log(`${os.cpus()[0]?.model}, Node ${process.version}`);
  for (const r of results) {
    const per = (n) => (n / r.zones).toFixed(1);
    console.log(
      `${r.format}: ${r.zones} zones, ${(r.fileBytes / 1e6).toFixed(1)} MB (${per(r.fileBytes)} bytes per zone), read in ${(r.readMs / 1000).toFixed(2)} s (${per(r.readMs * 1e6)} ns per zone; ${(r.cpuMs / 1000).toFixed(2)} s of processor time), ${per(r.columnBytes)} bytes of columns per zone, statistics in ${r.statisticsMs.toFixed(0)} ms, peak ${(r.peakRss / 1e6).toFixed(0)} MB`,
    );
    for (const { peer, ms, missing } of r.peers)
      console.log(
        missing === undefined
          ? `  ${peer}: ${(ms / 1000).toFixed(2)} s, ${(ms / r.readMs).toFixed(1)} × ours`
          : `  no peer: ${missing}`,
      );
  }
}
const limit = values['max-ns-per-zone'];
if (limit !== undefined && results.some((r) => (r.readMs * 1e6) / r.zones > Number(limit))) {
  console.error(`reading takes more than ${limit} ns per zone`);
  process.exit(1);
}
