/**
 * The search over another compiler's steps: builds with the first n of them and judges what comes out, by a command's exit
 * code as `git bisect run` does, by comparing tensors, or by time.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { elementsOf } from '../../compiler/compareTensors';
import { median } from '../../compiler/artifactSession';
import { reasonOf } from '../../compiler/readText';
import { readTensorFile } from '../../frontend/tensorFile';
import { mannWhitney } from '../../profiler/significance';
import type { Bisection } from '../bisection';
import { bisectMessages } from '../messages';
import type { BisectEnvironment } from '../progress';
import { Progress } from '../progress';
import type { Test } from '../search';
import { returnsToGood, verdicts } from '../search';
import type { Tolerance } from '../tolerance';
import { compareElements } from '../tolerance';
import type { CommandPoints, StepKind } from './pointsOf';
import { pointsOf } from './pointsOf';
import type { CommandOptions, CommandOutcome } from './runCommand';
import { runJudge, runWords, splitCommand } from './runCommand';

/** What decides about a point. */
export type Judge =
  /** The command that is bisected itself: 0 good, 125 skip, else bad. */
  | { readonly kind: 'exit' }
  /** Another command, given what was built. */
  | { readonly kind: 'command'; readonly command: string }
  /** A command that writes a tensor to `{result}`, compared with one in a file. */
  | {
      readonly kind: 'tensor';
      readonly command: string;
      readonly expected: string;
      readonly tolerance: Tolerance;
    }
  /** The time of a command that runs what was built; bad is what is nearer to the last point than to the first. */
  | { readonly kind: 'time'; readonly command: string; readonly repeats: number };

export interface CommandRequest {
  readonly words: readonly string[];
  readonly steps: StepKind;
  /** Steps of a template. */
  readonly count?: number;
  readonly judge: Judge;
  readonly timeoutMs?: number;
  readonly exhaustive?: boolean;
}

/** As `git bisect run` has it. */
const skipCode = 125;
/** The ends must differ with at most this probability of chance. */
const timeLevel = 0.01;

type Verdict = Omit<Test, 'point' | 'by'>;

