/**
 * "Which pass broke it?": runs a model's module after passes, finds the first after which the result leaves tolerance,
 * then the rewrite in it, then the op and element. Passes are judged by the interpreter, what is below them by the code.
 */
import { breathe } from '../base/cancellation';
import { StrataError } from '../base/diagnostics';
import type { Tensors } from '../compiler/artifactSession';
import { remainingSteps } from '../compiler/continuation';
import { inputSignatures, interpretModule } from '../compiler/interpretModel';
import type { ModelSource } from '../compiler/loadModel';
import { loadModel } from '../compiler/loadModel';
import type { CpuLevel } from '../compiler/targetDescription';
import { describeTarget, levelOf, targetAttribute } from '../compiler/targetDescription';
import type { InputSource } from '../compiler/tensors';
import { loadInputs } from '../compiler/tensors';
import type { PipelineStep } from '../ir';
import { parsePipeline } from '../ir';
import { passes as shippedPasses } from '../lowering/passes/index';
import type { OptLevel } from '../lowering/pipeline';
import { defaultPipeline } from '../lowering/pipeline';
import type { Bisection, WhatIf } from './bisection';
import type { PassCulprit } from './culprit';
import { findCodeCulprit, findPassCulprit, rewriteLabel } from './culprit';
import { ContentMemo } from './memo';
import { bisectMessages } from './messages';
import type { Backend } from './programRun';
import { isProgram, ProgramRuns, shippedBackend } from './programRun';
import type { BisectEnvironment } from './progress';
import { Progress } from './progress';
import type { Reference } from './reference';
import { makeReference } from './reference';
import { makeReproducer } from './reproducer';
import type { IrState, ReplayPoint } from './replay';
import { Replay } from './replay';
import { returnsToGood, verdicts } from './search';
import type { Outlook, Search, Test } from './search';
import type { Tolerance } from './tolerance';
import { compareTensors, defaultTolerance, identical, worstOf } from './tolerance';
import { verdictOf } from './verdict';

export interface NumericsRequest extends ModelSource {
  /** By input name; inputs without one are seeded with 0. */
  readonly inputs?: ReadonlyMap<string, InputSource>;
  readonly reference?: string;
  readonly tolerance?: Tolerance;
  readonly cpuLevel?: CpuLevel;
  readonly optLevel?: OptLevel;
  /** A pipeline as text instead of the default one. */
  readonly pipeline?: string;
  /** Of the compiled program; default: all processors. */
  readonly threads?: number;
  /** Test every pass. */
  readonly exhaustive?: boolean;
  /** Rules to hold back throughout. */
  readonly withoutRules?: readonly string[];
  /** Rewrites to hold back throughout, by their number in the compilation with nothing held back. */
  readonly withoutRewrites?: readonly number[];
  /** Cut out and shrink the smallest IR that still goes wrong (default). */
  readonly reproducer?: boolean;
  /** Where it is written; left out, it is only in the result. */
  readonly reproducerFolder?: string;
}

/** What is bisected, where that is not the shipped compiler. */
export interface NumericsParts {
  readonly steps?: readonly PipelineStep[];
  readonly backend?: Backend;
}

export interface NumericsEnvironment extends BisectEnvironment {
  /** Folder that holds `native-runner`. */
  readonly resourceRoot: string;
}

/** Defects to look for, each with those found before held back. */
const mostCulprits = 4;

export async function bisectNumerics(
  request: NumericsRequest,
  environment: NumericsEnvironment,
  parts: NumericsParts = {},
): Promise<Bisection> {
  const bisect = await NumericsBisect.open(request, environment, parts);
  try {
    return await bisect.run();
  } finally {
    bisect.runs.close();
  }
}

/**
 * Recompiles with what the request holds back, runs the program and compares with the reference: what a search would find
 * at its last point, without the search. Throws STR1112 for a rewrite that there is not.
 */
export async function measureWhatIf(
  request: NumericsRequest,
  environment: NumericsEnvironment,
  parts: NumericsParts = {},
): Promise<WhatIf> {
  const bisect = await NumericsBisect.open(request, environment, parts);
  try {
    return await bisect.measureRequested();
  } finally {
    bisect.runs.close();
  }
}

