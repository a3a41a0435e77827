/** The verdict of a bisection in one sentence, for the command line, the view and reports. */
import type { Bisection, Culprit } from './bisection';

export const errorText = (metric: number | undefined): string =>
  metric === undefined
    ? 'no result'
    : metric === Infinity
      ? 'not comparable (NaN, infinite or missing)'
      : `${metric < 1000 ? metric.toPrecision(3) : metric.toExponential(2)} × the allowed error`;

/** Names of model nodes, a few of them. */
export function nodesText(nodes: readonly string[], limit = 3): string {
  const shown = nodes.slice(0, limit).join(', ');
  return nodes.length > limit ? `${shown} and ${nodes.length - limit} more` : shown;
}

export function culpritText(c: Culprit): string {
  const at = c.nodes.length === 0 ? '' : `, at ${nodesText(c.nodes)}`;
  const error = c.crash ?? errorText(c.metric);
  if (c.stage === 'code' && c.dispatch !== undefined)
    return `the code of dispatch ${c.dispatch.index} (${c.dispatch.name})${at}${c.dispatch.race ? ', with several threads' : ''}: ${error}`;
  if (c.stage === 'code') return `the code: ${error}`;
  const open =
    c.alternatives.length === 0 ? '' : ` (or ${c.alternatives.join(', ')}, which could not be judged)`;
  const what =
    c.rewrite === undefined ? c.pass : `${c.pass}, rule ${c.rewrite.rule}, rewrite ${c.rewrite.index}`;
  return `${what}${open}${at}: ${error}`;
}

export function verdictOf(b: Bisection, reference: string): string {
  if (b.culprits.length > 0) return `${b.culprits.map(culpritText).join('; and ')}.`;
  const passes = b.levels[0]?.search;
  const known = new Map(passes?.tests.map((t) => [t.point, t]));
  if (known.get(0)?.verdict === 'bad') return `The model as imported already differs from ${reference}.`;
  const last = passes === undefined ? undefined : known.get(passes.count - 1);
  if (last?.verdict === 'good')
    return `Nothing is wrong: the program agrees with ${reference} (${errorText(last.metric)}).`;
  return `It could not be told which pass is to blame.`;
}
