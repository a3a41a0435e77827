/**
 * `npm run fuzz:dumps [-- --seconds 60] [--seed 1] [--line 2G] [--most-seconds 10]`: damages dumps of every format and reads all
 * of them, until the time is over; then reads a log with one line of the size of `--line`. Fails on an error that is none of
 * ours and on one dump that takes longer than `--most-seconds`; prints how many were read, and what the long line took.
 */
import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { formatBytes, formatDuration, ns } from '../../src/base/units';
import { DumpSession } from '../../src/dump/session/dumpSession';
import { folders, readDamagedFolder, readDamagedLog } from '../dump/damagedDumps';

const argument = (name: string, otherwise: string): string => {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : (process.argv[at + 1] ?? otherwise);
};
const units: Readonly<Record<string, number>> = { K: 1 << 10, M: 1 << 20, G: 1 << 30 };
const size = (text: string): number => Number.parseFloat(text) * (units[text.slice(-1).toUpperCase()] ?? 1);
const time = (ms: number): string => formatDuration(ns(ms * 1e6));
const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const until = performance.now() + 1000 * Number(argument('--seconds', '60'));
const most = 1000 * Number(argument('--most-seconds', '10'));
const logs = 'test/dump/logs';
const texts = readdirSync(logs)
  .filter((file) => file.endsWith('.log'))
  .map((file) => ({ name: file.slice(0, -4), log: readFileSync(path.join(logs, file), 'utf8') }));
const kinds = Object.entries(folders);

let count = 0;
let slowest = { ms: 0, what: '' };
const timed = async (what: string, read: () => Promise<void>): Promise<void> => {
  const start = performance.now();
  await read();
  const ms = performance.now() - start;
  if (ms > slowest.ms) slowest = { ms, what };
  count++;
};
for (let seed = 1000 * Number(argument('--seed', '1')); performance.now() < until; seed++) {
  const { name, log } = texts[seed % texts.length]!;
  const [format, { files }] = kinds[seed % kinds.length]!;
  await timed(`${name} seed ${seed}`, () => readDamagedLog(name, log, seed));
  await timed(`${format} seed ${seed}`, () => readDamagedFolder(format, files, log, seed));
}
print(`${count} damaged dumps read; the slowest, ${slowest.what}, took ${time(slowest.ms)}`);
assert.ok(slowest.ms <= most, `${slowest.what} took longer than ${time(most)}`);

const line = size(argument('--line', '2G'));
const folder = mkdtempSync(path.join(tmpdir(), 'dump-'));
try {
  for (const [what, open, body, close] of [
    ['a constant', '  %0 = arith.constant dense<"0x', '00C0FFEE', '"> : tensor<4xf32>'],
    ['ops without a line break', '  ', '%0 = "a.b"(%1) : (i32) -> i32 ', ''],
  ] as const) {
    const file = path.join(folder, 'line.log');
    const out = openSync(file, 'w');
    const marker = (name: string): string =>
      `// -----// IR Dump After ${name} (${name}) //----- //\nmodule {\n`;
    writeSync(out, `${marker('a')}${open}`);
    const chunk = body.repeat(Math.ceil((8 << 20) / body.length));
    let written = 0;
    for (; written < line; written += chunk.length) writeSync(out, chunk);
    writeSync(out, `${close}\n}\n${marker('b')}}\n`);
    closeSync(out);
    let peak = 0;
    const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 20);
    let from = performance.now();
    const session = await DumpSession.open(file);
    const opening = performance.now() - from;
    assert.equal(session.info.entries, 2);
    from = performance.now();
    const { text } = await session.text(0, 'after');
    const showing = performance.now() - from;
    const { kind } = await session.change(1);
    clearInterval(watch);
    print(
      `${what} of ${formatBytes(written)} on one line: pass list in ${time(opening)}, its IR as ${formatBytes(text.length)} in ${time(showing)}, second pass ${kind}; at most ${formatBytes(peak)} of memory`,
    );
    await session.close();
  }
} finally {
  rmSync(folder, { recursive: true });
}
