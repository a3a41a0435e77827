/**
 * What Strata knows of the ops of a text: parsed with their types, and what the verifier says. Each function is parsed on
 * its own, so that a dialect that Strata does not know hides no other function, and an edit costs one function.
 */
import { StrataError } from '../base/diagnostics';
import type { StructureOp } from '../dump/structure/structure';
import { walkStructure } from '../dump/structure/structure';
import type { Operation } from '../ir';
import { parseModule, verify } from '../ir';
import { registry } from '../ir/dialects/index';
import type { IrSource } from './irSource';
import { definitionOf } from './opNames';

/** What is wrong with the text of ops that Strata knows: `error` breaks a rule of the op; `warning` is what Strata cannot read. */
export interface TextProblem {
  readonly severity: 'error' | 'warning';
  /** UTF-16 offsets. */
  readonly start: number;
  readonly end: number;
  readonly code: string;
  readonly text: string;
}

/** A function, or ops beside functions that may use one another's values. Offsets are those of the part. */
interface Part {
  readonly ops: readonly { readonly op: Operation; readonly start: number }[];
  readonly problems: readonly TextProblem[];
  /** It parsed. */
  readonly known: boolean;
}

/** Parts longer than this are left to the structure: one parse must not hold up the server. */
const LONGEST_PART = 4 << 20;

export class KnownIr {
  readonly #ops = new Map<number, Operation>();
  readonly #problems: TextProblem[] = [];
  /** By their text, for the next version. */
  readonly parts = new Map<string, Part>();
  #older: ReadonlyMap<string, Part> | undefined;
  #unknown = 0;
  #done = false;

  /** `previous` is an older version of the text, whose functions need not be parsed again. */
  constructor(
    readonly source: IrSource,
    previous?: Pick<KnownIr, 'parts'>,
  ) {
    this.#older = previous?.parts;
  }

  /** The op that begins at `start`, where it could be parsed. */
  opAt(start: number): Operation | undefined {
    return this.#ops.get(start);
  }
  get problems(): readonly TextProblem[] {
    return this.#problems;
  }
  /** All parts have been looked at. */
  get done(): boolean {
    return this.#done;
  }
  /** Parts that hold ops that Strata does not know. */
  get unknownParts(): number {
    return this.#unknown;
  }

