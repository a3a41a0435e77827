/**
 * "Which pass made it slow?": two programs of one model, a good and a bad one. Where both are compiled here, the programs
 * between them take the first differences of the bad one; names the pass, then the rewrite, then what of the schedule, and in any
 * case the dispatch. Where they are not, commits are searched or the dispatches compared.
 */
import { CancelledError } from '../../base/cancellation';
import { StrataError } from '../../base/diagnostics';
import { readArtifact } from '../../artifact/readArtifact';
import { remainingSteps } from '../../compiler/continuation';
import type { ModelSource } from '../../compiler/loadModel';
import { loadModel } from '../../compiler/loadModel';
import { readText } from '../../compiler/readText';
import type { CpuLevel } from '../../compiler/targetDescription';
import { describeTarget, levelOf } from '../../compiler/targetDescription';
import type { PipelineStep, RewriteControl, RewriteRecord } from '../../ir';
import { parseAttributeText, parsePipeline } from '../../ir';
import { passes } from '../../lowering/passes/index';
import { defaultPipeline } from '../../lowering/pipeline';
import type { Bisection, Culprit, PerfEvidence, PointInfo } from '../bisection';
import { bisectMessages } from '../messages';
import { shippedBackend } from '../programRun';
import type { BisectEnvironment } from '../progress';
import { Progress } from '../progress';
import { singlePasses } from '../replay';
import type { Outlook, Search, Test } from '../search';
import { returnsToGood, verdicts } from '../search';
import { diffTexts } from '../../dump/irState';
import { evidenceOf } from './evidence';
import type { PairTimes, TimedProgram } from './pairTimer';
import { timePair } from './pairTimer';
import type { Estimate, PairedOptions } from './pairedTest';
import { decide, lighter, measureUntil, pairedDefaults, place } from './pairedTest';
import type { Program } from './programs';
import { Programs } from './programs';
import type { Recipe } from './recipe';
import { RecipeRow } from './recipe';
import type { Commit } from './revision';
import { Revisions } from './revision';
import { findScheduleCulprit } from './scheduleSearch';
import type { Side } from './side';

export interface PerfRequest extends ModelSource {
  readonly good: Side;
  readonly bad: Side;
  /** Of sides that say nothing else. */
  readonly cpuLevel?: CpuLevel;
  readonly threads?: number;
  readonly paired?: PairedOptions;
  /** Measure every point, so that each difference has its share. */
  readonly exhaustive?: boolean;
  /** A clone of Strata's repository, for revisions; default: where this program lies. */
  readonly repository?: string;
}
export interface PerfEnvironment extends BisectEnvironment {
  readonly resourceRoot: string;
}
/** What else the sides are compiled with, where that is not the shipped compiler. */
export interface PerfParts {
  readonly good?: Partial<Recipe>;
  readonly bad?: Partial<Recipe>;
}

type Verdict = Omit<Test, 'point' | 'by'>;
/** Points that noise left open are tried again when a search is gone on with. */
const tooNoisy = 'too noisy';

export async function bisectPerf(
  request: PerfRequest,
  environment: PerfEnvironment,
  parts: PerfParts = {},
): Promise<Bisection> {
  const saved = new Map(
    [...(environment.saved ?? [])].map(([level, tests]) => [
      level,
      tests.filter((t) => t.by === 'hand' || t.note?.startsWith(tooNoisy) !== true),
    ]),
  );
  const progress = new Progress(
    { kind: 'perf', subject: request.model, metric: { name: 'time / good time', limit: undefined } },
    { ...environment, saved },
  );
  const model = await loadModel(request);
  const programs = new Programs(model, request, {
    resourceRoot: environment.resourceRoot,
    cancellation: environment.cancellation,
    onProgress: (text) => {
      progress.activity(text);
    },
  });
  try {
    return await new PerfBisect(request, environment, parts, programs, progress).run();
  } finally {
    programs.close();
  }
}

/** Programs from the good one to the bad one. */
interface Row {
  readonly id: string;
  readonly title: string;
  readonly points: readonly PointInfo[];
  readonly make: (point: number) => Promise<Program>;
  /** Where the points are recipes. */
  readonly recipes?: RecipeRow;
}

interface Ends {
  readonly good: Program;
  readonly bad: Program;
  readonly whole: Estimate;
}

class PerfBisect {
  readonly #options: PairedOptions;
  readonly #revisions: Revisions;