/** `rule bn-into-conv, rewrite 41`. */
export const heldText = (request: Pick<NumericsRequest, 'withoutRules' | 'withoutRewrites'>): string =>
  [
    ...(request.withoutRules ?? []).map((r) => `rule ${r}`),
    ...(request.withoutRewrites ?? []).map((n) => `rewrite ${n}`),
  ].join(', ') || 'nothing';

/** Applications that are held back: by step of the pipeline, and whole rules. */
export interface Held {
  readonly rules: ReadonlySet<string>;
  readonly rewrites: ReadonlyMap<number, ReadonlySet<number>>;
}

export class NumericsBisect {
  readonly memo = new ContentMemo();
  readonly runs: ProgramRuns;
  readonly tolerance: Tolerance;
  #expected: Reference | undefined;
  /** The first, which later ones begin as. */
  #replayed: Replay | undefined;

  private constructor(
    readonly request: NumericsRequest,
    readonly environment: NumericsEnvironment,
    readonly input: IrState,
    readonly steps: readonly PipelineStep[],
    readonly inputs: Tensors,
    readonly progress: Progress,
    runs: ProgramRuns,
  ) {
    this.runs = runs;
    this.tolerance = request.tolerance ?? defaultTolerance;
  }

  static async open(
    request: NumericsRequest,
    environment: NumericsEnvironment,
    parts: NumericsParts,
  ): Promise<NumericsBisect> {
    const progress = new Progress(
      {
        kind: 'numerics',
        subject: request.model,
        metric: { name: 'largest error / allowed error', limit: 1 },
      },
      environment,
    );
    progress.activity('reading the model');
    const model = await loadModel(request);
    const target = await describeTarget(request.cpuLevel ?? levelOf(model.module));
    if (request.cpuLevel !== undefined || model.module.attr('strata.target') === undefined)
      model.module.setAttr('strata.target', targetAttribute(target));
    const planned =
      parts.steps ??
      (request.pipeline === undefined
        ? defaultPipeline({ target: 'cpu', optLevel: request.optLevel ?? 3 })
        : parsePipeline(request.pipeline, shippedPasses).map((node) => ({ node, stage: 'custom' })));
    const steps = request.pipeline === undefined ? remainingSteps(model.module, planned) : planned;
    const inputs = loadInputs(
      inputSignatures(model.module),
      request.inputs ?? new Map<string, InputSource>(),
      new Map(Object.entries(request.dims ?? {})),
    );
    const runs = new ProgramRuns({
      target,
      resourceRoot: environment.resourceRoot,
      cancellation: environment.cancellation,
      backend: parts.backend ?? shippedBackend,
    });
    return new NumericsBisect(request, environment, model, steps, inputs, progress, runs);
  }

  get expected(): Tensors {
    return this.#expected!.outputs;
  }

  async measureRequested(): Promise<WhatIf> {
    await this.#makeReference();
    return this.measureWithout(this.#requested(), heldText(this.request), 'code');
  }

  /** What the request holds back. */
  #requested(): Held {
    const rules = new Set(this.request.withoutRules);
    const rewrites = new Map<number, Set<number>>();
    const numbers = this.request.withoutRewrites ?? [];
    if (numbers.length === 0) return { rules, rewrites };
    let first = 0;
    const places = this.replay({ rules: new Set(), rewrites }).points.map((p) => {
      const place = { step: p.record.index - 1, first, end: first + p.rewrites.length };
      first = place.end;
      return place;
    });
    for (const n of numbers) {
      const place = places.find((p) => n >= p.first && n < p.end);
      if (place === undefined) throw bisectMessages.error('STR1112', { number: n, count: first });
      rewrites.set(place.step, (rewrites.get(place.step) ?? new Set()).add(n - place.first));
    }
    return { rules, rewrites };
  }

