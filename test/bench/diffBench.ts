/**
 * `npm run bench:diff [-- --ops 100000] [--max-seconds 3]`: two texts with random edits between them; how long it takes to
 * read both and to match their ops, beside a line diff of the same texts, and how many of the edits were recovered. It runs on
 * a thread with the memory that the editor's has.
 */
import { isMainThread, Worker } from 'node:worker_threads';
import os from 'node:os';
import { formatTable } from '../../src/base/table';
import { formatDuration, ns } from '../../src/base/units';
import { opThreadLimits } from '../../src/dump/session/opSession';
import { diffTexts } from '../../src/dump/irState';
import { opGraph } from '../../src/dump/semantic/opGraph';
import { diffGraphs } from '../../src/dump/semantic/semanticDiff';
import { semanticSummary } from '../../src/dump/semantic/semanticText';
import { parseStructure } from '../../src/dump/structure/parseStructure';
import type { Locations } from '../dump/semantic/randomEdits';
import { editedPair } from '../dump/semantic/randomEdits';
import { scoreOf } from '../dump/semantic/score';

const argument = (name: string): string | undefined => {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
};
const ops = Number(argument('--ops') ?? 100_000);
const limit = argument('--max-seconds');
const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
const seconds = (start: number): number => (performance.now() - start) / 1000;
/** Of all threads of this process, those that collect garbage too: what counts on a machine that does other work. */
const cpuSeconds = (since: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
};

if (isMainThread) {
  const thread = new Worker(new URL(import.meta.url), {
    resourceLimits: opThreadLimits,
    argv: process.argv.slice(2),
  });
  thread.on('exit', (code) => {
    process.exitCode = code;
  });
} else measure();

function measure(): void {
  const rows = (['none', 'own', 'lines'] as Locations[]).map((locations) => {
    const pair = editedPair(1, { ops, edits: Math.round(ops / 30), locations, spaced: false });
    let start = performance.now();
    parseStructure(pair.before);
    parseStructure(pair.after);
    const parse = seconds(start);
    start = performance.now();
    const cpu = process.cpuUsage();
    const [before, after] = [opGraph(pair.before), opGraph(pair.after)];
    const read = seconds(start);
    start = performance.now();
    const diff = diffGraphs(before, after);
    const match = seconds(start);
    const used = cpuSeconds(cpu);
    start = performance.now();
    diffTexts(pair.before, pair.after, ['', '']);
    const lines = seconds(start);
    const { right, missed, wrong } = scoreOf(pair, diff);
    print(`locations ${locations}: ${semanticSummary(diff)}`);
    return {
      locations,
      count: before.ops.length,
      bytes: pair.before.length,
      parse,
      read,
      match,
      used,
      lines,
      right,
      edits: right + missed.length,
      wrong: wrong.length,
    };
  });
  const time = (s: number): string => formatDuration(ns(s * 1e9));
  print(`\n${os.cpus()[0]?.model}, Node ${process.version}`);
  print(
    formatTable(rows, [
      { title: 'locations', cell: (r) => r.locations },
      { title: 'ops', cell: (r) => String(r.count), align: 'right' },
      { title: 'MB each', cell: (r) => (r.bytes / 1e6).toFixed(1), align: 'right' },
      { title: 'parse both', cell: (r) => time(r.parse), align: 'right' },
      { title: 'parse + graphs', cell: (r) => time(r.read), align: 'right' },
      { title: 'match', cell: (r) => time(r.match), align: 'right' },
      { title: 'total', cell: (r) => time(r.read + r.match), align: 'right' },
      { title: 'its CPU time', cell: (r) => time(r.used), align: 'right' },
      { title: 'line diff', cell: (r) => time(r.lines), align: 'right' },
      { title: 'links found', cell: (r) => `${r.right} of ${r.edits}`, align: 'right' },
      { title: 'others', cell: (r) => String(r.wrong), align: 'right' },
    ]),
  );
  const worst = Math.max(...rows.map((r) => r.read + r.match));
  if (limit !== undefined && worst > Number(limit)) {
    process.stderr.write(`reading and matching takes ${worst.toFixed(2)} s, more than ${limit} s\n`);
    process.exit(1);
  }
}
