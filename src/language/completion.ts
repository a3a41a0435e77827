/** Completion in IR text: ops and their attributes, values in scope, blocks, symbols, aliases and types. */
import { registry } from '../ir/dialects/index';
import type { OpDefinition } from '../ir';
import type { IrSource } from './irSource';
import type { KnownIr } from './knownIr';
import { definitionOf } from './opNames';
import { typeOf } from './valueTypes';

export interface Completion {
  readonly label: string;
  readonly kind: 'op' | 'dialect' | 'value' | 'block' | 'symbol' | 'alias' | 'type' | 'attribute';
  readonly detail?: string;
  readonly documentation?: string;
  /** UTF-16 offsets of what it replaces. */
  readonly start: number;
  readonly end: number;
  readonly insert: string;
}

const builtinTypes = 'i1 i8 i16 i32 i64 index f16 bf16 f32 f64 tensor memref vector tuple complex none'.split(
  ' ',
);

export function completionsAt(
  source: IrSource,
  known: KnownIr | undefined,
  offset: number,
): readonly Completion[] {
  const { text } = source;
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  const before = text.slice(lineStart, offset);
  if (/\/\//.test(before.replace(/"(?:[^"\\]|\\.)*"/g, ''))) return [];
  const word = /[%^@#!]?[\w$.-]*$/.exec(before)![0];
  const start = offset - word.length;
  const end = offset + /^[\w$.-]*/.exec(text.slice(offset, offset + 200))![0].length;
  const item = (label: string, kind: Completion['kind'], more: Partial<Completion> = {}): Completion => ({
    label,
    kind,
    start,
    end,
    insert: label,
    ...more,
  });
  switch (word.charAt(0)) {
    case '%':
      return valuesInScope(source, known, offset).map(({ name, type }) =>
        item(name, 'value', type === undefined ? {} : { detail: type }),
      );
    case '^':
      return ofKind(source, offset, 'block').map((name) => item(name, 'block'));
    case '@':
      return source.bindings.all
        .filter((b) => b.kind === 'symbol')
        .map((b) => item(`@${b.definition.name}`, 'symbol', b.op === undefined ? {} : { detail: b.op.name }));
    case '#':
    case '!':
      return source.structure.aliases
        .filter((a) => a.name.startsWith(word[0]!))
        .map((a) =>
          item(a.name, 'alias', {
            detail: text.slice(a.body.start, Math.min(a.body.end, a.body.start + 120)),
          }),
        );
    default:
      return wordCompletions(source, offset, before.slice(0, before.length - word.length), word, item);
  }
}

type Make = (label: string, kind: Completion['kind'], more?: Partial<Completion>) => Completion;

/** After `lead` on the line: an op, an attribute of the op around, or a type. */
function wordCompletions(
  source: IrSource,
  offset: number,
  lead: string,
  word: string,
  item: Make,
): readonly Completion[] {
  if (/^\s*(?:%[^=]*=\s*)?"?$/.test(lead)) return opCompletions(source, word, item);
  const op = source.opsAt(offset).at(-1);
  const definition = op === undefined ? undefined : definitionOf(op.name);
  if (definition !== undefined && /[{<,]\s*$/.test(lead) && /\{[^}]*$/.test(lead))
    return attributesOf(definition, item);
  if (/(?::|->|<|,|\()\s*(?:\d+x|\?x)*$/.test(lead) || /[:>]\s*$/.test(lead))
    return builtinTypes.map((t) => item(t, 'type'));
  return [];
}

function opCompletions(source: IrSource, word: string, item: Make): Completion[] {
  const found = new Map<string, Completion>();
  for (const op of registry.ops)
    found.set(op.name, item(op.name, 'op', { detail: op.summary, documentation: op.doc }));
  // Ops of other dialects that the text has already.
  for (const op of source.ops)
    if (op.name.includes('.') && !found.has(op.name) && op.name !== word)
      found.set(op.name, item(op.name, 'op', { detail: 'used in this file' }));
  return [...found.values()];
}

function attributesOf(definition: OpDefinition, item: Make): Completion[] {
  return Object.entries(definition.attrs).map(([name, spec]) =>
    item(name, 'attribute', { detail: spec.codec.describe, documentation: spec.doc, insert: `${name} = ` }),
  );
}

/** Names defined before `offset` in the regions around it. */
function valuesInScope(
  source: IrSource,
  known: KnownIr | undefined,
  offset: number,
): readonly { readonly name: string; readonly type: string | undefined }[] {
  const found = new Map<string, string | undefined>();
  const { bindings } = source;
  const add = (start: number): void => {
    const binding = bindings.at.get(start);
    if (binding === undefined) return;
    const name = binding.definition.name;
    if (!found.has(name)) found.set(name, typeOf(source, known, binding));
  };
  for (const op of [...source.opsAt(offset)].reverse()) {
    for (const region of op.regions) {
      if (region.start > offset || region.end < offset) continue;
      for (const block of region.blocks) {
        // The nearest first.
        for (const inner of [...block.ops].reverse())
          if (inner.end <= offset)
            inner.results.forEach((r) => {
              add(r.start);
            });
        block.arguments.forEach((a) => {
          add(a.start);
        });
      }
    }
  }
  return [...found].map(([name, type]) => ({ name, type }));
}

function ofKind(source: IrSource, offset: number, kind: 'block'): string[] {
  const around = source.opsAt(offset);
  return source.bindings.all
    .filter((b) => b.kind === kind && b.op !== undefined && around.includes(b.op))
    .map((b) => b.definition.name);
}
