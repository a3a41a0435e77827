/**
 * `npm run bench:corpus -- DIR [--oracle CMD]… [--cache DIR] [--most N] [--mistakes N]`: reads every `.mlir` file below DIR with the
 * structural parser and scores it against compilers, which print what they accept in generic form; parts that none
 * accepts are scored against a count by lines. Prints the share of ops whose name, results and operands are right.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { formatTable } from '../../src/base/table';
import { compareLines } from './compareLines';
import type { Comparison } from './compareStructure';
import { compareStructure } from './compareStructure';
import { readGenericForm } from './genericForm';

const [folder, ...options] = process.argv.slice(2);
const all = (name: string): string[] =>
  options.flatMap((o, i) => (o === name && options[i + 1] !== undefined ? [options[i + 1]!] : []));
if (folder === undefined || folder.startsWith('--'))
  throw new Error('usage: bench:corpus -- DIR [--oracle CMD]… [--cache DIR] [--most N] [--mistakes N]');
const oracles = all('--oracle').length > 0 ? all('--oracle') : ['mlir-opt-22'];
const cache = all('--cache')[0] ?? path.join(tmpdir(), 'strata-corpus-cache');
const most = Number(all('--most')[0] ?? Infinity);
const shown = Number(all('--mistakes')[0] ?? 20);
mkdirSync(cache, { recursive: true });

const flags = ['--mlir-print-op-generic', '--allow-unregistered-dialect', '--mlir-print-local-scope'];

/** What a compiler prints, or undefined where it refuses the text. Answers are kept. */
function ask(oracle: string, text: string, ...more: readonly string[]): string | undefined {
  const key = createHash('sha1')
    .update([oracle, ...more, text].join('\0'))
    .digest('hex');
  const file = path.join(cache, key);
  if (existsSync(file)) {
    const known = readFileSync(file, 'utf8');
    return known === '' ? undefined : known;
  }
  const run = spawnSync(oracle, [...flags, ...more, '-'], {
    input: text,
    encoding: 'utf8',
    timeout: 20_000,
    maxBuffer: 1 << 28,
  });
  const answer = run.status === 0 ? run.stdout : '';
  writeFileSync(file, answer);
  return answer === '' ? undefined : answer;
}

/** Generic form of each part of a file, by the first compiler that takes it. */
function genericForms(parts: readonly string[]): (string | undefined)[] {
  for (const oracle of oracles) {
    const answers = ask(oracle, parts.join('// -----\n'), '--split-input-file')?.split(/^\/\/ -----$/m);
    if (answers?.length === parts.length) return answers;
  }
  if (parts.length === 1) return [undefined];
  return parts.map((part) => {
    for (const oracle of oracles) {
      const answer = ask(oracle, part);
      if (answer !== undefined) return answer;
    }
    return undefined;
  });
}

interface Sum {
  readonly name: string;
  parts: number;
  ops: number;
  wrong: number;
  readonly mistakes: string[];
}
const sums = new Map<string, Sum>();
function add(name: string, file: string, { ops, wrong }: Comparison): void {
  const sum = sums.get(name) ?? { name, parts: 0, ops: 0, wrong: 0, mistakes: [] };
  sum.parts++;
  sum.ops += ops;
  sum.wrong += wrong.length;
  for (const mistake of wrong) sum.mistakes.push(`${file}: ${mistake}`);
  sums.set(name, sum);
}

const files = readdirSync(folder, { recursive: true })
  .map(String)
  .filter((name) => name.endsWith('.mlir'))
  .sort();
const step = Math.max(1, files.length / most);
const chosen = Array.from({ length: Math.ceil(files.length / step) }, (_, i) => files[Math.floor(i * step)]!);
let skipped = 0;
for (const name of chosen) {
  const whole = readFileSync(path.join(folder, name), 'utf8');
  const top = name.split(path.sep)[0]!;
  const group = top.endsWith('.mlir') ? '.' : top;
  const parts = whole.split(/^\/\/ -----.*\n/m).filter((part) => /^[^/\n]*[\w"]/m.test(part));
  const answers = genericForms(parts);
  for (const [i, part] of parts.entries()) {
    const answer = answers[i];
    if (answer !== undefined)
      add(`${group} by compiler`, name, compareStructure(part, readGenericForm(answer)));
    // Tests of error messages hold wrong text: nothing says what is in it.
    else if (/expected-error/.test(part) || /\bnot \S+|verify-diagnostics/.test(whole.slice(0, 400)))
      skipped++;
    else add(`${group} by lines`, name, compareLines(part));
  }
}

const rows = [...sums.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
for (const kind of ['by compiler', 'by lines']) {
  const of = rows.filter((r) => r.name.endsWith(kind));
  const sum = (pick: (r: Sum) => number): number => of.reduce((n, r) => n + pick(r), 0);
  rows.push({
    name: `all ${kind}`,
    parts: sum((r) => r.parts),
    ops: sum((r) => r.ops),
    wrong: sum((r) => r.wrong),
    mistakes: [],
  });
}
for (const { mistakes } of rows) for (const m of mistakes.slice(0, shown)) process.stdout.write(`${m}\n`);
process.stdout.write(
  `\n${chosen.length} files, ${skipped} parts of wrong text left out\n\n${formatTable(rows, [
    { title: 'what', cell: (r) => r.name },
    { title: 'parts', cell: (r) => String(r.parts), align: 'right' },
    { title: 'ops', cell: (r) => String(r.ops), align: 'right' },
    { title: 'wrong', cell: (r) => String(r.wrong), align: 'right' },
    {
      title: 'right',
      cell: (r) => (r.ops === 0 ? '' : `${(100 * (1 - r.wrong / r.ops)).toFixed(3)} %`),
      align: 'right',
    },
  ])}\n`,
);
