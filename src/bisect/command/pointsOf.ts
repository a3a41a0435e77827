/**
 * How the steps of another compiler are counted and held back: by a debug counter, by prefixes of its pipeline, by phases, by
 * LLVM's limit, or by a number in a template. A point n is the command with the first n steps.
 */
import type { PointInfo } from '../bisection';
import { bisectMessages } from '../messages';
import type { CommandOptions } from './runCommand';
import { runWords } from './runCommand';

export const stepKinds = ['counter', 'pipeline', 'phases', 'limit', 'template'] as const;
export type StepKind = (typeof stepKinds)[number];

export interface CommandPoints {
  /** The first is the command without any step. */
  readonly points: readonly PointInfo[];
  /** The command of a point that writes to `out`. */
  readonly words: (point: number, out: string) => readonly string[];
}

/** Guesses from the command; a template says so itself. */
export function stepKindOf(words: readonly string[]): StepKind | undefined {
  if (words.some((w) => w.includes('{n}'))) return 'template';
  const program = (words[0] ?? '').replace(/^.*[/\\]/, '');
  if (/^(mlir|iree|triton|stablehlo|torch-mlir|circt)-opt/.test(program)) return 'counter';
  if (program.startsWith('iree-compile')) return 'phases';
  if (/^(opt|clang|clang\+\+|llc|flang)(-\d+)?$/.test(program)) return 'limit';
  return undefined;
}

/** Throws STR1104 when the command cannot be started, STR1103 when it does not say how many steps it has. */
export async function pointsOf(
  kind: StepKind,
  words: readonly string[],
  count: number | undefined,
  options: CommandOptions,
): Promise<CommandPoints> {
  switch (kind) {
    case 'counter':
      return counterPoints(words, options);
    case 'pipeline':
      return pipelinePoints(words);
    case 'phases':
      return phasePoints(words);
    case 'limit':
      return limitPoints(words, count, options);
    case 'template':
      return templatePoints(words, count);
  }
}

/** `{out}` in the words, or `-o OUT` behind them. */
export function withOutput(words: readonly string[], out: string): readonly string[] {
  return words.some((w) => w.includes('{out}'))
    ? words.map((w) => w.replaceAll('{out}', out))
    : [...words, '-o', out];
}
const first: PointInfo = { label: 'no step', group: '' };
const unknownCount = (words: readonly string[], problem: string) =>
  bisectMessages.error('STR1103', { model: words[0] ?? '', problem });

