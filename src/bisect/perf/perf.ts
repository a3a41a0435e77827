/**
 * "Which pass made it slow?": two ways to compile a model differ in their passes; programs between the two take the first
 * passes of the bad one and the others of the good one. Names the pass, then the rewrite or schedule, then the dispatch.
 */
import { CancelledError } from '../../base/cancellation';
import { StrataError } from '../../base/diagnostics';
import type { Tensors } from '../../compiler/artifactSession';
import { ArtifactSession, median } from '../../compiler/artifactSession';
import { inputSignatures } from '../../compiler/interpretModel';
import type { LoadedModel, ModelSource } from '../../compiler/loadModel';
import { loadModel } from '../../compiler/loadModel';
import type { CpuLevel } from '../../compiler/targetDescription';
import { describeTarget, levelOf, targetAttribute } from '../../compiler/targetDescription';
import { loadInputs } from '../../compiler/tensors';
import type { PipelineStep, RewriteControl, RewriteRecord } from '../../ir';
import type { Bisection, Culprit } from '../bisection';
import { bisectMessages } from '../messages';
import { diffTexts } from '../../dump/irState';
import { functionText } from '../dispatches';
import type { BuiltProgram } from '../programRun';
import { ProgramRuns, shippedBackend } from '../programRun';
import type { BisectEnvironment } from '../progress';
import { Progress } from '../progress';
import { Replay, singlePasses } from '../replay';
import type { Test } from '../search';
import { returnsToGood, verdicts } from '../search';
import type { Comparison, SequentialOptions } from './sequentialTest';
import { compareTimes, sequentialDefaults } from './sequentialTest';

export interface PerfRequest extends ModelSource {
  readonly good: readonly PipelineStep[];
  readonly bad: readonly PipelineStep[];
  readonly cpuLevel?: CpuLevel;
  readonly threads?: number;
  readonly sequential?: SequentialOptions;
}
export interface PerfEnvironment extends BisectEnvironment {
  readonly resourceRoot: string;
}

type Verdict = Omit<Test, 'point' | 'by'>;

export async function bisectPerf(request: PerfRequest, environment: PerfEnvironment): Promise<Bisection> {
  const progress = new Progress(
    { kind: 'perf', subject: request.model, metric: { name: 'time / good time', limit: undefined } },
    environment,
  );
  const model = await loadModel(request);
  const target = await describeTarget(request.cpuLevel ?? levelOf(model.module));
  model.module.setAttr('strata.target', targetAttribute(target));
  const runs = new ProgramRuns({
    target,
    resourceRoot: environment.resourceRoot,
    cancellation: environment.cancellation,
    backend: shippedBackend,
  });
  const bisect = new PerfBisect(request, environment, model, runs, progress);
  try {
    return await bisect.run();
  } finally {
    await bisect.close();
    runs.close();
  }
}

/** A compiled program in a runner of its own. */
interface Running {
  readonly built: BuiltProgram;
  readonly session: ArtifactSession;
}

/** A place where the two pipelines differ: passes of the one against passes of the other. */
interface Difference {
  readonly label: string;
  readonly good: readonly PipelineStep[];
  readonly bad: readonly PipelineStep[];
}
type Segment = readonly PipelineStep[] | Difference;
const isDifference = (s: Segment): s is Difference => 'label' in s;

class PerfBisect {
  readonly #inputs: Tensors;
  readonly #threads: { readonly threads?: number };
  readonly #segments: readonly Segment[];
  #good: Running | undefined;
  #bad: Running | undefined;

  constructor(
    readonly request: PerfRequest,
    readonly environment: PerfEnvironment,
    readonly model: LoadedModel,
    readonly runs: ProgramRuns,
    readonly progress: Progress,
  ) {
    this.#inputs = loadInputs(inputSignatures(model.module), new Map());
    this.#threads = request.threads === undefined ? {} : { threads: request.threads };
    this.#segments = segmentsOf(singlePasses(request.good), singlePasses(request.bad));
  }

  async close(): Promise<void> {
    await this.#good?.session.close();
    await this.#bad?.session.close();
  }

