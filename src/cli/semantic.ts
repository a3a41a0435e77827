/** What `strata dump` and `strata ir` print of semantic diffs and lives of ops. */
import { writeFile } from 'node:fs/promises';
import type { Cancellation } from '../base/cancellation';
import { lineAt, lineStarts } from '../base/lines';
import type { GraphModel } from '../dump/layout/graphModel';
import { graphMarkdown, graphRows, graphTable } from '../dump/layout/graphText';
import type { Reproduction } from '../dump/reproducer';
import { reproducerOf } from '../dump/reproducer';
import { dumpMessages } from '../dump/messages';
import type { HistoryStep, Life } from '../dump/semantic/lifeOfOp';
import { lifeOf } from '../dump/semantic/lifeOfOp';
import { lifeMarkdown, lifeTable } from '../dump/semantic/lifeText';
import { addressOf, findOps } from '../dump/semantic/opAddress';
import type { GraphOp, OpGraph } from '../dump/semantic/opGraph';
import { opLabel } from '../dump/semantic/opGraph';
import type { SemanticDiff } from '../dump/semantic/semanticDiff';
import {
  semanticMarkdown,
  semanticRows,
  semanticSummary,
  semanticTable,
} from '../dump/semantic/semanticText';
import type { CommandResult } from './output';
import { replaceFile } from './replaceFile';

export interface SemanticOptions {
  readonly all?: boolean;
  readonly markdown?: boolean;
}

export function semanticResult(title: string, diff: SemanticDiff, options: SemanticOptions): CommandResult {
  const rows = semanticRows(diff, options.all === true ? () => true : undefined);
  const summary = semanticSummary(diff);
  const json = { title, counts: diff.counts, links: rows.map(({ link: _, ...row }) => row) };
  if (options.markdown === true) return { json, text: semanticMarkdown(title, summary, rows).trimEnd() };
  return {
    json,
    text: [`${title}: ${summary}`, ...(rows.length === 0 ? [] : ['', semanticTable(rows)])].join('\n'),
  };
}

/** The graph of a text as a table. */
export function graphResult(model: GraphModel, options: SemanticOptions): CommandResult {
  const json = { title: model.title, ops: graphRows(model) };
  return { json, text: options.markdown === true ? graphMarkdown(model).trimEnd() : graphTable(model) };
}

/** Writes the reproducer where `output` says, or prints it. */
export async function reproducerResult(
  reproduction: Reproduction,
  output: string | undefined,
  resources?: string,
): Promise<CommandResult> {
  const { text, command } = reproducerOf(reproduction, output ?? 'reproducer.mlir', resources);
  if (output === undefined) return { json: { text, command }, text: text.trimEnd() };
  await replaceFile(output, (to) => writeFile(to, text));
  return { json: { command, output }, text: `wrote ${output}; replay with\n${command}` };
}

/** A text of a history in which an op may be named. */
export interface NamedState {
  /** Number of the pass or entry. */
  readonly number: number;
  /** Position in the steps after which the IR is this; -1: before the first. */
  readonly step: number;
  readonly graph: () => Promise<OpGraph>;
}

/** Most candidates that an error lists. */
const LISTED = 8;

/** Finds the op in the first state that has it, and follows it. Throws STR0155 and STR0156. */
export async function lifeResult(
  name: string,
  states: readonly NamedState[],
  steps: readonly HistoryStep[],
  options: SemanticOptions,
  cancellation: Cancellation,
): Promise<CommandResult & { readonly life: Life }> {
  const found = await firstWith(name, states, cancellation);
  if (found === undefined) throw dumpMessages.error('STR0155', { op: name, states: states.length });
  const { state, graph, ops } = found;
  if (ops.length > 1) {
    const starts = lineStarts(graph.text);
    const place = (op: GraphOp): string =>
      `line ${lineAt(starts, op.source.start) + 1} '${opLabel(graph, op.index)}'`;
    const listed = ops.slice(0, LISTED).map(place).join(', ');
    throw dumpMessages.error('STR0156', { op: name, count: ops.length, state: state.number, listed });
  }
  const op = ops[0]!;
  const life = await lifeOf(steps, state.step, [addressOf(graph, op.index)], cancellation);
  const title = `${opLabel(graph, op.index)}, as it is in ${state.number}`;
  return {
    life,
    json: { op: opLabel(graph, op.index), entry: state.number, ...life },
    text:
      options.markdown === true
        ? lifeMarkdown(`Life of ${title}`, life).trimEnd()
        : `${title}\n\n${lifeTable(life)}`,
  };
}

async function firstWith(
  name: string,
  states: readonly NamedState[],
  cancellation: Cancellation,
): Promise<{ state: NamedState; graph: OpGraph; ops: GraphOp[] } | undefined> {
  for (const state of states) {
    cancellation.throwIfCancelled();
    const graph = await state.graph();
    const starts = lineStarts(graph.text);
    const ops = findOps(graph, name, (offset) => lineAt(starts, offset) + 1);
    if (ops.length > 0) return { state, graph, ops };
  }
  return undefined;
}