/** MLIR's debug counter of pass executions; the names of the passes are in the log of actions. */
async function counterPoints(words: readonly string[], options: CommandOptions): Promise<CommandPoints> {
  const serial = [...words, '--mlir-disable-threading'];
  const { stdout, stderr } = await runWords(
    withOutput([...serial, '--log-actions-to=-'], '/dev/null'),
    options,
  );
  const points: PointInfo[] = [first];
  const line = /begins \([^)]*\) Action `pass-execution` running `([^`]*)` on Operation `([^`]*)`/g;
  for (const m of `${stdout}\n${stderr}`.matchAll(line)) points.push({ label: m[1]!, group: m[2]! });
  if (points.length === 1) {
    const counted = await runWords(
      withOutput(
        [...serial, '--mlir-print-debug-counter', '--mlir-debug-counter=pass-execution-skip=0'],
        '/dev/null',
      ),
      options,
    );
    const n = [...`${counted.stdout}${counted.stderr}`.matchAll(/pass-execution\s*:\s*\{(\d+),/g)].pop()?.[1];
    for (let i = 1; i <= Number(n ?? 0); i++) points.push({ label: `pass ${i}`, group: '' });
  }
  if (points.length === 1)
    throw unknownCount(
      words,
      'it names no executions of passes (--log-actions-to, --mlir-print-debug-counter)',
    );
  return {
    points,
    words: (n, out) =>
      withOutput([...serial, `--mlir-debug-counter=pass-execution-skip=0,pass-execution-count=${n}`], out),
  };
}

interface Leaf {
  readonly path: readonly string[];
  readonly pass: string;
}
/** `builtin.module(a,func.func(b{x=1},c))` as passes with the ops they are nested under. */
export function pipelineLeaves(text: string): readonly Leaf[] {
  const leaves: Leaf[] = [];
  const read = (part: string, path: readonly string[]): void => {
    let depth = 0;
    let start = 0;
    const take = (piece: string): void => {
      const trimmed = piece.trim();
      if (trimmed === '') return;
      const nest = /^([\w.*-]+)\((.*)\)$/s.exec(trimmed);
      if (nest === null) leaves.push({ path, pass: trimmed });
      else read(nest[2]!, [...path, nest[1]!]);
    };
    for (let i = 0; i < part.length; i++) {
      const c = part[i]!;
      if ('({'.includes(c)) depth++;
      else if (')}'.includes(c)) depth--;
      else if (c === ',' && depth === 0) {
        take(part.slice(start, i));
        start = i + 1;
      }
    }
    take(part.slice(start));
  };
  read(text, []);
  return leaves;
}
export function pipelinePrefix(leaves: readonly Leaf[], n: number): string {
  const wrap = (leaf: Leaf): string =>
    leaf.path.slice(1).reduceRight((inner, op) => `${op}(${inner})`, leaf.pass);
  return `${leaves[0]?.path[0] ?? 'builtin.module'}(${leaves.slice(0, n).map(wrap).join(',')})`;
}
function pipelinePoints(words: readonly string[]): CommandPoints {
  const at = words.findIndex((w) => /^--?(iree-)?pass-pipeline=/.test(w));
  if (at < 0) throw unknownCount(words, "it has no '--pass-pipeline=…' to take prefixes of");
  const [flag, ...rest] = words[at]!.split('=');
  const leaves = pipelineLeaves(rest.join('='));
  return {
    points: [first, ...leaves.map((l) => ({ label: l.pass, group: l.path.join(' › ') }))],
    words: (n, out) =>
      withOutput(
        words.map((w, i) => (i === at ? `${flag}=${pipelinePrefix(leaves, n)}` : w)),
        out,
      ),
  };
}

/** In the order in which `iree-compile` runs them. */
export const ireePhases = [
  'input',
  'abi',
  'preprocessing',
  'global-optimization',
  'dispatch-creation',
  'flow',
  'stream',
  'executable-sources',
  'executable-configurations',
  'executable-targets',
  'hal',
  'vm',
  'end',
] as const;
const phasePoints = (words: readonly string[]): CommandPoints => ({
  points: ireePhases.map((label) => ({ label, group: 'phase' })),
  words: (n, out) => withOutput([...words, `--compile-to=${ireePhases[n]!}`], out),
});

/** LLVM prints `BISECT: running pass (3) InstCombinePass on f` with `-opt-bisect-limit=-1`. */
async function limitPoints(
  words: readonly string[],
  count: number | undefined,
  options: CommandOptions,
): Promise<CommandPoints> {
  const clang = /clang|flang/.test(words[0] ?? '');
  const flag = (n: number): readonly string[] =>
    clang ? ['-mllvm', `-opt-bisect-limit=${n}`] : [`-opt-bisect-limit=${n}`];
  const { stderr } = await runWords(withOutput([...words, ...flag(-1)], '/dev/null'), options);
  const points: PointInfo[] = [first];
  for (const m of stderr.matchAll(/BISECT: (?:NOT )?running pass \((\d+)\) (.*?) on (.*)/g))
    points.push({ label: m[2]!, group: m[3]! });
  for (let i = points.length; i <= (count ?? 0); i++) points.push({ label: `pass ${i}`, group: '' });
  if (points.length === 1) throw unknownCount(words, 'it prints no passes with -opt-bisect-limit=-1');
  return { points, words: (n, out) => withOutput([...words, ...flag(n)], out) };
}

function templatePoints(words: readonly string[], count: number | undefined): CommandPoints {
  const text = words.join(' ');
  if (!text.includes('{n}')) throw bisectMessages.error('STR1108', { text, expected: "'{n}'" });
  if (count === undefined) throw unknownCount(words, 'how many steps a template has must be said (--count)');
  const points = Array.from({ length: count + 1 }, (_, n) => ({
    label: n === 0 ? first.label : `step ${n}`,
    group: '',
  }));
  return {
    points,
    words: (n, out) => words.map((w) => w.replaceAll('{n}', String(n)).replaceAll('{out}', out)),
  };
}
