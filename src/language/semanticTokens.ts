/**
 * Semantic tokens: what a grammar cannot know, which is what a name refers to. Values that are arguments, symbols that
 * are functions, aliases, ops that Strata knows, and names that nothing defines.
 */
import type { IrSource } from './irSource';
import { definitionOf } from './opNames';

/** In the order of the legend. */
export const tokenTypes = [
  'variable',
  'parameter',
  'function',
  'namespace',
  'type',
  'macro',
  'label',
  'method',
] as const;
export const tokenModifiers = ['definition', 'defaultLibrary'] as const;
export type TokenType = (typeof tokenTypes)[number];

export interface SemanticToken {
  readonly start: number;
  readonly end: number;
  readonly type: TokenType;
  /** Bits of `tokenModifiers`. */
  readonly modifiers: number;
}

const types = {
  value: 'variable',
  argument: 'parameter',
  block: 'label',
  symbol: 'function',
} as const;

/** In the order of the text, one line each; `range` limits them. */
export function semanticTokens(
  source: IrSource,
  range?: { readonly start: number; readonly end: number },
): readonly SemanticToken[] {
  const found: SemanticToken[] = [];
  const inside = (start: number): boolean =>
    range === undefined || (start >= range.start && start < range.end);
  for (const op of source.ops) {
    if (!inside(op.nameRange.start)) continue;
    const known = definitionOf(op.name) !== undefined;
    found.push({ ...op.nameRange, type: 'method', modifiers: known ? 2 : 0 });
  }
  for (const binding of source.bindings.all) {
    const { definition, kind } = binding;
    const type = kind === 'alias' ? (definition.name.startsWith('!') ? 'type' : 'macro') : types[kind];
    // A symbol in a string (`sym_name = "f"`) stays a string.
    if (inside(definition.start) && source.text[definition.start] !== '"')
      found.push({ start: definition.start, end: definition.end, type, modifiers: 1 });
    for (const use of binding.uses)
      if (inside(use.start)) found.push({ start: use.start, end: use.end, type, modifiers: 0 });
  }
  found.sort((a, b) => a.start - b.start);
  // Shared header arguments are two bindings of one place.
  return found.filter((t, i) => i === 0 || t.start >= found[i - 1]!.end);
}
