/**
 * What a hover says of the name or op under the pointer, as Markdown: of known ops what they are, cost and mean; of any
 * op its types, uses, symbols, aliases and location.
 */
import { formatBytes, formatDuration, formatRate, ns, threeDigits } from '../base/units';
import type { Binding } from '../dump/structure/bindings';
import type { StructureOp, TextRange } from '../dump/structure/structure';
import type { OpDefinition, Operation, Work } from '../ir';
import { elementCount, isShaped } from '../ir/types';
import { attained, boundOf } from '../profiler/layout/roofline';
import type { Roofs } from '../profiler/layout/roofline';
import type { IrSource } from './irSource';
import type { KnownIr } from './knownIr';
import { nameAt } from './navigation';
import { definitionOf } from './opNames';
import { resultTypes, typeOf, typesText } from './valueTypes';

/** A dispatch that an op became part of, with what it took when it was measured. */
export interface DispatchFact {
  readonly flops: number;
  /** Read and written at least. */
  readonly bytes: number;
  readonly medianNs?: number;
  /** Of the time of all dispatches, 0 to 1. */
  readonly share?: number;
  /** Runs that the median is of. */
  readonly runs?: number;
  /** What the cost model said before the run, in nanoseconds on one thread. */
  readonly predictedNs?: number;
  /** What the threads of the run reach at most. */
  readonly peak?: Roofs;
}

export interface Hover {
  /** UTF-16 offsets of what it speaks of. */
  readonly range: TextRange;
  /** Where the op begins that it speaks of, for facts that others know of it. */
  readonly op?: number;
  /** Markdown: what comes first, and the documentation at the end. Facts of others go between. */
  readonly head: string;
  readonly documentation: string;
}

/** The hover at an offset, with `facts` (Markdown) in its place. */
export const hoverMarkdown = (hover: Hover, facts = ''): string =>
  [hover.head, facts, hover.documentation === '' ? '' : `---\n\n${hover.documentation}`]
    .filter((part) => part.trim() !== '')
    .join('\n\n');

export function hoverAt(source: IrSource, known: KnownIr | undefined, offset: number): Hover | undefined {
  const name = nameAt(source, offset);
  // On the name of a symbol that an op defines, and on its results, the op itself says more.
  const defines = name !== undefined && name.start === name.binding.definition.start;
  if (name !== undefined && !(defines && ['value', 'symbol'].includes(name.binding.kind))) {
    const head = nameText(source, known, name.binding, numberOf(source.text.slice(name.start, name.end)));
    return { range: { start: name.start, end: name.end }, head, documentation: '' };
  }
  const op = source.opsAt(offset).at(-1);
  if (op === undefined) return undefined;
  const header = op.start + source.header(op).length;
  // An op with regions is spoken for by its first line; blank places inside it say nothing.
  if (offset > header && op.regions.length > 0) return undefined;
  return {
    range: { start: op.start, end: Math.max(header, op.start + 1) },
    op: op.start,
    ...opText(source, known, op),
  };
}

