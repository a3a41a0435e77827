/** Definition, references, highlights and renaming of values, blocks, symbols and aliases, as plain data. */
import type { Binding } from '../dump/structure/bindings';
import type { TextRange } from '../dump/structure/structure';
import type { IrSource } from './irSource';

export interface Found extends TextRange {
  readonly binding: Binding;
}

/** The name at an offset (also right after it) with what it refers to. */
export function nameAt(source: IrSource, offset: number): Found | undefined {
  const { text, bindings } = source;
  // A name has no blanks; symbols in quotes may.
  for (let start = offset; start >= 0 && offset - start < 400; start--) {
    const binding = bindings.at.get(start);
    if (binding !== undefined) {
      const { definition } = binding;
      const end =
        definition.start === start
          ? definition.end
          : (binding.uses.find((u) => u.start === start)?.end ?? start);
      return offset <= end ? { binding, start, end } : undefined;
    }
    if (start < offset && text[start] === '\n') return undefined;
  }
  return undefined;
}

export interface Reference extends TextRange {
  readonly isDefinition: boolean;
}

/** The definition and all uses, in the order of the text. */
export function referencesOf(binding: Binding): readonly Reference[] {
  return [
    { start: binding.definition.start, end: binding.definition.end, isDefinition: true },
    ...binding.uses.map((u) => ({ start: u.start, end: u.end, isDefinition: false })),
  ].sort((a, b) => a.start - b.start);
}

export interface Rename extends TextRange {
  readonly newText: string;
}

const names: Readonly<
  Record<Binding['kind'], { readonly sigil: string; readonly form: RegExp; readonly says: string }>
> = {
  value: { sigil: '%', form: /^(?:\d+|[A-Za-z_$.-][\w$.-]*)$/, says: 'a value is named %name or %0' },
  argument: { sigil: '%', form: /^(?:\d+|[A-Za-z_$.-][\w$.-]*)$/, says: 'a value is named %name or %0' },
  block: { sigil: '^', form: /^(?:\d+|[A-Za-z_$.-][\w$.-]*)$/, says: 'a block is named ^name' },
  symbol: { sigil: '@', form: /^.+$/, says: 'a symbol is named @name' },
  alias: { sigil: '', form: /^[#!][A-Za-z_][\w$]*$/, says: 'an alias is named #name or !name, without dots' },
};

/** What a rename changes; a string says why the name cannot be given. */
export function renameTo(source: IrSource, binding: Binding, wanted: string): readonly Rename[] | string {
  const { sigil, form, says } = names[binding.kind];
  const { text } = source;
  const old = binding.definition.name;
  const bare =
    binding.kind === 'alias'
      ? /^[#!]/.test(wanted)
        ? wanted
        : old[0]! + wanted
      : wanted.startsWith(sigil)
        ? wanted.slice(1).replace(/^"(.*)"$/, '$1')
        : wanted;
  if (!form.test(bare)) return says;
  if (binding.kind === 'alias' && bare[0] !== old[0])
    return `an alias of ${old[0] === '#' ? 'an attribute' : 'a type'} begins with ${old[0]}`;
  const clash = clashOf(
    source,
    binding,
    binding.kind === 'symbol' || binding.kind === 'alias' ? bare : sigil + bare,
  );
  if (clash !== undefined) return clash;
  const quoted =
    binding.kind === 'symbol' && !/^[A-Za-z_][\w$.]*$/.test(bare)
      ? `"${bare.replace(/["\\]/g, '\\$&')}"`
      : bare;
  return referencesOf(binding).map(({ start, end }) => {
    const written = text.slice(start, end);
    if (binding.kind !== 'symbol') {
      // `%0#1` keeps the number of its result; `%0:2` is outside of the range.
      const number = /#\d+$/.exec(written)?.[0] ?? '';
      return { start, end, newText: sigil + bare + (binding.kind === 'alias' ? '' : number) };
    }
    // In the generic form a symbol is defined by a string.
    return { start, end, newText: written.startsWith('"') ? `"${bare}"` : `@${quoted}` };
  });
}

/** Another definition with that name where the binding is seen. */
function clashOf(source: IrSource, binding: Binding, name: string): string | undefined {
  const ranges = referencesOf(binding);
  const [from, to] = [ranges[0]!.start, ranges[ranges.length - 1]!.end];
  const scope = source.opsAt(from)[0];
  const inScope = (at: number): boolean =>
    binding.kind === 'alias' || binding.kind === 'symbol' || scope === undefined
      ? true
      : at >= Math.min(scope.start, from) && at <= Math.max(scope.end, to);
  const other = source.bindings.all.find(
    (b) =>
      b !== binding &&
      b.definition.name === name &&
      sameSpace(b.kind, binding.kind) &&
      inScope(b.definition.start),
  );
  return other === undefined
    ? undefined
    : `${binding.kind === 'symbol' ? `@${name}` : name} is taken by another ${other.kind}`;
}
const sameSpace = (a: Binding['kind'], b: Binding['kind']): boolean =>
  a === b || (['value', 'argument'].includes(a) && ['value', 'argument'].includes(b));

/** Ranges around an offset, the smallest first: the name, the op, its block, its region, the op around, and so on. */
export function selectionRanges(source: IrSource, offset: number): readonly TextRange[] {
  const { text } = source;
  const ranges: TextRange[] = [{ start: 0, end: text.length }];
  for (const op of source.opsAt(offset)) {
    ranges.push(op, { start: op.nameRange.start, end: op.end }, op.nameRange);
    for (const region of op.regions) ranges.push(region, ...region.blocks);
  }
  const name = nameAt(source, offset);
  if (name !== undefined) ranges.push(name);
  let [start, end] = [offset, offset];
  while (start > 0 && /[\w$.]/.test(text[start - 1]!)) start--;
  while (end < text.length && /[\w$.]/.test(text[end]!)) end++;
  if (end > start) ranges.push({ start, end });
  const around = ranges
    .filter((r) => r.start <= offset && offset <= r.end)
    .sort((a, b) => a.end - a.start - (b.end - b.start));
  const nested: TextRange[] = [];
  for (const range of around) {
    const last = nested[nested.length - 1];
    const holds = last === undefined || (range.start <= last.start && range.end >= last.end);
    const larger = last === undefined || range.end - range.start > last.end - last.start;
    if (holds && larger) nested.push({ start: range.start, end: range.end });
  }
  return nested;
}
