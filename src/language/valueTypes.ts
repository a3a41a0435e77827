/** The type of a value, from what Strata knows of its op or else from the text. */
import type { Binding } from '../dump/structure/bindings';
import type { StructureOp } from '../dump/structure/structure';
import type { IrSource } from './irSource';
import type { KnownIr } from './knownIr';
import { definitionOf } from './opNames';

/** Text up to the end of a type at `start`: to a comma or closing bracket that is not in it. */
function typeEnd(text: string, start: number, limit: number): number {
  let depth = 0;
  for (let i = start; i < limit; i++) {
    const c = text[i]!;
    if (c === '"') {
      for (i++; i < limit && text[i] !== '"'; i++) if (text[i] === '\\') i++;
    } else if (c === '-' && text[i + 1] === '>') i++;
    else if ('([{<'.includes(c)) depth++;
    else if (')]}>'.includes(c) && --depth < 0) return i;
    else if (depth === 0 && (c === ',' || c === '\n' || c === '{' || c === '=')) return i;
  }
  return limit;
}

/** Parts of `a, b` or `(a, b)` that commas outside of brackets part. */
function list(text: string): string[] {
  const inner = /^\((.*)\)$/s.exec(text.trim())?.[1] ?? text.trim();
  const parts: string[] = [];
  for (let at = 0; at < inner.length;) {
    const end = typeEnd(inner, at, inner.length);
    parts.push(inner.slice(at, end).trim());
    at = end + 1;
  }
  return parts.filter((p) => p !== '');
}

/** What stands after the `:` of an op, without its location and region. */
export function typesText(source: IrSource, op: StructureOp): string | undefined {
  if (op.typesStart === undefined) return undefined;
  const region = op.regions.find((r) => r.start >= op.typesStart!);
  const end = Math.min(op.end, op.location?.start ?? op.end, region?.start ?? op.end);
  const text = source.text
    .slice(op.typesStart, end)
    .replace(/\s*\/\/[^\n]*/g, '')
    .replace(/\s+/g, ' ')
    .trim();
  return text === '' ? undefined : text;
}

/** Result types as the text says them; undefined where it does not, or says it in a way of its own. */
export function resultTypes(source: IrSource, op: StructureOp): readonly string[] | undefined {
  const text = typesText(source, op);
  const count = op.results.reduce((n, r) => n + r.count, 0);
  if (text === undefined || count === 0) return undefined;
  let arrow = -1;
  for (let i = 0, depth = 0; i < text.length - 1; i++) {
    const c = text[i]!;
    if (c === '-' && text[i + 1] === '>') {
      if (depth === 0) arrow = i;
      i++;
    } else if ('([{<'.includes(c)) depth++;
    else if (')]}>'.includes(c)) depth--;
  }
  // Without an arrow, types may be those of operands: `memref.load %m[%i] : memref<4xf32>`.
  const own =
    arrow >= 0 || op.operands.length === 0 || definitionOf(op.name)?.traits.has('sameType') === true;
  if (!own) return undefined;
  const types = list(arrow < 0 ? text : text.slice(arrow + 2));
  if (types.length === count) return types;
  return undefined;
}

/** The type of a value or of the `number`th result that its name stands for. */
export function typeOf(
  source: IrSource,
  known: KnownIr | undefined,
  binding: Binding,
  number = 0,
): string | undefined {
  const { op, definition } = binding;
  if (binding.kind === 'value' && op !== undefined) {
    const real = known?.opAt(op.start);
    let index = number;
    for (const result of op.results) {
      if (result.start === definition.start) break;
      index += result.count;
    }
    return real?.results[index]?.type.text ?? resultTypes(source, op)?.[index];
  }
  if (binding.kind !== 'argument') return undefined;
  const real = op === undefined ? undefined : known?.opAt(op.start);
  for (const [r, region] of (op?.regions ?? []).entries()) {
    for (const [b, block] of region.blocks.entries()) {
      const index = block.arguments.findIndex((a) => a.start === definition.start);
      if (index < 0) continue;
      const type = real?.regions[r]?.blocks[b]?.args[index]?.type.text;
      if (type !== undefined) return type;
    }
  }
  const after = /^\s*:\s*/.exec(source.text.slice(definition.end, definition.end + 20));
  if (after === null) return undefined;
  const start = definition.end + after[0].length;
  const text = source.text.slice(start, typeEnd(source.text, start, source.text.length)).trim();
  return text === '' ? undefined : text;
}