  async run(): Promise<Bisection> {
    const { progress } = this;
    const differences = this.#segments.filter(isDifference);
    if (differences.length === 0) return progress.done('Both sides run the same passes.');
    progress.activity('compiling both sides');
    this.#good = await this.#start(0, 'good');
    this.#bad = await this.#start(differences.length, 'bad');
    progress.activity('measuring both sides');
    const whole = await this.#compare(this.#good, this.#bad);
    progress.note(comparisonText(whole));
    const { decision } = whole;
    if (decision.kind === 'unclear')
      return progress.done(
        `No answer: the noise is larger than what is looked for. About ${decision.repeats} runs of each side would tell.`,
      );
    if (decision.kind !== 'slower') return progress.done(`Nothing became slower (${comparisonText(whole)}).`);
    const points = [{ label: 'good', group: '' }, ...differences.map((d) => ({ label: d.label, group: '' }))];
    const known: readonly Test[] = [
      { point: 0, verdict: 'good', metric: 1, by: 'known' },
      { point: differences.length, verdict: 'bad', metric: whole.ratio, by: 'known' },
    ];
    const limit = Math.sqrt(whole.ratio);
    const { search, outlook } = await progress.search({ id: 'passes', title: 'passes', points }, known, (n) =>
      this.#judge(n, limit),
    );
    if (returnsToGood(search).length > 0)
      progress.note('A later pass makes up for it: the time does not grow with each pass.');
    if (outlook.kind !== 'found') return progress.done('It could not be told which pass is to blame.');
    const { good, bad } = outlook;
    const alternatives = differences.slice(good, bad - 1).map((d) => d.label);
    const label = differences[bad - 1]!.label;
    const rewrite = alternatives.length > 0 ? undefined : await this.#rewrite(bad - 1, verdicts(search));
    const dispatch = await this.#dispatch(good, bad);
    progress.culprit({
      pass: label,
      stage: '',
      alternatives,
      nodes: dispatch?.nodes ?? [],
      metric: verdicts(search).get(bad)?.metric,
      outputs: [],
      diff: dispatch?.diff ?? '',
      whatIf: [],
      ...(rewrite === undefined ? {} : { rewrite }),
      ...(dispatch === undefined ? {} : { dispatch: { ...dispatch, race: false } }),
    });
    const where =
      dispatch === undefined ? '' : `, most of it in dispatch ${dispatch.index} (${dispatch.name})`;
    return progress.done(
      `${label}${rewrite === undefined ? '' : `, rule ${rewrite.rule}, rewrite ${rewrite.index}`} makes it ${percent((verdicts(search).get(bad)?.metric ?? whole.ratio) - 1)} slower${where}.`,
    );
  }