  /** Parses all parts; stops after each, so that a server can answer in between. */
  *run(): Generator<undefined, void> {
    const { structure, text } = this.source;
    const aliases = new Map(structure.aliases.map((a) => [a.name, a]));
    for (const group of partsOf(structure.ops)) {
      const start = group[0]!.start;
      const body = text.slice(start, group[group.length - 1]!.end);
      const used = new Set<string>();
      const need = (name: string): void => {
        const alias = aliases.get(name);
        if (alias === undefined || used.has(name)) return;
        used.add(name);
        for (const [inner] of text.slice(alias.body.start, alias.body.end).matchAll(/[#!][A-Za-z_][\w$]*/g))
          need(inner);
      };
      for (const op of walkStructure(group)) for (const use of op.hashUses) need(use.name);
      // In the order of the text: an alias may use those before it.
      const preamble = structure.aliases
        .filter((a) => used.has(a.name))
        .map((a) => `${text.slice(a.start, a.end)}\n`)
        .join('');
      const key = `${preamble}\0${body}`;
      const part = this.#older?.get(key) ?? parsePart(preamble, body, group, start);
      this.parts.set(key, part);
      for (const { op, start: at } of part.ops) this.#ops.set(at + start, op);
      for (const p of part.problems)
        this.#problems.push({ ...p, start: p.start + start, end: p.end + start });
      if (!part.known) this.#unknown++;
      yield undefined;
    }
    this.#older = undefined;
    this.#done = true;
  }
  /** Parses all parts at once. */
  finish(): this {
    for (const _ of this.run());
    return this;
  }
}

/** Functions of a text and its modules; ops between them in groups. */
function* partsOf(ops: readonly StructureOp[]): Generator<readonly StructureOp[]> {
  let loose: StructureOp[] = [];
  for (const op of ops) {
    const isModule = /^(?:builtin\.)?module$/.test(op.name);
    if (op.symbol === undefined && !isModule) {
      loose.push(op);
      continue;
    }
    if (loose.length > 0) yield loose;
    loose = [];
    if (isModule) for (const region of op.regions) yield* partsOf(region.blocks.flatMap((b) => b.ops));
    else yield [op];
  }
  if (loose.length > 0) yield loose;
}

const nothing: Part = { ops: [], problems: [], known: false };

function parsePart(preamble: string, body: string, ops: readonly StructureOp[], start: number): Part {
  if (body.length > LONGEST_PART || !mayKnow(ops, body, start)) return nothing;
  const shift = preamble.length;
  let parsed;
  try {
    parsed = parseModule(preamble + body, registry);
  } catch (error) {
    // Types and elements that Strata has no values for are no error of the text.
    if (!(error instanceof StrataError)) return nothing;
    const problem = textProblem(error, preamble + body, shift);
    return { ...nothing, problems: problem === undefined ? [] : [problem] };
  }
  const starts = new Map(parsed.spans.map((s) => [s.op, s]));
  const problems = verify(parsed.module).flatMap(({ op, text }): TextProblem[] => {
    const span = starts.get(op);
    if (span === undefined || !isKnown(op) || isLimit(text)) return [];
    const from = span.start - shift;
    const written = ops.length === 0 ? undefined : opStarting(ops, from + start);
    const range =
      written === undefined
        ? { start: from, end: Math.min(span.end - shift, from + op.name.length) }
        : { start: written.nameRange.start - start, end: written.nameRange.end - start };
    return [{ severity: 'error', ...range, code: 'STR0110', text: `${op.name} ${text}` }];
  });
  return {
    ops: parsed.spans.map(({ op, start: at }) => ({ op, start: at - shift })),
    problems,
    known: true,
  };
}

/** What Strata does not do yet is no error of the text. */
const isLimit = (text: string): boolean => /\bnot supported\b/.test(text);
/** Regions of ops that it does not know may have other rules. */
function isKnown(op: Operation): boolean {
  for (let o: Operation | undefined = op; o !== undefined; o = o.parentOp)
    if (o.definition === undefined) return false;
  return true;
}

function opStarting(ops: readonly StructureOp[], start: number): StructureOp | undefined {
  for (const op of walkStructure(ops)) if (op.start === start) return op;
  return undefined;
}

/** Whether every op could be one that Strata knows, in a form that it reads. Only then is an error one of the text. */
function mayKnow(ops: readonly StructureOp[], body: string, start: number): boolean {
  for (const op of walkStructure(ops)) {
    // The generic form is read of any dialect.
    const generic = body[op.nameRange.start - start] === '"';
    if (!generic && definitionOf(op.name) === undefined) return false;
    for (const { name } of op.hashUses) {
      const dialect = /^[#!]([\w$]+)\./.exec(name)?.[1];
      if (dialect !== undefined && !registry.dialects.has(dialect)) return false;
    }
  }
  return true;
}

/** Where an error of the parser is: its text begins `line:column: `. */
function textProblem(error: StrataError, text: string, shift: number): TextProblem | undefined {
  const { code, text: message } = error.diagnostic;
  const m = /^(\d+):(\d+): (.*?)(?:\n|$)/s.exec(message);
  if (m === null || code === 'STR0102' || isLimit(message)) return undefined;
  const lines = text.split('\n');
  let offset = Number(m[2]) - 1;
  for (let i = 0; i < Number(m[1]) - 1; i++) offset += lines[i]!.length + 1;
  const word = /^[\w%@#!^."$]+/.exec(text.slice(offset, offset + 200))?.[0].length ?? 1;
  const start = Math.max(0, offset - shift);
  return { severity: 'warning', start, end: start + word, code, text: `Strata cannot read this: ${m[3]!}` };
}
