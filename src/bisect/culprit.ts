/** From the pass that broke it to the rewrite, the op and the element; below the passes, to the kernel. */
import { diffTexts } from '../dump/irState';
import { StrataError } from '../base/diagnostics';
import type { RewriteRecord } from '../ir';
import { printOp } from '../ir';
import { firstDivergence } from './align';
import type { Culprit } from './bisection';
import { captureRun } from './capture';
import { crashedDispatch, describe, findWrongDispatch } from './dispatches';
import type { NumericsBisect } from './numerics';
import { reasonOfError } from './numerics';
import type { IrState, Replay, ReplayPoint } from './replay';
import type { Search, Test } from './search';
import { semanticChange } from './semanticChange';
import { verdicts } from './search';
import { compareTensors } from './tolerance';

export interface CulpritContext {
  readonly bisect: NumericsBisect;
  readonly replay: Replay;
  readonly search: Search;
  /** Points of the search over passes. */
  readonly good: number;
  readonly bad: number;
  /** Rewrites are held back, so that the numbers of others are not those of the whole compilation. */
  readonly renumbered: boolean;
}

export const rewriteLabel = (r: { readonly index: number; readonly rule: string }): string =>
  `rewrite ${r.index} (${r.rule})`;

export interface PassCulprit {
  readonly culprit: Culprit;
  /** Of the pipeline. */
  readonly step: number;
  /** Right before the rewrite, where one was found. */
  readonly before?: IrState;
}

/** Searches the rewrites of the pass at `bad`. */
export async function findPassCulprit(context: CulpritContext): Promise<PassCulprit> {
  const { bisect, replay, search, good, bad } = context;
  const { points, failure } = replay;
  const before = bisect.requirePoint(points, bad - 1);
  const failed = bad >= points.length;
  const step = failed ? failure!.step : points[bad]!.record.index - 1;
  const pass = failed ? failure!.pass : points[bad]!.record.pass;
  const stage = failed ? 'failed' : points[bad]!.record.stage;
  const alternatives = points.slice(good + 1, bad).map((p) => p.record.pass);
  const verdict = verdicts(search).get(bad)!;
  const base: Culprit = {
    pass,
    stage,
    alternatives,
    nodes: [],
    metric: verdict.metric,
    outputs: failed ? [] : outputsOf(bisect, points[bad]!.state),
    diff: '',
    whatIf: [],
    ...(verdict.note === undefined ? {} : { crash: verdict.note }),
  };
  // With passes between that could not be judged, which of them it is stays open.
  if (alternatives.length > 0) return { culprit: base, step };
  const rewrites = failed ? failedRewrites(context, step, before.state) : points[bad]!.rewrites;
  if (rewrites.length === 0) return { culprit: base, step };
  // Held-back applications have numbers too, so the first n records are not the first n applications.
  const stateAt = (n: number): IrState =>
    n === 0
      ? before.state
      : replay.runStep(step, before.state, {
          ...replay.controlOf(step),
          stopAfter: (rewrites[n - 1]?.index ?? n - 1) + 1,
        }).state;
  const offset = points.slice(0, bad).reduce((n, p) => n + p.rewrites.length, 0);
  const found = await searchRewrites(context, rewrites, step, pass, stateAt, offset);
  if (found === undefined) return { culprit: base, step };
  const record = rewrites[found.bad - 1]!;
  const rewrite = {
    index: offset + record.index,
    inPass: record.index,
    ...(context.renumbered ? { renumbered: true } : {}),
    rule: record.rule,
    sources: record.sources,
    results: record.results,
  };
  const nodes = [...new Set([...record.sources, ...record.results].flatMap((o) => o.nodes))];
  const others = rewrites.slice(found.good, found.bad - 1).map((r) => `${offset + r.index} ${r.rule}`);
  const last = stateAt(found.bad - 1);
  const located = failed ? {} : locate(bisect, last, stateAt(found.bad));
  return { culprit: { ...base, rewrite, nodes, alternatives: others, ...located }, step, before: last };
}

/** The rewrites of a pass that threw: those that were applied before. */
function failedRewrites({ replay }: CulpritContext, step: number, from: IrState): readonly RewriteRecord[] {
  // Held back one by one from the end, the pass runs through; what it then records is the list.
  for (let limit = 1; limit < 1 << 20; limit *= 2) {
    try {
      const { rewrites } = replay.runStep(step, from, { stopAfter: limit });
      if (rewrites.length < limit) return rewrites;
    } catch {
      for (let n = limit; n >= 0; n--) {
        try {
          const { rewrites } = replay.runStep(step, from, { stopAfter: n });
          // The next one is what breaks it; it is known by its place only.
          const next: RewriteRecord = {
            index: n,
            pass: replay.failure!.pass,
            rule: 'the next rewrite',
            sources: [],
            results: [],
            durationNs: 0,
          };
          return [...rewrites, next];
        } catch {
          continue;
        }
      }
      return [];
    }
  }
  return [];
}