  /** The pipeline with the first `n` differences as the bad side has them. */
  #pipeline(n: number): readonly PipelineStep[] {
    let seen = 0;
    return this.#segments.flatMap((s) => (isDifference(s) ? (seen++ < n ? s.bad : s.good) : s));
  }
  #start(n: number, which: string): Promise<Running> {
    return this.#startPasses(this.#pipeline(n), new Map(), which);
  }
  async #startPasses(
    steps: readonly PipelineStep[],
    controls: ReadonlyMap<number, RewriteControl>,
    which: string,
  ): Promise<Running> {
    const replay = new Replay(this.model, steps, this.environment.cancellation);
    replay.run(controls);
    if (replay.failure !== undefined)
      throw bisectMessages.error('STR1106', {
        which,
        problem:
          replay.failure.error instanceof Error ? replay.failure.error.message : String(replay.failure.error),
      });
    const built = await this.runs.build(replay.points[replay.points.length - 1]!.state);
    const session = await ArtifactSession.open(built.artifact, {
      resourceRoot: this.environment.resourceRoot,
      cancellation: this.environment.cancellation,
    });
    await session.bench(this.#inputs, { ...this.#threads, warmup: 3, repeat: 3 });
    return { built, session };
  }

  #compare(a: Running, b: Running): Promise<Comparison> {
    // The first run of a turn finds cold caches and sleeping threads.
    const measure = (r: Running) => async (n: number) =>
      (await r.session.bench(this.#inputs, { ...this.#threads, warmup: 1, repeat: n })).iterationNs;
    this.progress.ranOnce();
    return compareTimes([measure(a), measure(b)], this.request.sequential ?? sequentialDefaults);
  }

  /**
   * Inside a pass of the bad side: its first n rewrites, then the good side's pass for the rest. Undefined where the bad
   * side leaves the pass out, or applies nothing.
   */
  async #rewrite(difference: number, passes: ReadonlyMap<number, Test>): Promise<Culprit['rewrite']> {
    const steps: PipelineStep[] = [];
    let seen = 0;
    let at = -1;
    for (const s of this.#segments) {
      if (!isDifference(s)) steps.push(...s);
      else if (seen++ !== difference) steps.push(...(seen <= difference ? s.bad : s.good));
      else {
        if (s.bad.length !== 1) return undefined;
        at = steps.length;
        steps.push(...s.bad, ...s.good);
      }
    }
    const full = new Replay(this.model, steps, this.environment.cancellation);
    full.run();
    const rewrites = full.points.find((p) => p.record.index === at + 1)?.rewrites ?? [];
    if (rewrites.length < 2) return rewrites[0] && rewriteOf(rewrites[0], 0);
    const [good, bad] = [passes.get(difference)?.metric ?? 1, passes.get(difference + 1)?.metric ?? 1];
    const limit = Math.sqrt(good * bad);
    const points = [
      { label: 'none', group: '' },
      ...rewrites.map((r) => ({
        label: `${r.index} ${r.rule}${r.sources[0] === undefined ? '' : ` at ${r.sources[0].nodes[0] ?? r.sources[0].name}`}`,
        group: r.rule,
      })),
    ];
    const known: readonly Test[] = [
      { point: 0, verdict: 'good', metric: good, by: 'known' },
      { point: rewrites.length, verdict: 'bad', metric: bad, by: 'known' },
    ];
    const { outlook } = await this.progress.search(
      { id: 'rewrites', title: 'rewrites', points },
      known,
      (n) =>
        this.#judged(`${n} rewrites`, limit, () =>
          this.#startPasses(steps, new Map([[at, { stopAfter: n }]]), `${n} rewrites`),
        ),
    );
    if (outlook.kind !== 'found') return undefined;
    const offset = full.points
      .filter((p) => p.record.index < at + 1)
      .reduce((n, p) => n + p.rewrites.length, 0);
    return rewriteOf(rewrites[outlook.bad - 1]!, offset);
  }

  #judge(n: number, limit: number): Promise<Verdict> {
    return this.#judged(`${n} of the differences`, limit, () => this.#start(n, `point ${n}`));
  }
  async #judged(what: string, limit: number, start: () => Promise<Running>): Promise<Verdict> {
    this.progress.activity(`compiling with ${what}`);
    let made: Running;
    try {
      made = await start();
    } catch (error) {
      if (error instanceof CancelledError) throw error;
      if (error instanceof StrataError) return { verdict: 'skip', note: error.diagnostic.text };
      throw error;
    }
    try {
      this.progress.activity(`measuring with ${what}`);
      const { ratio, decision } = await this.#compare(this.#good!, made);
      if (decision.kind === 'unclear') return { verdict: 'skip', metric: ratio, note: 'too noisy' };
      return { verdict: ratio < limit ? 'good' : 'bad', metric: ratio };
    } finally {
      await made.session.close();
    }
  }

  /** The dispatch that grew most between two neighbouring points, with the C of both. */
  async #dispatch(good: number, bad: number) {
    this.progress.activity('looking for the dispatch');
    const [a, b] = [await this.#start(good, 'good'), await this.#start(bad, 'bad')];
    try {
      const times = async (r: Running) =>
        (await r.session.bench(this.#inputs, { ...this.#threads, warmup: 3, repeat: 30 })).dispatches.map(
          (d) => median(d.ns),
        );
      const [before, after] = [await times(a), await times(b)];
      const old = a.built.program.entryPoints[0]!.steps.map((step, i) => ({ step, ns: before[i]! }));
      const rows = b.built.program.entryPoints[0]!.steps.map((step, index) => {
        // What computed most of the same model nodes before; several may have become one.
        const partners = old.filter((o) => o.step.origins.some((n) => step.origins.includes(n)));
        const ns = partners.reduce((sum, o) => sum + o.ns, 0);
        return { index, step, old: partners[0] && { step: partners[0].step, ns }, grew: after[index]! - ns };
      });
      const [worst] = [...rows].sort((x, y) => y.grew - x.grew);
      if (worst === undefined) return undefined;
      const code = (r: Running, symbol: string): string => functionText(r.built.emitted.source, symbol);
      const oldCode = worst.old === undefined ? '' : code(a, worst.old.step.symbol);
      this.progress.note(
        `${worst.step.name}: ${((worst.old?.ns ?? 0) / 1e3).toFixed(1)} µs → ${(after[worst.index]! / 1e3).toFixed(1)} µs; schedule ${worst.old?.step.schedule ?? '(none)'} → ${worst.step.schedule}`,
      );
      return {
        index: worst.index,
        name: worst.step.name,
        nodes: worst.step.origins,
        source: code(b, worst.step.symbol),
        diff: sideBySide(oldCode, code(b, worst.step.symbol)),
      };
    } finally {
      await a.session.close();
      await b.session.close();
    }
  }
}