const numberOf = (use: string): number => Number(/#(\d+)$/.exec(use)?.[1] ?? 0);
const fence = (lines: readonly string[]): string => `\`\`\`mlir\n${lines.map(cut).join('\n')}\n\`\`\``;
/** Lines of megabytes (constants) are cut. */
const cut = (line: string): string => (line.length > 400 ? `${line.slice(0, 400)}…` : line);
const plural = (n: number, one: string): string => `${n} ${one}${n === 1 ? '' : 's'}`;
/** Characters that Markdown reads. */
export const escapeMarkdown = (text: string): string => text.replace(/[\\`*_{}[\]()#+!<>|~$&]/g, '\\$&');
const code = (text: string): string => `\`${text.replace(/`/g, "'")}\``;

/** Uses that are listed; the rest is counted. */
const listed = 6;

function usesText(source: IrSource, binding: Binding): string {
  const { uses } = binding;
  if (uses.length === 0) return 'not used';
  const users = uses.slice(0, listed).map((u) => {
    const op = source.opsAt(u.start).at(-1);
    return op === undefined ? '' : op.name;
  });
  const names = [...new Set(users.filter((u) => u !== ''))].map(code).join(', ');
  const more = uses.length > listed ? ', …' : '';
  return `${plural(uses.length, 'use')}${names === '' ? '' : ` in ${names}${more}`}`;
}

function nameText(source: IrSource, known: KnownIr | undefined, binding: Binding, number: number): string {
  const { text } = source;
  const { definition, op } = binding;
  switch (binding.kind) {
    case 'alias': {
      const alias = source.structure.aliases.find((a) => a.name === definition.name);
      const body = alias === undefined ? '' : text.slice(alias.body.start, alias.body.end);
      const full = expandAliases(source, body);
      return [
        `**${code(definition.name)}** — alias, ${usesText(source, binding)}`,
        fence([body]),
        ...(full === body ? [] : ['expanded', fence([full])]),
      ].join('\n\n');
    }
    case 'block':
      return `**${code(definition.name)}** — block${op === undefined ? '' : ` of ${code(op.name)}`}, ${usesText(source, binding)}`;
    case 'symbol':
      return [
        `**${code(`@${definition.name}`)}** — ${op === undefined ? 'symbol' : code(op.name)}, ${usesText(source, binding)}`,
        ...(op === undefined ? [] : [fence([source.header(op)])]),
      ].join('\n\n');
    case 'value':
    case 'argument': {
      const type = typeOf(source, known, binding, number);
      const what =
        binding.kind === 'argument'
          ? `argument${op === undefined ? '' : ` of ${code(op.name)}`}`
          : op === undefined
            ? 'value'
            : `result of ${code(op.name)}`;
      return [
        `**${code(definition.name)}** — ${what}, ${usesText(source, binding)}`,
        ...(type === undefined ? [] : [fence([`${definition.name}: ${type}`])]),
        ...(op === undefined || binding.kind === 'argument' ? [] : [fence([source.header(op)])]),
      ].join('\n\n');
    }
  }
}

/** Aliases in `body` replaced by what they stand for, a few levels deep. */
export function expandAliases(source: IrSource, body: string): string {
  const bodies = new Map(
    source.structure.aliases.map((a) => [a.name, source.text.slice(a.body.start, a.body.end)]),
  );
  let size = 0;
  const expand = (text: string, depth: number): string =>
    text.replace(/"(?:[^"\\]|\\.)*"|[#!][A-Za-z_][\w$]*/g, (name) => {
      const inner = bodies.get(name);
      if (inner === undefined || depth > 20 || size > 20_000) return name;
      size += inner.length;
      return expand(inner, depth + 1);
    });
  return expand(body, 0);
}

function opText(
  source: IrSource,
  known: KnownIr | undefined,
  op: StructureOp,
): Pick<Hover, 'head' | 'documentation'> {
  const real = known?.opAt(op.start);
  const definition = definitionOf(op.name);
  const title = real?.name ?? definition?.name ?? op.name;
  const parts = [
    `**${code(title)}** — ${escapeMarkdown(definition?.summary ?? 'an op of a dialect that Strata does not know')}`,
  ];
  const signature = real === undefined ? writtenSignature(source, known, op) : signatureLines(real);
  if (signature.length > 0) parts.push(fence(signature));
  const work = real === undefined ? undefined : workOf(real);
  if (work !== undefined && work.flops + work.bytesRead + work.bytesWritten > 0)
    parts.push(`**Cost** ${escapeMarkdown(workText(work))}`);
  const facts = generalFacts(source, op);
  if (facts !== '') parts.push(facts);
  return { head: parts.join('\n\n'), documentation: definition?.doc ?? '' };
}

