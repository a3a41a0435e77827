/** IR at a place of a dump, and what changed between two places. Texts and hashes are kept, once for equal bytes. */
import type { Diagnostic } from '../base/diagnostics';
import { rawHash, entryText } from './entryText';
import type { Dump } from './dump';
import { dumpMessages } from './messages';
import type { UnifiedDiff } from './lineDiff';
import { unifiedDiff } from './lineDiff';
import type { NormaliseOptions } from './normalise';
import { canonicalHash, prepareLines, renameLike } from './normalise';
import type { DialectCounts } from './opCounts';
import { countChanges, countOps } from './opCounts';
import type { IrPlace, PassRun } from './passList';
import { parseStructure } from './structure/parseStructure';
import type { StructureOp } from './structure/structure';

/** `first`: nothing is known of the IR before. `unfinished`: nothing of the IR after. */
export type Change =
  | { readonly kind: 'first' | 'unfinished' | 'unchanged' }
  | {
      readonly kind: 'changed';
      readonly added: number;
      readonly removed: number;
      /** Change of the number of ops by dialect. */
      readonly ops: DialectCounts;
    };

interface StoredText {
  readonly text: string;
  readonly warnings: readonly Diagnostic[];
}

/** Characters of texts that are kept. */
const KEPT = 64 << 20;

export class IrStates {
  readonly #hashes = new Map<number, Promise<string>>();
  /** By hash of the bytes, the least recently used first. */
  readonly #texts = new Map<string, StoredText>();
  #kept = 0;
  constructor(readonly dump: Dump) {}

  /** The text of an entry; throws STR0151 and STR0152. */
  async entry(index: number): Promise<StoredText> {
    const entry = this.dump.entries[index];
    if (entry === undefined)
      throw dumpMessages.error('STR0152', { found: String(index), count: this.dump.entries.length });
    const hash = await this.#hash(index);
    const known = this.#texts.get(hash);
    if (known !== undefined) {
      this.#texts.delete(hash);
      this.#texts.set(hash, known);
      return known;
    }
    const text = await entryText(this.dump, entry);
    this.#texts.set(hash, text);
    this.#kept += text.text.length;
    for (const [oldest, old] of this.#texts) {
      if (this.#kept <= KEPT || oldest === hash) break;
      this.#texts.delete(oldest);
      this.#kept -= old.text.length;
    }
    return text;
  }

  #hash(index: number): Promise<string> {
    const known = this.#hashes.get(index);
    if (known !== undefined) return known;
    const entry = this.dump.entries[index]!;
    // The same bytes with another prefix of lines are another text.
    const hash = rawHash(this.dump, entry).then(
      (h) => `${h} ${entry.linePrefix === undefined ? '' : 'prefixed'}`,
    );
    this.#hashes.set(index, hash);
    return hash;
  }

  /** IR at a place; undefined where the entry does not hold the function. */
  async text(place: IrPlace): Promise<string | undefined> {
    const { text } = await this.entry(place.entry);
    if (place.symbol !== undefined) return functionText(text, place.symbol);
    if (place.parts === undefined) return text;
    const parts = new Map<string, string>();
    for (const [symbol, index] of place.parts) parts.set(symbol, (await this.entry(index)).text);
    return withFunctions(text, parts);
  }