export async function bisectCommand(
  request: CommandRequest,
  environment: BisectEnvironment,
): Promise<Bisection> {
  const progress = new Progress(
    {
      kind: 'command',
      subject: request.words.join(' '),
      metric: metricOf(request.judge),
    },
    environment,
  );
  let folder: string;
  try {
    folder = mkdtempSync(path.join(tmpdir(), 'strata-bisect-'));
  } catch (cause) {
    throw bisectMessages.error('STR1105', { folder: tmpdir(), problem: reasonOf(cause) }, { cause });
  }
  try {
    const options = {
      signal: environment.cancellation.signal,
      ...(request.timeoutMs === undefined ? {} : { timeoutMs: request.timeoutMs }),
    };
    progress.activity('counting the steps');
    const points = await pointsOf(request.steps, request.words, request.count, options);
    return await new CommandBisect(request, points, folder, progress, options).run();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function metricOf(judge: Judge): Bisection['metric'] {
  switch (judge.kind) {
    case 'tensor':
      return { name: 'largest error / allowed error', limit: 1 };
    case 'time':
      return { name: 'seconds', limit: undefined };
    case 'exit':
    case 'command':
      return { name: 'verdict', limit: undefined };
  }
}

class CommandBisect {
  /** Times of both ends, in seconds. */
  readonly #ends = new Map<number, readonly number[]>();

  constructor(
    readonly request: CommandRequest,
    readonly points: CommandPoints,
    readonly folder: string,
    readonly progress: Progress,
    readonly options: { readonly signal: AbortSignal; readonly timeoutMs?: number },
  ) {}

  async run(): Promise<Bisection> {
    const { progress, points } = this;
    const labels = points.points;
    const { search, outlook } = await progress.search(
      { id: 'steps', title: this.request.steps === 'phases' ? 'phases' : 'steps', points: labels },
      [],
      (n) => this.#test(n),
      { exhaustive: this.request.exhaustive === true, spotChecks: 0 },
    );
    const back = returnsToGood(search);
    if (back.length > 0)
      progress.note(`Good again after ${back.map((p) => labels[p]!.label).join(', ')}, behind a bad step.`);
    switch (outlook.kind) {
      case 'found': {
        const { good, bad } = outlook;
        const { label, group } = labels[bad]!;
        const metric = verdicts(search).get(bad)?.metric;
        const note = verdicts(search).get(bad)?.note;
        const alternatives = labels.slice(good + 1, bad).map((l, i) => `${good + 1 + i} ${l.label}`);
        progress.culprit({
          pass: label,
          stage: group,
          alternatives,
          nodes: [],
          metric,
          outputs: [],
          diff: '',
          whatIf: [],
          ...(note === undefined ? {} : { crash: note }),
        });
        const where = group === '' ? '' : ` on ${group}`;
        const open =
          alternatives.length === 0 ? '' : `, or ${alternatives.join(', ')}, which could not be judged`;
        progress.note(`To see it: ${points.words(bad, 'bad.out').join(' ')}`);
        return progress.done(`Step ${bad}, ${label}${where}${open}, is the first bad one.`);
      }
      case 'nothing':
        return progress.done('Nothing is wrong with all steps.');
      case 'bad-start':
        return progress.done('It is bad without any step already: the input or the judge is to blame.');
      case 'untestable':
        return progress.done(
          `${labels[outlook.point]!.label} cannot be judged, so there is no range to search.`,
        );
      case 'next':
        throw new Error('a search ends with an answer');
    }
  }

  async #test(n: number): Promise<Verdict> {
    const { request, progress, points } = this;
    progress.activity(`building with ${n} of ${points.points.length - 1} steps`);
    const out = path.join(this.folder, `${n}.out`);
    const built = await runWords(points.words(n, out), this.options);
    const { judge } = request;
    if (judge.kind === 'exit') return exitVerdict(built);
    if (built.exitCode !== 0) return { verdict: 'skip', note: `did not compile: ${reasonIn(built)}` };
    progress.activity(`judging ${points.points[n]!.label}`);
    switch (judge.kind) {
      case 'command':
        return exitVerdict(await runJudge(judge.command, out, this.#judging(n)));
      case 'tensor':
        return this.#compare(judge, out, n);
      case 'time':
        return this.#time(judge, out, n);
    }
  }

  /** What a judge may want to know of the point: `STRATA_STEP`, its number, and `STRATA_STEP_NAME`. */
  #judging(n: number): CommandOptions {
    const env = { STRATA_STEP: String(n), STRATA_STEP_NAME: this.points.points[n]!.label };
    return { ...this.options, env };
  }

  async #compare(judge: Extract<Judge, { kind: 'tensor' }>, out: string, n: number): Promise<Verdict> {
    const result = path.join(this.folder, `${n}.npy`);
    const words = splitCommand(judge.command).map((w) =>
      w.replaceAll('{}', out).replaceAll('{result}', result),
    );
    const ran = await runWords(words, this.#judging(n));
    if (ran.exitCode === skipCode) return { verdict: 'skip', note: ran.how };
    // A program that crashes has no right result.
    if (ran.exitCode !== 0) return { verdict: 'bad', metric: Infinity, note: reasonIn(ran) };
    const { tensor: found } = readTensorFile(result);
    const { tensor: expected } = readTensorFile(judge.expected);
    const same = found.elementType === expected.elementType && found.shape.join() === expected.shape.join();
    const { worst } = compareElements(
      '',
      expected.shape,
      same ? elementsOf(found) : [],
      elementsOf(expected),
      judge.tolerance,
    );
    return { verdict: worst <= 1 ? 'good' : 'bad', metric: worst };
  }

  /** Ends first, so that it is known how far they are apart; a point between goes to the nearer one. */
  async #time(judge: Extract<Judge, { kind: 'time' }>, out: string, n: number): Promise<Verdict> {
    const times: number[] = [];
    for (let i = 0; i <= judge.repeats; i++) {
      const ran = await runJudge(judge.command, out, this.#judging(n));
      if (ran.exitCode === skipCode) return { verdict: 'skip', note: ran.how };
      if (ran.exitCode !== 0) return { verdict: 'skip', note: reasonIn(ran) };
      // The first finds cold caches.
      if (i > 0) times.push(ran.durationNs / 1e9);
    }
    const metric = median(times);
    const last = this.points.points.length - 1;
    if (n === last) {
      this.#ends.set(last, times);
      return { verdict: 'bad', metric };
    }
    if (n === 0) {
      this.#ends.set(0, times);
      const slow = this.#ends.get(last);
      const p = slow === undefined ? 0 : mannWhitney(sorted(times), sorted(slow));
      if (slow !== undefined && (p > timeLevel || median(slow) <= metric))
        throw bisectMessages.error('STR1106', {
          which: 'all steps against none',
          problem: `the times do not differ for certain (p = ${p.toPrecision(2)} with ${judge.repeats} repeats); more may show it`,
        });
      return { verdict: 'good', metric };
    }
    const [fast, slow] = [0, last].map((e) => this.#ends.get(e));
    if (fast === undefined || slow === undefined)
      return { verdict: 'skip', note: 'the ends were not timed in this run' };
    const limit = Math.sqrt(median(fast) * median(slow));
    return { verdict: metric < limit ? 'good' : 'bad', metric };
  }
}
const sorted = (xs: readonly number[]): Float64Array => Float64Array.from(xs).sort();

function exitVerdict(outcome: CommandOutcome): Verdict {
  if (outcome.exitCode === 0) return { verdict: 'good' };
  if (outcome.exitCode === skipCode) return { verdict: 'skip', note: outcome.how };
  return { verdict: 'bad', note: reasonIn(outcome) };
}
/** How it ended, and the first line of what it said. */
function reasonIn(outcome: CommandOutcome): string {
  const line = outcome.stderr.split('\n').find((l) => l.trim() !== '');
  return line === undefined ? outcome.how : `${outcome.how}: ${line.trim().slice(0, 160)}`;
}