  constructor(
    readonly request: PerfRequest,
    readonly environment: PerfEnvironment,
    readonly parts: PerfParts,
    readonly programs: Programs,
    readonly progress: Progress,
  ) {
    this.#options = request.paired ?? pairedDefaults;
    this.#revisions = new Revisions({
      repository: request.repository ?? environment.resourceRoot,
      cancellation: environment.cancellation,
      onProgress: (text) => {
        progress.activity(text);
      },
    });
  }

  async run(): Promise<Bisection> {
    const { progress, request } = this;
    progress.activity('compiling both sides');
    const row = await this.#row();
    const good = await row.make(0);
    const bad = await row.make(row.points.length - 1);
    if (good.identity === bad.identity) return progress.done('Both sides give the same program.');
    const { search, outlook } = await progress.search(
      {
        id: 'sides',
        title: 'both sides',
        points: [request.good, request.bad].map((s, i) => ({
          label: s.text === '' ? 'as usual' : s.text,
          group: i === 0 ? 'good' : 'bad',
        })),
      },
      [{ point: 0, verdict: 'good', metric: 1, by: 'known' }],
      () => this.#judgeSides(good, bad),
    );
    const sides = verdicts(search).get(1);
    if (outlook.kind === 'untestable') return progress.done(`No answer: ${sides?.note ?? tooNoisy}`);
    if (outlook.kind !== 'found' || sides === undefined)
      return progress.done(`Nothing became slower (${sides?.note ?? 'by hand'}).`);
    const ratio = sides.metric ?? 1 + this.#options.effect;
    progress.note(
      `bad / good = ${rangeText(ratio, sides.range)}${sides.note === undefined ? '' : `, ${sides.note}`}`,
    );
    const whole: Estimate = {
      ratio,
      low: sides.range?.[0] ?? ratio,
      high: sides.range?.[1] ?? ratio,
      p: 0,
      pairs: 0,
    };
    return this.#within(row, { good, bad, whole });
  }

  async #judgeSides(good: Program, bad: Program): Promise<Verdict> {
    this.progress.activity('measuring both sides');
    const { effect } = this.#options;
    const { estimate, decision } = await this.#measure(good, bad, (logs) => decide(logs, this.#options));
    const measured = { metric: estimate.ratio, range: [estimate.low, estimate.high] as const };
    const p = `p = ${pText(estimate.p)}, ${estimate.pairs} pairs`;
    switch (decision.kind) {
      case 'slower':
        return { verdict: 'bad', ...measured, note: p };
      case 'unclear':
        return {
          verdict: 'skip',
          ...measured,
          note: `${tooNoisy}: the noise is larger than ${percent(effect - 1)}. About ${decision.pairs} pairs would tell (--pairs).`,
        };
      case 'faster':
      case 'same':
      case 'more':
        return {
          verdict: 'good',
          ...measured,
          note: `bad / good = ${rangeText(estimate.ratio, measured.range)}, ${p}`,
        };
    }
  }

  /** Pairs of fresh processes until `judge` is content; `keep` sees them all. */
  #measure<D extends { readonly kind: string }>(
    a: TimedProgram,
    b: TimedProgram,
    judge: (logs: readonly number[]) => { readonly estimate: Estimate; readonly decision: D },
    keep: (pair: PairTimes) => void = () => {},
    log: (pair: PairTimes) => number = (pair) => pair.log,
    options = this.#options,
  ) {
    const { inputs } = this.programs;
    let turn = 0;
    return measureUntil(
      async () => {
        const pair = await timePair(a, b, inputs, this.environment.cancellation, turn++ % 2 === 1);
        keep(pair);
        return log(pair);
      },
      judge,
      options,
    );
  }

  async #within(row: Row, ends: Ends): Promise<Bisection> {
    const { progress } = this;
    if (row.points.length === 2 && row.recipes === undefined) return this.#sidesOnly(ends);
    const last = row.points.length - 1;
    const known: readonly Test[] = [
      { point: 0, verdict: 'good', metric: 1, by: 'known' },
      {
        point: last,
        verdict: 'bad',
        metric: ends.whole.ratio,
        range: [ends.whole.low, ends.whole.high],
        by: 'known',
      },
    ];
    const judge = new PointJudge(this, ends, Math.sqrt(ends.whole.ratio));
    const { search, outlook } = await progress.search(
      { id: row.id, title: row.title, points: row.points },
      known,
      (n) => judge.test(row.points[n]!.label, () => row.make(n)),
      { exhaustive: this.request.exhaustive === true, spotChecks: 0 },
    );
    if (returnsToGood(search).length > 0)
      progress.note('A later difference makes up for it: the time does not grow with each.');
    if (outlook.kind !== 'found') return progress.done('It could not be told what is to blame.');
    return this.#accuse(row, ends, search, outlook);
  }

  /** Measures the neighbours against one another, and says what differs only when they still differ. */
  async #accuse(
    row: Row,
    ends: Ends,
    search: Search,
    { good, bad }: Extract<Outlook, { kind: 'found' }>,
  ): Promise<Bisection> {
    const { progress } = this;
    const label = row.points[bad]!.label;
    const alternatives = row.points.slice(good + 1, bad).map((p) => p.label);
    const last = row.points.length - 1;
    const a = good === 0 ? ends.good : await row.make(good);
    const b = bad === last ? ends.bad : await row.make(bad);
    const found = await this.#compare(a, b);
    if (found.kind !== 'slower')
      return progress.done(
        `No answer: right before and after '${label}' the programs do not differ for certain (${rangeText(found.ratio, [found.low, found.high])}).`,
      );
    const share = Math.log(found.evidence.ratio) / Math.log(ends.whole.ratio);
    if (share < 0.75 && row.points.length > 2)
      progress.note(
        `It is ${percent(share)} of the whole slowdown; measuring each difference (--all) shows the others.`,
      );
    const culprit: Culprit = {
      pass: label,
      stage: '',
      alternatives,
      nodes: found.evidence.changes[0]?.nodes ?? [],
      metric: found.evidence.ratio,
      outputs: [],
      diff: '',
      whatIf: [],
      perf: found.evidence,
    };
    progress.culprit(culprit);
    const inner: Partial<Awaited<ReturnType<PerfBisect['inside']>>> =
      row.recipes === undefined || alternatives.length > 0
        ? {}
        : await this.inside(row.recipes, bad - 1, ends, search, found.evidence);
    const { schedule, ...rest } = inner;
    const full: Culprit = {
      ...culprit,
      ...rest,
      perf: schedule === undefined ? found.evidence : { ...found.evidence, schedule },
    };
    progress.replaceCulprit(full);
    return progress.done(verdictOf(full));
  }

  async #compare(a: Program, b: Program) {
    const { progress } = this;
    progress.activity('comparing the dispatches of both neighbours');
    progress.ranOnce();
    const pairs: PairTimes[] = [];
    const { estimate, decision } = await this.#measure(
      a,
      b,
      // Of the whole slowdown a neighbour may be a part.
      (logs) => decide(logs, this.#options, Math.sqrt(this.#options.effect)),
      (pair) => pairs.push(pair),
    );
    if (decision.kind !== 'slower') return { kind: 'other', ...estimate } as const;
    progress.activity('reading the kernels');
    const evidence = await evidenceOf([a, b], pairs, estimate, this.environment.cancellation);
    return { kind: 'slower', evidence } as const;
  }

  /** What is to blame inside a difference of recipes: the rewrite, and the part of the schedule. */
  async inside(
    recipes: RecipeRow,
    difference: number,
    ends: Ends,
    search: Search,
    evidence: PerfEvidence,
  ): Promise<Pick<Culprit, 'rewrite'> & Pick<PerfEvidence, 'schedule'>> {
    const known = verdicts(search);
    const [good, bad] = [known.get(difference)?.metric ?? 1, known.get(difference + 1)?.metric ?? 1];
    const rewrite = await this.#rewrite(recipes, difference, ends, [
      good,
      Math.max(bad, good * evidence.ratio),
    ]);
    const schedule = await findScheduleCulprit(
      {
        programs: this.programs,
        progress: this.progress,
        measure: (a, b, judge, log) => this.#measure(a, b, judge, undefined, log, lighter(this.#options)),
        options: lighter(this.#options),
      },
      [recipes.at(difference), recipes.at(difference + 1)],
      evidence,
    );
    return {
      ...(rewrite === undefined ? {} : { rewrite }),
      ...(schedule === undefined ? {} : { schedule }),
    };
  }

  /** By what the bad side's pass does, else by what it does not do any more. */
  async #rewrite(
    recipes: RecipeRow,
    difference: number,
    ends: Ends,
    metrics: readonly [good: number, bad: number],
  ): Promise<Culprit['rewrite']> {
    return (
      (await this.#rewriteOf('taken', recipes, difference, ends, metrics)) ??
      (await this.#rewriteOf('lost', recipes, difference, ends, metrics))
    );
  }

  async #rewriteOf(
    direction: 'taken' | 'lost',
    recipes: RecipeRow,
    difference: number,
    ends: Ends,
    [good, bad]: readonly [number, number],
  ): Promise<Culprit['rewrite']> {
    const inside = recipes.inside(difference, direction);
    if (inside === undefined) return undefined;
    const { recipe, step, follows } = inside;
    const lost = direction === 'lost';
    const full = await this.programs.replay(recipe);
    const rewrites = full.points.find((p) => p.record.index === step + 1)?.rewrites ?? [];
    const total = rewrites.length;
    if (total === 0) return undefined;
    // The rewrite that point n adds to what is taken over, or takes away.
    const at = (n: number): RewriteRecord => rewrites[lost ? total - n : n - 1]!;
    const points = [
      { label: lost ? 'all' : 'none', group: '' },
      ...Array.from({ length: total }, (_, i) => ({
        label: `${lost ? 'without ' : ''}${rewriteLabel(at(i + 1))}`,
        group: at(i + 1).rule,
      })),
    ];
    const known: readonly Test[] = [
      { point: 0, verdict: 'good', metric: good, by: 'known' },
      // Where the other side's pass follows, it may do what this one left: then the last point is good.
      ...(follows ? [] : [{ point: total, verdict: 'bad', metric: bad, by: 'known' } as const]),
    ];
    const judge = new PointJudge(this, ends, Math.sqrt(good * bad));
    const title = `rewrites ${lost ? 'that the bad side lacks' : 'of the bad side'}`;
    const { outlook } = await this.progress.search(
      { id: `rewrites ${direction} by ${difference}`, title, points },
      known,
      (n) => {
        const control: RewriteControl = { stopAfter: lost ? total - n : n };
        return judge.test(points[n]!.label, () =>
          this.programs.compile(recipe, points[n]!.label, new Map([[step, control]])),
        );
      },
    );
    if (outlook.kind !== 'found' || outlook.bad - outlook.good > 1) return undefined;
    const found = at(outlook.bad);
    const before = full.points.filter((p) => p.record.index < step + 1);
    return {
      index: before.reduce((n, p) => n + p.rewrites.length, 0) + found.index,
      inPass: found.index,
      rule: found.rule,
      sources: found.sources,
      results: found.results,
    };
  }

  /** Neither passes nor commits lie between the sides. */
  async #sidesOnly(ends: Ends): Promise<Bisection> {
    const { progress, request } = this;
    const found = await this.#compare(ends.good, ends.bad);
    if (found.kind !== 'slower')
      return progress.done('No answer: measured again, the sides do not differ for certain.');
    const first = await firstDifference(ends.good.artifact, ends.bad.artifact);
    if (first !== undefined) progress.note(first.note);
    const culprit: Culprit = {
      pass: request.bad.text,
      stage: '',
      alternatives: [],
      nodes: found.evidence.changes[0]?.nodes ?? [],
      metric: found.evidence.ratio,
      outputs: [],
      diff: first?.diff ?? '',
      whatIf: [],
      perf: found.evidence,
    };
    progress.culprit(culprit);
    return progress.done(verdictOf(culprit));
  }

  async #row(): Promise<Row> {
    const { request } = this;
    const { good, bad } = request;
    if (good.kind === 'compile' && bad.kind === 'compile') {
      const recipes = new RecipeRow(
        { ...(await this.#recipe(good)), ...this.parts.good },
        { ...(await this.#recipe(bad)), ...this.parts.bad },
      );
      const settings = recipes.differences.some((d) => d.kind === 'setting');
      return {
        id: 'passes',
        title: settings ? 'settings and passes' : 'passes',
        points: recipes.points,
        recipes,
        make: (n) => this.programs.compile(recipes.at(n), n === 0 ? 'good' : `point ${n}`),
      };
    }
    if (good.kind === 'revision' && bad.kind === 'revision') {
      const [from, to] = [
        await this.#revisions.resolve(good.revision),
        await this.#revisions.resolve(bad.revision),
      ];
      const commits = sameOptions(good, bad) ? ((await this.#revisions.between(from, to)) ?? [to]) : [to];
      return {
        id: 'commits',
        title: 'commits',
        points: [from, ...commits].map((c) => ({ label: `${c.hash.slice(0, 10)} ${c.subject}`, group: '' })),
        make: (n) => this.#ofCommit(n === 0 ? good : bad, n === 0 ? from : commits[n - 1]!),
      };
    }
    return {
      id: 'ends',
      title: 'both sides',
      points: [good, bad].map((s) => ({ label: s.text, group: s.kind })),
      make: (n) => this.#single(n === 0 ? good : bad, n === 0 ? this.parts.good : this.parts.bad),
    };
  }

  async #single(side: Side, parts: Partial<Recipe> | undefined): Promise<Program> {
    switch (side.kind) {
      case 'compile':
        return this.programs.compile({ ...(await this.#recipe(side)), ...parts }, side.text);
      case 'artifact':
        return this.programs.open(side.file, this.#threads(side));
      case 'revision':
        return this.#ofCommit(side, await this.#revisions.resolve(side.revision));
    }
  }
  #ofCommit(side: Extract<Side, { kind: 'revision' }>, commit: Commit): Promise<Program> {
    const cpuLevel = side.cpuLevel ?? this.request.cpuLevel;
    return this.programs.ofCommit(
      this.#revisions,
      commit,
      { ...side, ...(cpuLevel === undefined ? {} : { cpuLevel }) },
      this.#threads(side),
    );
  }
  #threads(side: Side): number {
    return side.threads ?? this.request.threads ?? 1;
  }

  async #recipe(side: Extract<Side, { kind: 'compile' }>): Promise<Recipe> {
    const { module } = this.programs.model;
    const { level } = await describeTarget(side.cpuLevel ?? this.request.cpuLevel ?? levelOf(module));
    const schedules =
      side.schedule === undefined ? undefined : parseAttributeText(await readText(side.schedule));
    if (schedules !== undefined && schedules.kind !== 'dictionary')
      throw bisectMessages.error('STR1106', {
        which: side.text,
        problem: `'${side.schedule}' holds no schedules by name of their dispatch`,
      });
    return {
      steps: stepsOf(side, (steps) => remainingSteps(module, steps)),
      cpuLevel: level,
      threads: this.#threads(side),
      heldRules: new Set(side.withoutRules),
      backend: shippedBackend,
      ...(schedules === undefined ? {} : { schedules }),
    };
  }

  /** Where a program stands between the ends. */
  async place(ends: Ends, program: Program, limit: number): Promise<Verdict> {
    const options = lighter(this.#options);
    const { estimate, decision } = await this.#measure(
      ends.good,
      program,
      (logs) => place(logs, limit, options),
      undefined,
      undefined,
      options,
    );
    const measured = { metric: estimate.ratio, range: [estimate.low, estimate.high] as const };
    if (decision.kind === 'below') return { verdict: 'good', ...measured };
    if (decision.kind === 'above') return { verdict: 'bad', ...measured };
    const pairs = decision.kind === 'unclear' ? decision.pairs : estimate.pairs;
    return { verdict: 'skip', ...measured, note: `${tooNoisy}: about ${pairs} pairs would tell` };
  }
}

/** Judges points of one row; a program that was judged before is not measured again. */
class PointJudge {
  readonly #judged = new Map<string, Verdict>();
  constructor(
    readonly bisect: PerfBisect,
    readonly ends: Ends,
    readonly limit: number,
  ) {
    const same = (metric: number, verdict: 'good' | 'bad', as: string): Verdict => ({
      verdict,
      metric,
      note: `the same program as the ${as} side`,
    });
    this.#judged.set(ends.good.identity, same(1, 'good', 'good'));
    this.#judged.set(ends.bad.identity, same(ends.whole.ratio, 'bad', 'bad'));
  }

  async test(label: string, make: () => Promise<Program>): Promise<Verdict> {
    const { progress, programs } = this.bisect;
    progress.activity(`compiling: ${label}`);
    let program: Program;
    try {
      program = await make();
    } catch (error) {
      if (error instanceof CancelledError) throw error;
      // What cannot be compiled is skipped; a full disk is nobody's fault.
      if (error instanceof StrataError && !['STR1105', 'STR0722'].includes(error.code))
        return { verdict: 'skip', note: error.diagnostic.text.split('\n')[0]! };
      throw error;
    }
    const known = this.#judged.get(program.identity);
    if (known !== undefined) {
      programs.discard(program);
      return known;
    }
    progress.activity(`measuring: ${label}`);
    try {
      const verdict = await this.bisect.place(this.ends, program, this.limit);
      this.#judged.set(program.identity, { ...verdict, note: 'the same program as one measured before' });
      return verdict;
    } finally {
      programs.discard(program);
    }
  }
}

function stepsOf(
  side: Extract<Side, { kind: 'compile' }>,
  remaining: (steps: readonly PipelineStep[]) => readonly PipelineStep[],
): readonly PipelineStep[] {
  const steps =
    side.pipeline === undefined
      ? remaining(defaultPipeline({ target: 'cpu', optLevel: side.optLevel ?? 3 }))
      : parsePipeline(side.pipeline, passes).map((node) => ({ node, stage: 'custom' }));
  return singlePasses(steps).filter(
    ({ node }) => node.kind !== 'pass' || !side.withoutPasses.includes(node.pass.pass.name),
  );
}
const sameOptions = (
  a: Extract<Side, { kind: 'revision' }>,
  b: Extract<Side, { kind: 'revision' }>,
): boolean =>
  a.optLevel === b.optLevel &&
  a.cpuLevel === b.cpuLevel &&
  a.schedule === b.schedule &&
  a.threads === b.threads;

const rewriteLabel = (r: RewriteRecord): string =>
  `${r.index} ${r.rule}${r.sources[0] === undefined ? '' : ` at ${r.sources[0].nodes[0] ?? r.sources[0].name}`}`;

/** Where the IR that two artifacts carry differs first; undefined where one carries none. */
async function firstDifference(
  good: string,
  bad: string,
): Promise<{ readonly note: string; readonly diff: string } | undefined> {
  const [a, b] = [(await readArtifact(good)).irTexts, (await readArtifact(bad)).irTexts];
  if (a.length === 0 || b.length === 0) return undefined;
  const at = b.findIndex((t, i) => a[i]?.pass !== t.pass || a[i].text !== t.text);
  if (at < 0) return { note: 'The IR of both sides is the same after every pass.', diff: '' };
  const before =
    at === 0 ? 'from the start' : `after ${b[at]!.pass}; up to ${b[at - 1]!.pass} it is the same`;
  return {
    note: `The IR of the sides differs ${before}.`,
    diff: a[at] === undefined ? '' : diffTexts(a[at].text, b[at]!.text, ['good', 'bad']).text,
  };
}

export const percent = (x: number): string => `${(100 * x).toFixed(Math.abs(x) < 0.1 ? 1 : 0)} %`;
const rangeText = (ratio: number, range: readonly [number, number] | undefined): string =>
  range === undefined || !Number.isFinite(range[0] + range[1])
    ? ratio.toFixed(3)
    : `${ratio.toFixed(3)} (${range[0].toFixed(3)} to ${range[1].toFixed(3)})`;
const pText = (p: number): string => (p < 1e-4 ? p.toExponential(0) : p.toPrecision(2));

function verdictOf(c: Culprit): string {
  const { perf, rewrite } = c;
  const open =
    c.alternatives.length === 0 ? '' : ` (or ${c.alternatives.join(', ')}, which could not be measured)`;
  const rule = rewrite === undefined ? '' : `, rule ${rewrite.rule}, rewrite ${rewrite.index}`;
  const slower = percent((c.metric ?? 1) - 1);
  const change = perf?.changes[0];
  const bad = change?.bad.map((i) => perf!.sides[1][i]!.name) ?? [];
  const grew = change === undefined ? 0 : change.badNs - change.goodNs;
  const total = perf?.changes.reduce((sum, x) => sum + Math.max(0, x.badNs - x.goodNs), 0) ?? 0;
  const where =
    change === undefined || grew <= 0
      ? ''
      : `, ${total > 0 && grew / total > 0.995 ? 'all' : percent(grew / total)} of it in ${bad.length === 1 ? `dispatch ${change.bad[0]} (${bad[0]})` : `dispatches ${change.bad.join(', ')}`}`;
  const schedule =
    perf?.schedule === undefined
      ? ''
      : `; its schedule's ${perf.schedule.entries.join(' and ')} ${perf.schedule.entries.length === 1 ? 'does' : 'do'} it`;
  return `${c.pass}${open}${rule} makes it ${slower} slower${where}${schedule}.`;
}
