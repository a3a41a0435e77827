/**
 * The hover of an IR op as plain data: what it is, its types and cost, where it comes from, what it became and what it
 * took. The editor renders it; the language server will send it.
 */
import { formatBytes, formatDuration, formatRate, ns, threeDigits } from '../base/units';
import type { OpDefinition, Operation, Work } from '../ir';
import { elementCount, isShaped } from '../ir/types';

/** A dispatch that the op became part of, with what it took when it was measured. */
export interface DispatchFact {
  readonly index: number;
  readonly name: string;
  readonly flops: number;
  readonly medianNs?: number;
  /** Of the time of all dispatches, 0 to 1. */
  readonly share?: number;
  /** Runs that the median is of. */
  readonly runs?: number;
}

/** What is known of an op beyond its text. */
export interface OpFacts {
  /** Names of model nodes. */
  readonly nodes: readonly string[];
  readonly dispatches: readonly DispatchFact[];
}

export interface OpHover {
  readonly title: string;
  /** One sentence. */
  readonly summary: string;
  readonly documentation: string;
  /** Typed signature, a line each. */
  readonly signature: readonly string[];
  readonly work: Work | undefined;
  readonly nodes: readonly string[];
  readonly dispatches: readonly DispatchFact[];
}

export function hoverOf(op: Operation, facts: OpFacts): OpHover {
  const { definition } = op;
  return {
    title: op.name,
    summary: definition?.summary ?? 'an op of a dialect that Strata does not know',
    documentation: definition?.doc ?? '',
    signature: signatureLines(op),
    work: workOf(op),
    nodes: facts.nodes,
    dispatches: facts.dispatches,
  };
}

function workOf(op: Operation): Work | undefined {
  try {
    return op.definition?.work(op);
  } catch {
    // Text that does not verify has no cost.
    return undefined;
  }
}

function signatureLines(op: Operation): readonly string[] {
  const names = (
    specs: OpDefinition['operands'] | undefined,
    count: number,
    fallback: string,
  ): readonly string[] => {
    const entries = Object.entries(specs ?? {});
    if (entries.length === count && entries.every(([, s]) => s.arity === 'one'))
      return entries.map(([n]) => n);
    const [only] = entries;
    if (entries.length === 1 && only !== undefined && count !== 1)
      return Array.from({ length: count }, (_, i) => `${only[0]}[${i}]`);
    return Array.from({ length: count }, (_, i) => entries[i]?.[0] ?? `${fallback}${i}`);
  };
  const operands = names(op.definition?.operands, op.operandCount, 'operand');
  const results = names(op.definition?.results, op.results.length, 'result');
  return [
    ...op.operands.map((v, i) => `${operands[i]}: ${v.type.text}`),
    ...op.results.map((r, i) => `→ ${results[i]}: ${r.type.text}${elementsText(r.type)}`),
  ];
}
function elementsText(type: Operation['results'][number]['type']): string {
  if (!isShaped(type) || type.kind === 'vector') return '';
  const n = elementCount(type.shape);
  return n === undefined || n < 1000 ? '' : `  (${n.toLocaleString('en-US')} elements)`;
}

/** `12.8 MFLOP, 1.20 MiB read, 400 KiB written, 6.3 FLOP/byte`. */
export function workText(work: Work): string {
  const bytes = work.bytesRead + work.bytesWritten;
  const parts = [];
  if (work.flops > 0) parts.push(formatRate(work.flops, 'FLOP'));
  parts.push(`${formatBytes(work.bytesRead)} read`, `${formatBytes(work.bytesWritten)} written`);
  if (work.flops > 0 && bytes > 0) parts.push(`${threeDigits(work.flops / bytes)} FLOP/byte`);
  return parts.join(', ');
}

/** `0.412 ms (median of 20), 6.7 % of the run, 88.1 GFLOP/s`. */
export function timeText(d: DispatchFact): string | undefined {
  if (d.medianNs === undefined) return undefined;
  const parts = [`${formatDuration(ns(d.medianNs))}${d.runs === undefined ? '' : ` (median of ${d.runs})`}`];
  if (d.share !== undefined) parts.push(`${threeDigits(100 * d.share)} % of the run`);
  if (d.flops > 0 && d.medianNs > 0) parts.push(formatRate((d.flops * 1e9) / d.medianNs, 'FLOP/s'));
  return parts.join(', ');
}
