/**
 * The life of an op over the passes of a compiler: where it was born, changed, fused and died, what it came from and what it
 * became. "Blame" for IR.
 */
import type { Cancellation } from '../../base/cancellation';
import { lineAt, lineStarts } from '../../base/lines';
import type { OpAddress } from './opAddress';
import { addressOf, opAtAddress } from './opAddress';
import type { OpGraph } from './opGraph';
import { isConstant, opLabel } from './opGraph';
import type { OpLink, SemanticDiff } from './semanticDiff';

/** A pass, with its diff made when it is asked for. */
export interface HistoryStep {
  /** Number of the pass or entry, for people and for links. */
  readonly index: number;
  readonly pass: string;
  /** The function that it ran on; undefined for the whole module. */
  readonly scope: string | undefined;
  /** Undefined where nothing is known of the IR before or after. Ops of functions that the graphs lack are as they were. */
  readonly diff: () => Promise<SemanticDiff | undefined>;
}

export interface LifeOp {
  readonly address: OpAddress;
  readonly label: string;
  /** From 1, in the text of the step. */
  readonly line: number;
  /** Range in the text of the step. */
  readonly start: number;
  readonly end: number;
}

/** What a pass did to the op, to one that it came from, or to one that it became. */
export interface LifeEvent {
  /** Position in the list of steps. */
  readonly step: number;
  readonly pass: string;
  readonly index: number;
  readonly kind: OpLink['kind'];
  readonly before: readonly LifeOp[];
  readonly after: readonly LifeOp[];
  readonly evidence: OpLink['evidence'];
  readonly parts: OpLink['parts'];
  /** Of `gone`: what its users read now. Of `new`: what it comes from. */
  readonly related: readonly LifeOp[];
}

export interface Life {
  /** In the order of the passes; passes that left the op as it was are not among them. */
  readonly events: readonly LifeEvent[];
  /** What it came from, in the IR before the first step that knows of it. */
  readonly ancestors: readonly OpAddress[];
  /** What it became, in the IR after the last. */
  readonly descendants: readonly OpAddress[];
  /** Steps that were looked at. */
  readonly steps: number;
}

/** Ops that are followed at a time; beyond that the op is part of everything. */
const MOST_FOLLOWED = 200;

/** Follows ops that stand after step `at` (-1: before the first) both ways. */
export async function lifeOf(
  steps: readonly HistoryStep[],
  at: number,
  ops: readonly OpAddress[],
  cancellation: Cancellation,
): Promise<Life> {
  const past: LifeEvent[][] = [];
  let ancestors = ops;
  for (let i = at; i >= 0 && ancestors.length > 0; i--) {
    const walked = await walk(steps, i, ancestors, 'after', cancellation);
    ancestors = walked.next;
    past.push(walked.events);
  }
  const future: LifeEvent[] = [];
  let descendants = ops;
  for (let i = at + 1; i < steps.length && descendants.length > 0; i++) {
    const walked = await walk(steps, i, descendants, 'before', cancellation);
    descendants = walked.next;
    future.push(...walked.events);
  }
  return { events: [...past.reverse().flat(), ...future], ancestors, descendants, steps: steps.length };
}

/** The last event of an op up to step `at`; undefined where there is none, or `budgetMs` were over before it was found. */
export async function lastChange(
  steps: readonly HistoryStep[],
  at: number,
  op: OpAddress,
  budgetMs: number,
  cancellation: Cancellation,
): Promise<LifeEvent | undefined> {
  const end = performance.now() + budgetMs;
  let ops: readonly OpAddress[] = [op];
  for (let i = at; i >= 0 && performance.now() < end; i--) {
    const { events, next } = await walk(steps, i, ops, 'after', cancellation);
    if (events.length > 0) return events[0];
    ops = next;
  }
  return undefined;
}

/** Over one step, from the ops on side `from` to those on the other. */
async function walk(
  steps: readonly HistoryStep[],
  at: number,
  ops: readonly OpAddress[],
  from: 'before' | 'after',
  cancellation: Cancellation,
): Promise<{ events: LifeEvent[]; next: readonly OpAddress[] }> {
  cancellation.throwIfCancelled();
  const step = steps[at]!;
  const concerned = ops.filter((o) => step.scope === undefined || o.scope === step.scope);
  if (concerned.length === 0) return { events: [], next: ops };
  const diff = await step.diff();
  if (diff === undefined) return { events: [], next: ops };
  const next = new Map<string, OpAddress>();
  /** Shared by ops that have nothing else in common: followed only where there is nothing else to follow. */
  const constants = new Map<string, OpAddress>();
  const add = (address: OpAddress, constant = false): void => {
    const map = constant ? constants : next;
    if (map.size < MOST_FOLLOWED) map.set(`${address.scope} ${address.ordinal}`, address);
  };
  const seen = new Set<number>();
  const events: LifeEvent[] = [];
  const to = from === 'before' ? 'after' : 'before';
  for (const address of ops) {
    const op = concerned.includes(address) ? opAtAddress(diff[from], address) : undefined;
    if (op === undefined) {
      // A function that the step does not show is as it was; outside of functions nothing is known.
      if (address.scope !== '' || !concerned.includes(address)) add(address);
      continue;
    }
    const number = (from === 'before' ? diff.linkOfBefore : diff.linkOfAfter)[op.index]!;
    const link = diff.links[number]!;
    const origins = from === 'after' && link.kind === 'new' ? link.related : [];
    for (const i of [...link[to], ...origins]) add(addressOf(diff[to], i), isConstant(diff[to].ops[i]!));
    if (link.kind !== 'kept' && !seen.has(number)) events.push(eventOf(diff, link, step, at));
    seen.add(number);
  }
  return { events, next: [...(next.size > 0 ? next : constants).values()] };
}

function eventOf(diff: SemanticDiff, link: OpLink, step: HistoryStep, at: number): LifeEvent {
  const { kind, evidence, parts } = link;
  const describe = (graph: OpGraph, ops: readonly number[]): LifeOp[] => {
    const starts = linesOf(graph);
    return ops.map((i) => {
      const { start, end } = graph.ops[i]!.source;
      return {
        address: addressOf(graph, i),
        label: opLabel(graph, i),
        line: lineAt(starts, start) + 1,
        start,
        end,
      };
    });
  };
  const [before, after] = [describe(diff.before, link.before), describe(diff.after, link.after)];
  const related = describe(kind === 'gone' ? diff.after : diff.before, link.related);
  return { step: at, pass: step.pass, index: step.index, kind, before, after, evidence, parts, related };
}

const lines = new WeakMap<OpGraph, readonly number[]>();
function linesOf(graph: OpGraph): readonly number[] {
  let starts = lines.get(graph);
  if (starts === undefined) lines.set(graph, (starts = lineStarts(graph.text)));
  return starts;
}
