/**
 * How a model is compiled on one side, and the row of recipes between two of them: what differs, in an order in which
 * each mixture can be compiled, and the recipe with the first n differences as the bad side has them.
 */
import type { Attribute, DictionaryAttr, PipelineStep } from '../../ir';
import { dictionaryAttr } from '../../ir';
import type { CpuLevel } from '../../compiler/targetDescription';
import type { PointInfo } from '../bisection';
import type { Backend } from '../programRun';

export interface Recipe {
  /** Single passes. */
  readonly steps: readonly PipelineStep[];
  readonly cpuLevel: CpuLevel;
  readonly threads: number;
  /** By name of the dispatch. */
  readonly schedules?: DictionaryAttr;
  /** Rules of which no application happens. */
  readonly heldRules: ReadonlySet<string>;
  readonly backend: Backend;
}

/** Passes of the one side against passes of the other. */
interface PassDifference {
  readonly label: string;
  readonly good: readonly PipelineStep[];
  readonly bad: readonly PipelineStep[];
}
type Segment = readonly PipelineStep[] | PassDifference;
const isDifference = (s: Segment): s is PassDifference => 'label' in s;

export type Difference =
  | { readonly kind: 'setting'; readonly label: string; readonly set: (recipe: Recipe) => Recipe }
  | { readonly kind: 'passes'; readonly label: string; readonly at: number };

/** The recipes from one to another. */
export class RecipeRow {
  readonly differences: readonly Difference[];
  readonly #segments: readonly Segment[];
  readonly #changes: readonly PassDifference[];

  constructor(
    readonly good: Recipe,
    readonly bad: Recipe,
  ) {
    this.#segments = segmentsOf(good.steps, bad.steps);
    this.#changes = this.#segments.filter(isDifference);
    this.differences = [
      ...settingsBefore(good, bad),
      ...this.#changes.map((d, at): Difference => ({ kind: 'passes', label: d.label, at })),
      ...schedulesAfter(good, bad),
    ];
  }

  get points(): readonly PointInfo[] {
    return [
      { label: 'as good', group: '' },
      ...this.differences.map((d) => ({ label: d.label, group: d.kind })),
    ];
  }

  /** With the first `n` differences as the bad side has them. */
  at(n: number): Recipe {
    const taken = this.differences.slice(0, n);
    const passes = taken.filter((d) => d.kind === 'passes').length;
    const start: Recipe = { ...this.good, steps: this.#steps(passes) };
    return taken.reduce((r, d) => (d.kind === 'setting' ? d.set(r) : r), start);
  }

  #steps(n: number): readonly PipelineStep[] {
    let seen = 0;
    return this.#segments.flatMap((s) => (isDifference(s) ? (seen++ < n ? s.bad : s.good) : s));
  }

  /**
   * The row inside a difference of passes. `taken`: the bad side's pass stopped after n rewrites, then the good side's for the
   * rest. `lost`: the good side's pass stopped short of its last n rewrites, then the bad side's. The recipe has both passes,
   * `step` is the one that is stopped. Undefined where that side has no pass.
   */
  inside(
    n: number,
    direction: 'taken' | 'lost',
  ): { readonly recipe: Recipe; readonly step: number; readonly follows: boolean } | undefined {
    const difference = this.differences[n];
    if (difference?.kind !== 'passes') return undefined;
    const { good, bad } = this.#changes[difference.at]!;
    const [stopped, after] = direction === 'taken' ? [bad, good] : [good, bad];
    if (stopped.length !== 1) return undefined;
    const steps: PipelineStep[] = [];
    let step = 0;
    let seen = 0;
    for (const s of this.#segments) {
      if (!isDifference(s)) steps.push(...s);
      else if (seen++ !== difference.at) steps.push(...(seen <= difference.at ? s.bad : s.good));
      else {
        step = steps.length;
        steps.push(...stopped, ...after);
      }
    }
    return { recipe: { ...this.at(n), steps }, step, follows: after.length > 0 };
  }
}

function settingsBefore(good: Recipe, bad: Recipe): readonly Difference[] {
  const setting = (label: string, set: (r: Recipe) => Recipe): Difference => ({
    kind: 'setting',
    label,
    set,
  });
  const differences: Difference[] = [];
  if (good.cpuLevel !== bad.cpuLevel)
    differences.push(
      setting(`--cpu ${good.cpuLevel} → ${bad.cpuLevel}`, (r) => ({ ...r, cpuLevel: bad.cpuLevel })),
    );
  if (good.threads !== bad.threads)
    differences.push(
      setting(`--threads ${good.threads} → ${bad.threads}`, (r) => ({ ...r, threads: bad.threads })),
    );
  for (const rule of [...bad.heldRules].filter((x) => !good.heldRules.has(x)).sort())
    differences.push(
      setting(`without rule ${rule}`, (r) => ({ ...r, heldRules: new Set([...r.heldRules, rule]) })),
    );
  for (const rule of [...good.heldRules].filter((x) => !bad.heldRules.has(x)).sort())
    differences.push(
      setting(`with rule ${rule}`, (r) => ({
        ...r,
        heldRules: new Set([...r.heldRules].filter((x) => x !== rule)),
      })),
    );
  if (good.backend !== bad.backend)
    differences.push(setting('code generator', (r) => ({ ...r, backend: bad.backend })));
  return differences;
}

/** Schedules given by hand are for dispatches that the passes made, so they come last, one dispatch after another. */
function schedulesAfter(good: Recipe, bad: Recipe): readonly Difference[] {
  const [before, after] = [good, bad].map((r) => r.schedules?.entries ?? new Map<string, never>());
  const names = [...new Set([...before!.keys(), ...after!.keys()])].sort();
  return names
    .filter((name) => before!.get(name)?.text !== after!.get(name)?.text)
    .map((name) => ({
      kind: 'setting',
      label: `schedule of ${name}`,
      set: (r) => withSchedule(r, name, after!.get(name)),
    }));
}

export function withSchedule(
  { schedules, ...recipe }: Recipe,
  dispatch: string,
  schedule: Attribute | undefined,
): Recipe {
  const entries = new Map(schedules?.entries ?? []);
  if (schedule === undefined) entries.delete(dispatch);
  else entries.set(dispatch, schedule);
  return entries.size === 0 ? recipe : { ...recipe, schedules: dictionaryAttr([...entries]) };
}

/** Aligns two lists of passes: equal ones stay, what lies between is a difference. */
export function segmentsOf(good: readonly PipelineStep[], bad: readonly PipelineStep[]): readonly Segment[] {
  const same = (a: PipelineStep, b: PipelineStep): boolean =>
    a.node === b.node || (keyOf(a) === keyOf(b) && passOf(a) === passOf(b));
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
function differencesOf(
  good: readonly PipelineStep[],
  bad: readonly PipelineStep[],
): readonly PassDifference[] {
  const name = (s: PipelineStep): string => keyOf(s).replace(/\{.*/s, '');
  const left = [...good];
  const result: PassDifference[] = [];
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
const passOf = (s: PipelineStep): unknown => (s.node.kind === 'pass' ? s.node.pass.pass : undefined);
