/**
 * `npm run bench:dump [-- --size 4G] [--keep FILE | --use FILE]`: generates a log of passes (or takes one that was kept), measures what people wait for (pass list,
 * opening a pass, searching), and prints beside it what plain reading and `grep -c` of the same file cost.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { formatTable } from '../../src/base/table';
import { formatBytes, formatDuration, formatRate, ns } from '../../src/base/units';
import { IrStates } from '../../src/dump/irState';
import { closeDump, openDump } from '../../src/dump/openDump';
import { passListOf } from '../../src/dump/passList';
import { searchDump } from '../../src/dump/searchDump';

const argument = (name: string): string | undefined => {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
};
const sizeText = argument('--size') ?? '64M';
const match = /^(\d+(?:\.\d+)?)([KMG]?)$/i.exec(sizeText);
if (match === null) throw new Error(`--size: expected 64M or 4G, found '${sizeText}'`);
const size =
  Number(match[1]) *
  { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 }[match[2]!.toUpperCase() as '' | 'K' | 'M' | 'G'];

const passes = [
  'canonicalize',
  'cse',
  'linalg-fuse',
  'tile',
  'vectorize',
  'bufferize',
  'lower-affine',
  'convert-scf-to-cf',
];
const rare = 'test.needle_in_the_last_pass';

/** Functions of 20 to 400 ops, each through all passes; every third pass changes it, one has a constant of 1 MiB. */
function generate(file: string): number {
  const fd = openSync(file, 'w');
  let written = 0;
  let entries = 0;
  const write = (text: string): void => {
    written += writeSync(fd, text);
  };
  const blob = '3f800000'.repeat(1 << 18);
  for (let f = 0; written < size; f++) {
    const ops = 20 + ((f * 7919) % 380);
    const constant = f % 200 === 199 ? `  %w = arith.constant dense<"0x${blob}"> : tensor<262144xf32>\n` : '';
    for (const [p, pass] of passes.entries()) {
      const shift = Math.floor(p / 3);
      const body = Array.from(
        { length: ops },
        (_, i) =>
          `  %${i} = ${i % 7 === shift ? 'vector' : 'arith'}.op${i % 13} %arg0, %arg${i % 4} {tag = #map${i % 3}} : vector<16xf32>\n`,
      );
      write(
        `// -----// IR Dump After Pass${p} (${pass}) //----- //\nfunc.func @f${f}(%arg0: vector<16xf32>) {\n${constant}${body.join('')}  return\n}\n\n`,
      );
      entries++;
    }
  }
  write(`// -----// IR Dump After Last (last) //----- //\nmodule {\n  ${rare}\n}\n`);
  closeSync(fd);
  return entries + 1;
}

let peak = 0;
const timer = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss());
}, 20);

interface Row {
  readonly what: string;
  readonly seconds: number;
  /** Of this process: what counts on a machine that does other work too. */
  readonly cpuSeconds: number;
  readonly bytes?: number;
}
const rows: Row[] = [];
async function measure<T>(what: string, bytes: number | undefined, body: () => T | Promise<T>): Promise<T> {
  const start = performance.now();
  const cpu = process.cpuUsage();
  const result = await body();
  const seconds = (performance.now() - start) / 1000;
  const used = process.cpuUsage(cpu);
  const cpuSeconds = (used.user + used.system) / 1e6;
  rows.push({ what, seconds, cpuSeconds, ...(bytes === undefined ? {} : { bytes }) });
  peak = Math.max(peak, process.memoryUsage.rss());
  return result;
}

const folder = mkdtempSync(path.join(tmpdir(), 'bench-dump-'));
try {
  const made = argument('--use');
  const file = made ?? argument('--keep') ?? path.join(folder, 'dump.log');
  const markers = (): number =>
    Number(spawnSync('grep', ['-c', 'IR Dump', file], { encoding: 'utf8' }).stdout);
  const expected = made === undefined ? generate(file) : markers();
  const bytes = statSync(file).size;
  await measure('plain reading, 8 MiB at a time', bytes, () => {
    const fd = openSync(file, 'r');
    const buffer = Buffer.allocUnsafe(8 << 20);
    while (readSync(fd, buffer) > 0);
    closeSync(fd);
  });
  await measure("grep -c 'IR Dump'", bytes, () => {
    const found = markers();
    if (found !== expected) throw new Error(`grep found ${found} of ${expected} markers`);
  });
  const dump = await measure('index', bytes, () => openDump(file));
  if (dump.entries.length !== expected)
    throw new Error(`${dump.entries.length} of ${expected} entries found`);
  const list = await measure('pass list from the index', undefined, () => passListOf(dump));
  const states = new IrStates(dump);
  const middle = Math.floor(expected / 2);
  await measure('open a pass in the middle', undefined, () => states.entry(middle));
  const node = list.pipelines[0]!.passes[3]!;
  await measure('compare a pass with the one before', undefined, () =>
    states.change(node.runs[Math.floor(node.runs.length / 2)]!),
  );
  await measure('search: first hit', undefined, async () => {
    for await (const hit of searchDump(dump, 'vector.op1 ')) return hit;
    throw new Error('nothing found');
  });
  await measure('search: the whole dump', bytes, async () => {
    let hits = 0;
    for await (const hit of searchDump(dump, rare)) hits += hit.entry === expected - 1 ? 1 : 2;
    if (hits !== 1) throw new Error('the last line was not found');
  });
  await closeDump(dump);
  process.stdout.write(
    `${formatBytes(bytes)}, ${expected} passes\n\n${formatTable(rows, [
      { title: 'what', cell: (r) => r.what },
      { title: 'time', cell: (r) => formatDuration(ns(r.seconds * 1e9)), align: 'right' },
      { title: 'CPU', cell: (r) => formatDuration(ns(r.cpuSeconds * 1e9)), align: 'right' },
      {
        title: 'rate',
        cell: (r) => (r.bytes === undefined ? '' : formatRate(r.bytes / r.seconds, 'B/s')),
        align: 'right',
      },
    ])}\n\nmost memory: ${formatBytes(peak)}\n`,
  );
} finally {
  clearInterval(timer);
  rmSync(folder, { recursive: true, force: true });
}
