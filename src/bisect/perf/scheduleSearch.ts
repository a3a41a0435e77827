/**
 * Which part of a schedule makes a dispatch slow: the dispatch as the good side has it, given the bad side's schedule entry by
 * entry. Judged by the time of that dispatch alone.
 */
import { CancelledError } from '../../base/cancellation';
import { StrataError } from '../../base/diagnostics';
import type { Attribute, DictionaryAttr } from '../../ir';
import { dictionaryAttr } from '../../ir';
import { region } from '../../ir/dialects/dispatch';
import type { PerfEvidence, ScheduleCulprit } from '../bisection';
import type { Progress } from '../progress';
import type { Test } from '../search';
import type { PairTimes } from './pairTimer';
import type { Estimate, PairedOptions, Placement } from './pairedTest';
import { place } from './pairedTest';
import type { Program, Programs } from './programs';
import type { Recipe } from './recipe';
import { withSchedule } from './recipe';

export interface ScheduleSearch {
  readonly programs: Programs;
  readonly progress: Progress;
  readonly options: PairedOptions;
  readonly measure: (
    a: Program,
    b: Program,
    judge: (logs: readonly number[]) => { readonly estimate: Estimate; readonly decision: Placement },
    log: (pair: PairTimes) => number,
  ) => Promise<{ readonly estimate: Estimate; readonly decision: Placement }>;
}

/** Entries that say what is tiled, or what the model of the machine thinks of it. */
const descriptive = new Set(['loops', 'sizes', 'predicted_ns', 'bound']);
/** Those that others build on first. */
const order = ['order', 'vector', 'lanes', 'tile', 'block'];

/** Undefined where the dispatch that changed has no other schedule, or where the schedule alone does not make it slow. */
export async function findScheduleCulprit(
  search: ScheduleSearch,
  [goodRecipe, badRecipe]: readonly [Recipe, Recipe],
  evidence: PerfEvidence,
): Promise<ScheduleCulprit | undefined> {
  const [change] = evidence.changes;
  if (change?.good.length !== 1 || change.bad.length !== 1 || change.ratio === undefined) return undefined;
  const index = change.good[0]!;
  const name = evidence.sides[0][index]!.name;
  const { programs, progress } = search;
  const before = await scheduleOf(programs, goodRecipe, name);
  const after = await scheduleOf(programs, badRecipe, evidence.sides[1][change.bad[0]!]!.name);
  if (before === undefined || after === undefined) return undefined;
  if (before.entries.get('sizes')?.text !== after.entries.get('sizes')?.text) return undefined;
  const entries = [...new Set([...before.entries.keys(), ...after.entries.keys()])]
    .filter((e) => !descriptive.has(e) && before.entries.get(e)?.text !== after.entries.get(e)?.text)
    .sort((a, b) => order.indexOf(a) - order.indexOf(b));
  if (entries.length === 0) return undefined;
  const mixed = (n: number): DictionaryAttr => {
    const made = new Map<string, Attribute>(before.entries);
    for (const e of entries.slice(0, n)) {
      const value = after.entries.get(e);
      if (value === undefined) made.delete(e);
      else made.set(e, value);
    }
    return dictionaryAttr([...made]);
  };
  const limit = Math.sqrt(change.ratio);
  const good = await programs.compile(goodRecipe, 'good');
  const test = async (n: number): Promise<Omit<Test, 'point' | 'by'>> => {
    progress.activity(`measuring ${name} with the bad side's ${entries.slice(0, n).join(', ')}`);
    let program: Program;
    try {
      program = await programs.compile(withSchedule(goodRecipe, name, mixed(n)), `schedule ${n}`);
    } catch (error) {
      if (error instanceof CancelledError || !(error instanceof StrataError)) throw error;
      return { verdict: 'skip', note: error.diagnostic.text.split('\n')[0]! };
    }
    try {
      const { estimate, decision } = await search.measure(
        good,
        program,
        (logs) => place(logs, limit, search.options),
        (pair) => pair.groups.find((g) => g.good.includes(index))?.log ?? 0,
      );
      return {
        verdict: decision.kind === 'above' ? 'bad' : decision.kind === 'below' ? 'good' : 'skip',
        metric: estimate.ratio,
        range: [estimate.low, estimate.high],
      };
    } finally {
      programs.discard(program);
    }
  };
  const { outlook } = await progress.search(
    {
      id: 'schedule',
      title: `schedule of ${name}`,
      points: [
        { label: "the good side's", group: '' },
        ...entries.map((e) => ({
          label: `${e} ${before.entries.get(e)?.text ?? '(none)'} → ${after.entries.get(e)?.text ?? '(none)'}`,
          group: 'schedule',
        })),
      ],
    },
    [{ point: 0, verdict: 'good', metric: 1, by: 'known' }],
    test,
  );
  programs.discard(good);
  if (outlook.kind !== 'found') return undefined;
  return {
    dispatch: name,
    entries: entries.slice(outlook.good, outlook.bad),
    good: before.text,
    bad: after.text,
  };
}

async function scheduleOf(
  programs: Programs,
  recipe: Recipe,
  dispatch: string,
): Promise<DictionaryAttr | undefined> {
  const replay = await programs.replay(recipe);
  for (const { state } of [...replay.points].reverse()) {
    const op = state.module.find((o) => region.is(o) && region.view(o).sym_name === dispatch)[0];
    const schedule = op?.attr('schedule');
    if (schedule?.kind === 'dictionary') return schedule;
  }
  return undefined;
}