/** Operands and results with the types that the text gives. */
function writtenSignature(source: IrSource, known: KnownIr | undefined, op: StructureOp): readonly string[] {
  const operands = op.operands.slice(0, 12).map((use) => {
    const binding = source.bindings.at.get(use.start);
    const type = binding === undefined ? undefined : typeOf(source, known, binding, use.resultNumber);
    return `${use.name}${use.resultNumber === undefined ? '' : `#${use.resultNumber}`}${type === undefined ? '' : `: ${type}`}`;
  });
  const types = resultTypes(source, op);
  const names = op.results.flatMap((r) =>
    r.count === 1 ? [r.name] : Array.from({ length: r.count }, (_, i) => `${r.name}#${i}`),
  );
  const results = names.map((name, i) => `→ ${name}${types?.[i] === undefined ? '' : `: ${types[i]}`}`);
  const text = typesText(source, op);
  const rest = text === undefined || types !== undefined ? [] : [`: ${text}`];
  return [...operands, ...results, ...rest];
}

/** Symbol, uses, regions and location: what can be said of any op. */
function generalFacts(source: IrSource, op: StructureOp): string {
  const facts: string[] = [];
  const uses = op.results.map((r) => source.bindings.at.get(r.start)).filter((b) => b !== undefined);
  if (op.symbol !== undefined) {
    const binding = source.bindings.at.get(op.symbol.start);
    facts.push(
      `${code(`@${op.symbol.name}`)}: ${binding === undefined ? 'not used' : usesText(source, binding)}`,
    );
  }
  if (uses.length === 1) facts.push(usesText(source, uses[0]!));
  else if (uses.length > 1)
    facts.push(uses.map((b) => `${code(b.definition.name)} ${usesText(source, b)}`).join('; '));
  const inside = op.regions.reduce((n, r) => n + r.blocks.reduce((m, b) => m + b.ops.length, 0), 0);
  if (op.regions.length > 0)
    facts.push(`${plural(op.regions.length, 'region')} with ${plural(inside, 'op')}`);
  if (op.location !== undefined) {
    const inner = (text: string): string => text.replace(/^loc\((.*)\)$/s, '$1');
    const written = inner(source.text.slice(op.location.start, op.location.end));
    facts.push(`at ${code(cut(inner(expandAliases(source, written))))}`);
  }
  return facts.join(' · ');
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

/**
 * `0.412 ms (median of 20), 6.7 % of the run, 88.1 GFLOP/s, 12.0 GB/s, 71 % of what arithmetic allows, predicted 0.380 ms on one
 * thread`: time, rates, what binds it, and how much of that it reaches.
 */
export function timeText(d: DispatchFact): string | undefined {
  if (d.medianNs === undefined) return undefined;
  const parts = [`${formatDuration(ns(d.medianNs))}${d.runs === undefined ? '' : ` (median of ${d.runs})`}`];
  if (d.share !== undefined) parts.push(`${threeDigits(100 * d.share)} % of the run`);
  if (d.medianNs > 0) {
    const perSecond = 1e9 / d.medianNs;
    const rates = { flopsPerSecond: d.flops * perSecond, bytesPerSecond: d.bytes * perSecond };
    if (d.flops > 0) parts.push(formatRate(rates.flopsPerSecond, 'FLOP/s'));
    if (d.bytes > 0) parts.push(formatRate(rates.bytesPerSecond, 'B/s'));
    const part = d.peak === undefined ? undefined : attained(rates, d.peak);
    if (d.peak !== undefined && part !== undefined && part > 0) {
      const allows = boundOf(rates, d.peak) === 'memory' ? 'memory allows' : 'arithmetic allows';
      parts.push(`${(100 * part).toFixed(0)} % of what ${allows}`);
    }
  }
  if (d.predictedNs !== undefined && d.predictedNs > 0)
    parts.push(`predicted ${formatDuration(ns(d.predictedNs))} on one thread`);
  return parts.join(', ');
}