const rewriteOf = (r: RewriteRecord, offset: number): NonNullable<Culprit['rewrite']> => ({
  index: offset + r.index,
  inPass: r.index,
  rule: r.rule,
  sources: r.sources,
  results: r.results,
});
const sideBySide = (before: string, after: string): string => diffTexts(before, after, ['good', 'bad']).text;
const percent = (x: number): string => `${(100 * x).toFixed(1)} %`;
export const comparisonText = (c: Comparison): string =>
  `bad / good = ${c.ratio.toFixed(3)}, p = ${c.p.toPrecision(2)}, ${c.repeats} interleaved runs of each`;

/** Aligns two lists of passes: equal ones stay, what lies between is a difference. */
export function segmentsOf(good: readonly PipelineStep[], bad: readonly PipelineStep[]): readonly Segment[] {
  const same = (a: PipelineStep, b: PipelineStep): boolean =>
    a.node === b.node || (keyOf(a) === keyOf(b) && runOf(a) === runOf(b));
  const lengths = Array.from({ length: good.length + 1 }, () => new Array<number>(bad.length + 1).fill(0));
  for (let i = good.length - 1; i >= 0; i--)
    for (let j = bad.length - 1; j >= 0; j--)
      lengths[i]![j] = same(good[i]!, bad[j]!)
        ? 1 + lengths[i + 1]![j + 1]!
        : Math.max(lengths[i + 1]![j]!, lengths[i]![j + 1]!);
  const segments: Segment[] = [];
  let [i, j] = [0, 0];
  while (i < good.length || j < bad.length) {
    if (i < good.length && j < bad.length && same(good[i]!, bad[j]!)) {
      segments.push([good[i]!]);
      i++;
      j++;
      continue;
    }
    const [i0, j0] = [i, j];
    while (
      !(i < good.length && j < bad.length && same(good[i]!, bad[j]!)) &&
      (i < good.length || j < bad.length)
    ) {
      if (j >= bad.length || (i < good.length && lengths[i + 1]![j]! >= lengths[i]![j + 1]!)) i++;
      else j++;
    }
    segments.push(...differencesOf(good.slice(i0, i), bad.slice(j0, j)));
  }
  return segments;
}
/** One by one where both sides have a pass of the name. */
function differencesOf(good: readonly PipelineStep[], bad: readonly PipelineStep[]): readonly Difference[] {
  const name = (s: PipelineStep): string => keyOf(s).replace(/\{.*/s, '');
  const left = [...good];
  const result: Difference[] = [];
  for (const b of bad) {
    const at = left.findIndex((g) => name(g) === name(b));
    const before = at < 0 ? [] : left.splice(0, at);
    for (const g of before) result.push({ label: `without ${keyOf(g)}`, good: [g], bad: [] });
    const partner = at < 0 ? [] : left.splice(0, 1);
    result.push({ label: at < 0 ? `with ${keyOf(b)}` : keyOf(b), good: partner, bad: [b] });
  }
  for (const g of left) result.push({ label: `without ${keyOf(g)}`, good: [g], bad: [] });
  return result;
}
const keyOf = (s: PipelineStep): string =>
  s.node.kind === 'pass'
    ? s.node.pass.text
    : s.node.children.map((c) => keyOf({ node: c, stage: s.stage })).join(',');
const runOf = (s: PipelineStep): unknown => (s.node.kind === 'pass' ? passOf(s).pass : undefined);
const passOf = (s: PipelineStep) => (s.node as Extract<PipelineStep['node'], { kind: 'pass' }>).pass;
