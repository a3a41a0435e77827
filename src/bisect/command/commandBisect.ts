/**
 * The search over another compiler's steps: builds with the first n of them and judges what comes out, by a command's exit
 * code as `git bisect run` does, by comparing tensors, or by time.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { elementsOf } from '../../compiler/compareTensors';
import { reasonOf } from '../../compiler/readText';
import type { HostTensor } from '../../frontend/elementType';
import { readTensorFile } from '../../frontend/tensorFile';
import type { Bisection } from '../bisection';
import { bisectMessages } from '../messages';
import type { BisectEnvironment } from '../progress';
import { Progress } from '../progress';
import type { PairedOptions } from '../perf/pairedTest';
import { decide, lighter, measureUntil, pairedDefaults, place } from '../perf/pairedTest';
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
  /**
   * The time of a command that runs what was built, in turns with what was built without any step; bad is what is nearer to
   * the last point than to the first.
   */
  | {
      readonly kind: 'time';
      readonly command: string;
      /** Pairs of runs after which there is no answer. */ readonly mostPairs: number;
    };

export interface CommandRequest {
  readonly words: readonly string[];
  readonly steps: StepKind;
  /** Steps of a template. */
  readonly count?: number;
  readonly judge: Judge;
  readonly timeoutMs?: number;
  /** Where commands run; default: where this program does. */
  readonly cwd?: string;
  readonly exhaustive?: boolean;
}

/** As `git bisect run` has it. */
const skipCode = 125;
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
      ...(request.cwd === undefined ? {} : { cwd: request.cwd }),
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
      return { name: 'time / time without steps', limit: undefined };
    case 'exit':
    case 'command':
      return { name: 'verdict', limit: undefined };
  }
}

class CommandBisect {
  readonly #expected: HostTensor | undefined;

  constructor(
    readonly request: CommandRequest,
    readonly points: CommandPoints,
    readonly folder: string,
    readonly progress: Progress,
    readonly options: CommandOptions,
  ) {
    // What is compared with must be there before anything is built.
    if (request.judge.kind === 'tensor') this.#expected = readTensorFile(request.judge.expected).tensor;
  }

  async run(): Promise<Bisection> {
    const { progress, points } = this;
    const labels = points.points;
    const { search, outlook } = await progress.search(
      { id: 'steps', title: this.request.steps === 'phases' ? 'phases' : 'steps', points: labels },
      this.request.judge.kind === 'time' ? [{ point: 0, verdict: 'good', metric: 1, by: 'known' }] : [],
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
    const out = this.#outputOf(n);
    const built = await this.#build(n);
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

  #outputOf(n: number): string {
    return path.join(this.folder, `${n}.out`);
  }
  /** Throws STR1105 when the tool says that there is no room: that is no verdict about a step. */
  async #build(n: number): Promise<CommandOutcome> {
    const built = await runWords(this.points.words(n, this.#outputOf(n)), this.options);
    if (built.exitCode !== 0 && /No space left on device|ENOSPC/.test(built.stderr))
      throw bisectMessages.error('STR1105', { folder: this.folder, problem: 'no space left on device' });
    return built;
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
    const expected = this.#expected!;
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

  /** The last point first, so that it is known how far the ends are apart. */
  async #time(judge: Extract<Judge, { kind: 'time' }>, out: string, n: number): Promise<Verdict> {
    if (!existsSync(this.#outputOf(0))) {
      const first = await this.#build(0);
      if (first.exitCode !== 0)
        return { verdict: 'skip', note: `without any step it does not compile: ${reasonIn(first)}` };
    }
    const last = this.points.points.length - 1;
    const strict: PairedOptions = { ...pairedDefaults, mostPairs: judge.mostPairs };
    const options = n === last ? strict : lighter(strict);
    let failed: Verdict | undefined;
    const timeOf = async (file: string): Promise<number> => {
      const ran = await runJudge(judge.command, file, this.#judging(n));
      if (ran.exitCode !== 0) failed = { verdict: 'skip', note: reasonIn(ran) };
      return Math.max(1, ran.durationNs);
    };
    // The first runs find cold caches.
    for (const file of [this.#outputOf(0), out]) await timeOf(file);
    if (failed !== undefined) return failed;
    let turn = 0;
    const pair = async (): Promise<number> => {
      const forward = turn++ % 2 === 0;
      const [a, b] = forward ? [this.#outputOf(0), out] : [out, this.#outputOf(0)];
      const [x, y] = [await timeOf(a), await timeOf(b)];
      return forward ? Math.log(y / x) : Math.log(x / y);
    };
    const slow = this.#slowdown;
    const { estimate, decision } =
      n === last || slow === undefined
        ? await measureUntil(pair, (logs) => decide(logs, options), options)
        : await measureUntil(pair, (logs) => place(logs, Math.sqrt(slow), options), options);
    if (failed !== undefined) return failed;
    const measured = { metric: estimate.ratio, range: [estimate.low, estimate.high] as const };
    switch (decision.kind) {
      case 'slower':
      case 'above':
        return { verdict: 'bad', ...measured };
      case 'unclear':
        return {
          verdict: 'skip',
          ...measured,
          note: `too noisy: about ${decision.pairs} pairs would tell (--repeat)`,
        };
      case 'faster':
      case 'same':
      case 'below':
      case 'more':
        return { verdict: 'good', ...measured };
    }
  }
  /** Of the last point, by this run or one before. */
  get #slowdown(): number | undefined {
    const steps = this.progress.bisection.levels.find((l) => l.id === 'steps');
    return steps && verdicts(steps.search).get(this.points.points.length - 1)?.metric;
  }
}

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
