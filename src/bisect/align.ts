/**
 * Which values of two modules stand for each other, and the first op whose value went wrong: for two states that differ by
 * one rewrite, and for two compilations of one model.
 */
import type { Operation, Value } from '../ir';
import { modelNodesOf, printOp } from '../ir';
import type { RuntimeValue } from '../ir/interpreter/runtimeValue';
import type { Captured } from './capture';
import { numbersOf } from './capture';
import { meaningOf } from './memo';
import type { TensorStatistics, Tolerance } from './tolerance';
import { compareElements } from './tolerance';

export interface ValuePair {
  readonly before: Value;
  readonly after: Value;
}

/** Pairs of values of two entry functions, found backwards from what they return, up to where they compute the same. */
export function alignedValues(before: Operation, after: Operation): readonly ValuePair[] {
  const classes = new Map<string, number>();
  const of = new Map<Value, number>();
  const classOf = (key: string): number => {
    let c = classes.get(key);
    if (c === undefined) classes.set(key, (c = classes.size));
    return c;
  };
  for (const entry of [before, after]) {
    const block = entry.body();
    block.args.forEach((a, i) => of.set(a, classOf(`argument ${i}`)));
    for (const op of block.ops) {
      const key = `${meaningOf(op)}|${op.operands.map((v) => of.get(v)).join()}`;
      op.results.forEach((r, i) => of.set(r, classOf(`${key}#${i}`)));
    }
  }
  const pairs: ValuePair[] = [];
  const seen = new Set<Value>();
  const visit = (b: Value, a: Value): void => {
    if (seen.has(a) || b.type.text !== a.type.text) return;
    seen.add(a);
    pairs.push({ before: b, after: a });
    if (of.get(a) === of.get(b)) return;
    const [db, da] = [b.definingOp, a.definingOp];
    if (db === undefined || da?.name !== db.name || da.operandCount !== db.operandCount) return;
    db.operands.forEach((v, i) => {
      visit(v, da.operand(i));
    });
  };
  const [tb, ta] = [before.body().terminator, after.body().terminator];
  tb.operands.forEach((v, i) => {
    if (i < ta.operandCount) visit(v, ta.operand(i));
  });
  return pairs;
}

/** The first op of the later module whose value is not what it was. */
export interface Divergence {
  /** Name of the op, and its text without nested regions. */
  readonly op: string;
  readonly text: string;
  readonly nodes: readonly string[];
  /** Of the value after against the one before. */
  readonly statistics: TensorStatistics;
  /** What went wrong where it is not the value that the op computes: `argument 1 of @kernel is read wrong`. */
  readonly note?: string;
}

export function firstDivergence(
  before: Captured,
  after: Captured,
  tolerance: Tolerance,
): Divergence | undefined {
  const order = new Map<Operation, number>();
  after.entry.body().ops.forEach((op, i) => order.set(op, i));
  const place = (v: Value): number => (v.definingOp === undefined ? -1 : (order.get(v.definingOp) ?? -1));
  const pairs = [...alignedValues(before.entry, after.entry)].sort((x, y) => place(x.after) - place(y.after));
  let worst: Divergence | undefined;
  for (const pair of pairs) {
    const op = pair.after.definingOp;
    const statistics =
      op && compareValues(before.values.get(pair.before), after.values.get(pair.after), tolerance);
    if (op === undefined || statistics === undefined || statistics.worst === 0) continue;
    const found: Divergence = { ...describeOp(op), statistics };
    if (statistics.worst > 1) return found;
    if (statistics.worst > (worst?.statistics.worst ?? 0)) worst = found;
  }
  return firstWrongCall(before, after, tolerance) ?? worst;
}

function compareValues(
  before: RuntimeValue | undefined,
  after: RuntimeValue | undefined,
  tolerance: Tolerance,
): TensorStatistics | undefined {
  if (typeof before !== 'object' || typeof after !== 'object') return undefined;
  return compareElements('', after.shape, numbersOf(after), numbersOf(before), tolerance);
}

export const describeOp = (op: Operation): Pick<Divergence, 'op' | 'text' | 'nodes'> => ({
  op: op.name,
  text: headOf(op),
  nodes: modelNodesOf(op.location).map((n) => n.name),
});
/** The text of an op on one line, without what is in its regions. */
function headOf(op: Operation): string {
  const lines = printOp(op)
    .split('\n')
    .filter((l) => !l.startsWith('#'));
  const line = (lines[0] ?? '').replaceAll('%<<unknown>>', '%…');
  return line.length > 240 ? `${line.slice(0, 239)}…` : line;
}

/** Where programs over buffers part: the first call that reads something else, or writes it. */
function firstWrongCall(before: Captured, after: Captured, tolerance: Tolerance): Divergence | undefined {
  const sites = after.entry.body().ops.filter((op) => op.attr('callee') !== undefined);
  for (const [i, call] of after.calls.entries()) {
    const old = before.calls[i];
    if (old?.symbol !== call.symbol) return undefined;
    const site = sites[i];
    for (const when of ['before', 'after'] as const) {
      // What a kernel only writes is not initialised before it.
      for (const [k, found] of call[when].entries()) {
        const expected = old[when][k];
        if (found === undefined || expected === undefined) continue;
        if (when === 'before' && !sameElements(old.before[k]!, old.after[k]!)) continue;
        const statistics = compareElements(`argument ${k}`, call.shapes[k]!, found, expected, tolerance);
        if (statistics.worst <= 1) continue;
        const about =
          site === undefined ? { op: 'func.call', text: `@${call.symbol}`, nodes: [] } : describeOp(site);
        const note =
          when === 'before'
            ? `argument ${k} of @${call.symbol} no longer holds what was written to it`
            : `@${call.symbol} writes something else to argument ${k}`;
        return { ...about, statistics, note };
      }
    }
  }
  return undefined;
}
function sameElements(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}