  /** What a pass did to its op. */
  async change(run: PassRun, options: NormaliseOptions = {}): Promise<Change> {
    if (run.omitted) return { kind: 'unchanged' };
    if (run.after === undefined) return { kind: 'unfinished' };
    if (run.before === undefined) return { kind: 'first' };
    const simple = run.before.parts === undefined && run.before.symbol === run.after.symbol;
    if (simple && (await this.#hash(run.before.entry)) === (await this.#hash(run.after.entry)))
      return { kind: 'unchanged' };
    const [before, after] = [await this.text(run.before), await this.text(run.after)];
    if (before === undefined || after === undefined) return { kind: 'first' };
    const normalise = { ...options, aliases: 'expand' } as const;
    if (before === after || canonicalHash(before, normalise) === canonicalHash(after, normalise))
      return { kind: 'unchanged' };
    const { added, removed } = diffTexts(before, after, ['', ''], normalise);
    const count = (text: string, { entry }: IrPlace): DialectCounts =>
      countOps(text, this.dump, this.dump.entries[entry]!);
    const ops = countChanges(count(before, run.before), count(after, run.after));
    return { kind: 'changed', added, removed, ops };
  }
}

/** A unified diff of two texts, the names of `after` following those of `before`. */
export function diffTexts(
  before: string,
  after: string,
  labels: readonly [string, string],
  options: NormaliseOptions = {},
): UnifiedDiff {
  const a = prepareLines(before, options);
  return unifiedDiff(a, renameLike(a, prepareLines(after, options)), labels);
}

/** Ops with a symbol, outermost first, that are no modules. */
function functionsIn(ops: readonly StructureOp[]): StructureOp[] {
  return ops.flatMap((op) => {
    const isModule = /(?:^|\.)module$/.test(op.name);
    if (op.symbol !== undefined && !isModule) return [op];
    return op.regions.flatMap((r) => r.blocks.flatMap((b) => functionsIn(b.ops)));
  });
}

/** A function in a text. */
interface FunctionRange {
  readonly symbol: string;
  readonly start: number;
  readonly end: number;
}

/** Of LLVM IR, with the comment on its attributes. */
const llvmFunction =
  /^(?:; Function Attrs:[^\n]*\n)?define\b[^\n]*?@("(?:[^"\\\n]|\\.)*"|[\w$.-]+)[^\n]*\{\n[^]*?^\}/gm;

/** Functions of MLIR or LLVM IR, without those in other functions. */
function functionRanges(text: string): FunctionRange[] {
  if (/^define\b/m.test(text))
    return [...text.matchAll(llvmFunction)].map((m) => ({
      symbol: m[1]!.replace(/^"|"$/g, ''),
      start: m.index,
      end: m.index + m[0].length,
    }));
  return functionsIn(parseStructure(text).ops).map(({ symbol, start, end }) => ({
    symbol: symbol!.name,
    start,
    end,
  }));
}

/** Functions that a text defines. */
export const functionNames = (text: string): string[] => functionRanges(text).map((f) => f.symbol);

/** The text of one function with the aliases of its file; undefined where there is none. */
export function functionText(text: string, symbol: string): string | undefined {
  const op = functionRanges(text).find((f) => f.symbol === symbol);
  if (op === undefined) return undefined;
  const lineStart = text.lastIndexOf('\n', op.start - 1) + 1;
  const indent = /^\s*$/.test(text.slice(lineStart, op.start)) ? op.start - lineStart : 0;
  const body = text
    .slice(op.start, op.end)
    .split('\n')
    .map((line, i) => (i > 0 && line.slice(0, indent).trim() === '' ? line.slice(indent) : line));
  const aliases = /^define\b/m.test(text)
    ? []
    : parseStructure(text).aliases.map((a) => text.slice(a.start, a.end));
  return `${[...aliases, ...body].join('\n')}\n`;
}

/** A module with some of its functions as other texts have them. */
function withFunctions(text: string, parts: ReadonlyMap<string, string>): string {
  const pieces: string[] = [];
  let at = 0;
  for (const op of functionRanges(text)) {
    const part = parts.get(op.symbol);
    if (part === undefined) continue;
    const lineStart = text.lastIndexOf('\n', op.start - 1) + 1;
    const indent = text.slice(lineStart, op.start);
    pieces.push(
      text.slice(at, op.start),
      part
        .trimEnd()
        .split('\n')
        .join(`\n${/^\s*$/.test(indent) ? indent : ''}`),
    );
    at = op.end;
  }
  return pieces.join('') + text.slice(at);
}