  async #makeReference(): Promise<Reference> {
    const { progress, request } = this;
    progress.activity('running the reference');
    const reference = await makeReference(request.reference ?? 'interpreter', {
      model: request.model,
      inputs: this.inputs,
      interpret: (known) =>
        interpretModule(
          this.input.module,
          this.input.resources,
          this.inputs,
          this.environment.cancellation,
          known ? { memo: this.memo } : {},
        ),
      tolerance: this.tolerance,
    });
    if (reference.note !== undefined) progress.note(reference.note);
    this.#expected = reference;
    return reference;
  }

  async run(): Promise<Bisection> {
    const { progress } = this;
    const { name: reference } = await this.#makeReference();
    let held = this.#requested();
    let settled = 0;
    for (let round = 0; round < mostCulprits; round++) {
      const found = await this.#round(round, held, settled);
      if (found === undefined) break;
      const next = await this.#whatIf(found, held);
      await this.#reproduce(found);
      settled = found.step;
      if (next.kind === 'alone') break;
      if (next.kind === 'needed') {
        // What the program needs cannot be left out, so what comes after is compared with what it made.
        const outputs = this.#outputsAfter(found);
        if (outputs === undefined) break;
        progress.note(
          `${found.culprit.pass} cannot do without what it got wrong; later passes are compared with its result.`,
        );
        this.#expected = { name: `the result of ${found.culprit.pass}`, outputs };
        continue;
      }
      progress.note(
        `Without ${next.without} the result is still wrong: there is another defect, looked for with that held back.`,
      );
      held = next.held;
    }
    return progress.done(verdictOf(progress.bisection, reference));
  }

  #outputsAfter({ step, replay }: Found): Tensors | undefined {
    const point = replay.points.find((p) => p.record.index === step + 1);
    if (point === undefined) return undefined;
    const { module, resources } = point.state;
    return interpretModule(module, resources, this.inputs, this.environment.cancellation, {
      memo: this.memo,
    });
  }

  async #reproduce({ culprit, step, before, replay }: Found): Promise<void> {
    const { rewrite, pass, stage } = culprit;
    if (
      this.request.reproducer === false ||
      before === undefined ||
      rewrite === undefined ||
      stage === 'failed'
    )
      return;
    this.progress.activity('cutting out a reproducer');
    const made = await makeReproducer({ bisect: this, replay, step, pass, before, sources: rewrite.sources });
    const current = this.progress.bisection.culprits.at(-1)!;
    if (made !== undefined) this.progress.replaceCulprit({ ...current, reproducer: made });
  }

  /** Finds one culprit among the passes with `held` held back. Undefined when the result is good, or nothing was found. */
  async #round(round: number, held: Held, settled: number): Promise<Found | undefined> {
    const { progress } = this;
    progress.activity('running the passes');
    const replay = this.replay(held);
    const { points } = replay;
    const last = points[points.length - 1]!;
    const code = replay.failure === undefined && isProgram(last.state.module);
    const labels = points.map((p) => ({ label: p.record.pass, group: p.record.stage }));
    if (code) labels.push({ label: 'code', group: 'code' });
    if (replay.failure !== undefined) labels.push({ label: replay.failure.pass, group: 'failed' });
    const known: Test[] =
      replay.failure === undefined
        ? []
        : [{ point: points.length, verdict: 'bad', note: reasonOfError(replay.failure.error), by: 'known' }];
    if (round > 0)
      for (const [i, p] of points.entries())
        if (p.record.index <= settled + (held.rules.size + held.rewrites.size === 0 ? 1 : 0))
          known.push({ point: i, verdict: 'good', by: 'known' });
    const id = round === 0 ? 'passes' : `passes ${round + 1}`;
    const { search, outlook } = await progress.search(
      { id, title: round === 0 ? 'passes' : `passes, round ${round + 1}`, points: labels },
      known,
      (i) =>
        this.#attempt(`judging ${labels[i]!.label}`, () =>
          i < points.length ? this.judge(points[i]!.state) : this.#judgeCode(last.state),
        ),
      { exhaustive: this.request.exhaustive === true, spotChecks: 1 },
    );
    this.#remarks(search, labels);
    if (outlook.kind !== 'found') {
      this.#noCulprit(outlook, labels, round);
      return undefined;
    }
    const { good, bad } = outlook;
    const renumbered = held.rules.size + held.rewrites.size > 0;
    const context = { bisect: this, replay, search, good, bad, renumbered };
    if (bad >= points.length && replay.failure === undefined) {
      const culprit = await findCodeCulprit(context, last);
      progress.culprit(culprit);
      return { culprit, step: replay.passes.length, replay };
    }
    const found = await findPassCulprit(context);
    progress.culprit(found.culprit);
    return { ...found, replay };
  }

  /** The replay of all passes with rewrites held back. */
  replay(held: Held): Replay {
    const replay = new Replay(this.input, this.steps, this.environment.cancellation, {
      skipRules: held.rules,
    });
    replay.run(new Map([...held.rewrites].map(([step, skip]) => [step, { skip }])), this.#replayed);
    this.#replayed ??= replay;
    return replay;
  }

  /** Judges IR by the interpreter. */
  judge(state: IrState): Promise<Verdict> {
    const outputs = interpretModule(
      state.module,
      state.resources,
      this.inputs,
      this.environment.cancellation,
      { memo: this.memo },
    );
    return Promise.resolve(this.#verdict(outputs));
  }

  /** Judges compiled code: with one thread, and twice with all. */
  async #judgeCode(state: IrState): Promise<Verdict> {
    const built = await this.runs.build(state);
    const { threads } = this.request;
    const outputs = await this.runs.run(built, this.inputs, [1, threads, threads]);
    const results = outputs.map((o) => this.#verdict(o));
    const worst = results.reduce((a, b) => ((b.metric ?? 0) > (a.metric ?? 0) ? b : a));
    if (outputs.slice(1).some((o) => !identical(o, outputs[0]!)))
      this.progress.note(
        results[0]!.verdict === 'good' && worst.verdict === 'bad'
          ? 'With one thread the compiled program is right, with several it is not: a race between threads.'
          : 'The compiled program disagrees with itself from run to run.',
      );
    return worst;
  }

  #verdict(outputs: Tensors): Verdict {
    const metric = worstOf(compareTensors(outputs, this.expected, this.tolerance));
    return { verdict: metric <= 1 ? 'good' : 'bad', metric };
  }

  /** What cannot be run is skipped; a crash of generated code is a bad result. */
  async #attempt(activity: string, work: () => Promise<Verdict>): Promise<Verdict> {
    this.progress.activity(activity);
    try {
      return await work();
    } catch (error) {
      return this.verdictOfError(error);
    }
  }
  verdictOfError(error: unknown): Verdict {
    this.environment.cancellation.throwIfCancelled();
    if (error instanceof StrataError) {
      if (error.code === 'STR1105' || error.code === 'STR0722') throw error;
      const crashed = error.code === 'STR0717';
      return { verdict: crashed ? 'bad' : 'skip', note: error.diagnostic.text };
    }
    return { verdict: 'skip', note: reasonOfError(error) };
  }

  /**
   * How wrong the result is with something held back: of the IR before its loops where what is held back is before them
   * (`ir`), or of the whole program.
   */
  async measureWithout(held: Held, without: string, depth: 'ir' | 'code'): Promise<WhatIf> {
    this.progress.activity(`what if: without ${without}`);
    this.progress.ranOnce();
    await breathe(this.environment.cancellation);
    const replay = this.replay(held);
    if (replay.failure !== undefined)
      return { without, metric: undefined, problem: reasonOfError(replay.failure.error) };
    const { points } = replay;
    const last = points[points.length - 1]!;
    const point = depth === 'ir' ? (points.filter((p) => p.record.stage !== 'loops').pop() ?? last) : last;
    const verdict = await this.#attempt(`what if: without ${without}`, () =>
      isProgram(point.state.module) ? this.#judgeCode(point.state) : this.judge(point.state),
    );
    return verdict.verdict === 'skip'
      ? { without, metric: undefined, problem: verdict.note ?? '' }
      : { without, metric: verdict.metric ?? Infinity };
  }

  /**
   * Recompiles without the rule, and without the one rewrite. When neither makes the result good, gives what to hold
   * back to look for the next defect.
   */
  async #whatIf(found: Found, held: Held): Promise<Next> {
    const { culprit, step } = found;
    const { rewrite } = culprit;
    if (rewrite === undefined) return { kind: culprit.stage === 'code' ? 'alone' : 'needed' };
    const byRule: Held = { ...held, rules: new Set([...held.rules, rewrite.rule]) };
    const inStep = new Set([...(held.rewrites.get(step) ?? []), rewrite.inPass]);
    const byRewrite: Held = { ...held, rewrites: new Map([...held.rewrites, [step, inStep]]) };
    const early = culprit.stage !== 'loops';
    const [ruleName, rewriteName] = [`rule ${rewrite.rule}`, rewriteLabel(rewrite)];
    const one = await this.measureWithout(byRewrite, rewriteName, early ? 'ir' : 'code');
    let rule = await this.measureWithout(byRule, ruleName, early ? 'ir' : 'code');
    // The whole program is compiled once: it may be wrong for another reason.
    if (early && isGood(rule)) rule = await this.measureWithout(byRule, ruleName, 'code');
    else if (early && isGood(one) && rule.metric === undefined) {
      const whole = await this.measureWithout(byRewrite, rewriteName, 'code');
      this.progress.replaceCulprit({ ...culprit, whatIf: [whole, rule] });
      return isGood(whole) ? { kind: 'alone' } : { kind: 'held', held: byRewrite, without: rewriteName };
    }
    this.progress.replaceCulprit({ ...culprit, whatIf: [one, rule] });
    if (isGood(rule) || isGood(one)) return { kind: 'alone' };
    if (rule.metric !== undefined) return { kind: 'held', held: byRule, without: ruleName };
    return one.metric === undefined
      ? { kind: 'needed' }
      : { kind: 'held', held: byRewrite, without: rewriteName };
  }

  /** Says what a binary search does not expect. */
  #remarks(search: Search, labels: readonly { readonly label: string }[]): void {
    const back = returnsToGood(search);
    if (back.length > 0)
      this.progress.note(
        `The result is good again after ${back.map((p) => labels[p]!.label).join(', ')}, behind a bad one: a later pass hides the defect, or there are two.`,
      );
    const skipped = [...verdicts(search).values()].filter((t) => t.verdict === 'skip');
    if (skipped.length > 0)
      this.progress.note(
        `Not judged: ${skipped.map((t) => `${labels[t.point]!.label} (${t.note ?? 'skipped'})`).join('; ')}`,
      );
  }

  #noCulprit(outlook: Outlook, labels: readonly { readonly label: string }[], round: number): void {
    if (outlook.kind === 'bad-start')
      this.progress.note(
        'The model as imported already differs from the reference: the import or the reference is wrong.',
      );
    else if (outlook.kind === 'untestable')
      this.progress.note(`${labels[outlook.point]!.label} cannot be judged, so there is no range to search.`);
    else if (round > 0) this.progress.note('Nothing else is wrong.');
  }

  /** A state that a message may call by name. */
  requirePoint(points: readonly ReplayPoint[], i: number): ReplayPoint {
    const point = points[i];
    if (point === undefined)
      throw bisectMessages.error('STR1103', { model: this.request.model, problem: 'the pipeline is empty' });
    return point;
  }
}

/** What is to be done about further defects. */
type Next =
  | { readonly kind: 'alone' }
  /** The program does not compile without the culprit. */
  | { readonly kind: 'needed' }
  | { readonly kind: 'held'; readonly held: Held; readonly without: string };

const isGood = (w: WhatIf): boolean => w.metric !== undefined && w.metric <= 1;

type Verdict = Omit<Test, 'point' | 'by'>;
interface Found extends PassCulprit {
  readonly replay: Replay;
}

export const reasonOfError = (error: unknown): string =>
  error instanceof StrataError
    ? error.diagnostic.text
    : error instanceof Error
      ? error.message
      : String(error);