async function searchRewrites(
  { bisect, search, good, bad, renumbered }: CulpritContext,
  rewrites: readonly RewriteRecord[],
  step: number,
  pass: string,
  stateAt: (n: number) => IrState,
  offset: number,
): Promise<{ readonly good: number; readonly bad: number } | undefined> {
  const known = verdicts(search);
  const ends: readonly Test[] = [
    { ...known.get(good)!, point: 0, by: 'known' },
    { ...known.get(bad)!, point: rewrites.length, by: 'known' },
  ];
  const label = (r: RewriteRecord): string =>
    `${offset + r.index} ${r.rule}${r.sources[0] === undefined ? '' : ` at ${r.sources[0].nodes[0] ?? r.sources[0].name}`}`;
  const points = [
    { label: `before ${pass}`, group: '' },
    ...rewrites.map((r) => ({
      label: label(r),
      group: r.rule,
      ...(renumbered ? {} : { rewrite: offset + r.index }),
    })),
  ];
  const { outlook } = await bisect.progress.search(
    { id: `rewrites of ${step} ${pass}`, title: `rewrites of ${pass}`, points },
    ends,
    async (n) => {
      bisect.progress.activity(`judging the first ${n} of ${rewrites.length} rewrites of ${pass}`);
      try {
        return await bisect.judge(stateAt(n));
      } catch (error) {
        return bisect.verdictOfError(error);
      }
    },
  );
  return outlook.kind === 'found' ? outlook : undefined;
}

const outputsOf = (bisect: NumericsBisect, state: IrState): Culprit['outputs'] => {
  try {
    const { outputs } = captureRun(state, bisect.inputs, {
      cancellation: bisect.environment.cancellation,
      memo: bisect.memo,
    });
    return compareTensors(outputs, bisect.expected, bisect.tolerance);
  } catch (error) {
    bisect.verdictOfError(error);
    return [];
  }
};

/** The first op and element that one rewrite made wrong, and what it changed. */
function locate(
  bisect: NumericsBisect,
  before: IrState,
  after: IrState,
): Pick<Culprit, 'divergence' | 'diff' | 'semantic'> {
  const { cancellation } = bisect.environment;
  bisect.progress.activity('looking for the first op that differs');
  const changed = {
    diff: diffTexts(printOp(before.module), printOp(after.module), ['before', 'after'], {}).text,
    semantic: semanticChange(before.module, after.module, cancellation),
  };
  try {
    const run = (state: IrState, calls: boolean) =>
      captureRun(state, bisect.inputs, { cancellation, memo: bisect.memo, calls });
    let divergence = firstDivergence(run(before, false), run(after, false), bisect.tolerance);
    if (divergence === undefined || divergence.statistics.worst <= 1)
      divergence = firstDivergence(run(before, true), run(after, true), bisect.tolerance) ?? divergence;
    return { ...changed, ...(divergence === undefined ? {} : { divergence }) };
  } catch (error) {
    bisect.verdictOfError(error);
    bisect.progress.note(`The op could not be looked for: ${reasonOfError(error)}`);
    return changed;
  }
}

/** The kernel whose code does not do what its IR says. */
export async function findCodeCulprit(
  { bisect, search, bad }: CulpritContext,
  last: ReplayPoint,
): Promise<Culprit> {
  const { runs, inputs, tolerance, progress } = bisect;
  progress.activity('looking for the kernel');
  const verdict = verdicts(search).get(bad)!;
  const base: Culprit = {
    pass: 'code',
    stage: 'code',
    alternatives: [],
    nodes: [],
    metric: verdict.metric,
    outputs: [],
    diff: '',
    whatIf: [],
    ...(verdict.note === undefined ? {} : { crash: verdict.note }),
  };
  const many = bisect.request.threads;
  let wrong;
  try {
    progress.ranOnce();
    wrong = await findWrongDispatch(runs, last.state, inputs, [1, many, many, many, many], tolerance);
    if (wrong === undefined && verdict.note !== undefined) {
      const built = await runs.build(last.state);
      const index = crashedDispatch(new StrataError({ code: '', severity: 'error', text: verdict.note }));
      const dispatch = index === undefined ? undefined : built.program.entryPoints[0]?.steps[index];
      if (dispatch !== undefined)
        wrong = { ...describe(index!, dispatch, built), statistics: undefined, race: false };
    }
  } catch (error) {
    bisect.verdictOfError(error);
    progress.note(`The kernel could not be looked for: ${reasonOfError(error)}`);
    return base;
  }
  if (wrong === undefined) {
    progress.note(
      'Each kernel by itself does what its IR says: the host program (places of buffers, order of launches) or the runner is wrong.',
    );
    return base;
  }
  const { index, name, source, race, statistics, nodes, symbol } = wrong;
  return {
    ...base,
    nodes,
    dispatch: { index, name, source, race },
    ...(statistics === undefined ? {} : { divergence: { op: 'kernel', text: symbol, nodes, statistics } }),
  };
}
