/**
 * The moves of the reducer: each offers smaller texts of one kind. They know the structure of MLIR, not its dialects; what is
 * not valid is refused by the test.
 */
import type { StructureOp } from '../../dump/structure/structure';
import type { Edit, IrText, Placed } from './edits';
import { resultTypes, splitTypes, topLevelIndex, within } from './edits';

/** Texts to try, in order; of one generator each that holds is the base of the next run of the move. */
export type Candidates = Generator<string | undefined>;

const isFunction = (op: StructureOp): boolean => op.symbol !== undefined && op.regions.length > 0;

/** Ops that may be taken out together: those that nothing reads, and all with a symbol. */
export function removableOps(ir: IrText): readonly StructureOp[] {
  return ir.placed
    .filter((p) => p.depth > 0 || ir.structure.ops.length > 1)
    .filter((p) => !p.last || isFunction(p.op) || p.op.symbol !== undefined || p.scope === undefined)
    .filter((p) => ir.usesOfResults(p).length === 0)
    .map((p) => p.op);
}

/** All ops of a region but its terminator, with what they give: for regions that need not do anything. */
export function regionBodies(ir: IrText): readonly (readonly StructureOp[])[] {
  return ir.placed.flatMap(({ op }) =>
    op.regions.flatMap((r) => r.blocks.map((b) => b.ops.slice(0, -1)).filter((ops) => ops.length > 1)),
  );
}

/** Returns an earlier value instead of the result: what is computed after it falls away. */
export function* earlierReturns(ir: IrText): Candidates {
  for (const { op: fn } of ir.placed.filter((p) => isFunction(p.op))) {
    const block = fn.regions[0]?.blocks[0];
    const end = block?.ops[block.ops.length - 1];
    const header = functionHeader(ir, fn);
    if (
      block === undefined ||
      end === undefined ||
      header?.results === undefined ||
      end.operands.length === 0
    )
      continue;
    for (const op of block.ops.slice(0, -1)) {
      const types = resultTypes(ir, op);
      if (op.results.length !== 1 || op.results[0]!.count !== 1 || types.length !== 1) continue;
      if (end.operands.length === 1 && end.operands[0]!.name === op.results[0]!.name) continue;
      const result = ir.apply([
        { ...header.results, text: ` -> ${types[0]!}` },
        {
          start: end.nameRange.end,
          end: end.location?.start ?? end.end,
          text: returnText(ir, end, op.results[0]!.name, types[0]!),
        },
      ]);
      yield result;
    }
    // One of several results.
    if (end.operands.length > 1) {
      const types = end.typesStart === undefined ? [] : splitTypes(genericTypes(ir, end));
      for (const [i, use] of end.operands.entries()) {
        if (types[i] === undefined) continue;
        yield ir.apply([
          { ...header.results, text: ` -> ${types[i]}` },
          {
            start: end.nameRange.end,
            end: end.location?.start ?? end.end,
            text: returnText(ir, end, ir.source(use), types[i]),
          },
        ]);
      }
    }
  }
}
const isGeneric = (ir: IrText, op: StructureOp): boolean =>
  ir.text[op.nameRange.start] === '"' || ir.text[op.nameRange.end] === '"';
const returnText = (ir: IrText, end: StructureOp, value: string, type: string): string =>
  isGeneric(ir, end)
    ? `${ir.text[end.nameRange.end] === '"' ? '"' : ''}(${value}) : (${type}) -> ()`
    : ` ${value} : ${type}`;
function genericTypes(ir: IrText, op: StructureOp): string {
  const text = ir.text.slice(op.typesStart, op.location?.start ?? op.end).trim();
  const arrow = topLevelIndex(text, '->');
  const operands = arrow < 0 ? text : text.slice(0, arrow).trim();
  return operands.startsWith('(') ? operands.slice(1, -1) : operands;
}

interface Header {
  /** From behind the arguments to the body or attributes: ` -> (…)`, or empty. */
  readonly results: { readonly start: number; readonly end: number } | undefined;
  readonly args: { readonly start: number; readonly end: number };
}
/** Of a function in custom form. */
function functionHeader(ir: IrText, fn: StructureOp): Header | undefined {
  const body = fn.regions[0];
  if (fn.symbol === undefined || body === undefined || isGeneric(ir, fn)) return undefined;
  const open = ir.text.indexOf('(', fn.symbol.end);
  if (open < 0 || open > body.start) return undefined;
  const close = closing(ir.text, open);
  if (close < 0) return undefined;
  const rest = ir.text.slice(close + 1, body.start);
  const arrow = /^\s*->\s*/.exec(rest);
  if (arrow === null) return { args: { start: open + 1, end: close }, results: undefined };
  const begin = close + 1 + arrow[0].length;
  let end = begin;
  if (ir.text[begin] === '(') end = closing(ir.text, begin) + 1;
  else {
    const types = ir.text.slice(begin, body.start);
    const stop = topLevelIndex(types, ' ');
    end = begin + (stop < 0 ? types.trimEnd().length : stop);
  }
  return { args: { start: open + 1, end: close }, results: { start: close + 1, end } };
}
function closing(text: string, open: number): number {
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    if ('([{<'.includes(text[i]!)) depth++;
    else if (')]}'.includes(text[i]!) || (text[i] === '>' && text[i - 1] !== '-')) depth--;
    if (depth === 0) return i;
  }
  return -1;
}

/** Drops arguments of functions that nothing reads. */
export function* unusedArguments(ir: IrText): Candidates {
  for (const { op: fn } of ir.placed.filter((p) => isFunction(p.op))) {
    const header = functionHeader(ir, fn);
    if (header === undefined) continue;
    const parts = splitTypes(ir.source(header.args));
    for (let i = parts.length - 1; i >= 0; i--) {
      const name = /^%[\w$.-]+/.exec(parts[i]!)?.[0];
      if (name === undefined || ir.usesOf(name, fn).length > 0) continue;
      yield ir.apply([{ ...header.args, text: parts.filter((_, k) => k !== i).join(', ') }]);
    }
  }
}

/** Reads something else instead of an op's result, so that the op can go: an operand, or an earlier value of the type. */
export function* substitutes(ir: IrText): Candidates {
  for (const place of [...ir.placed].reverse()) {
    const { op, block, scope } = place;
    if (op.results.length !== 1 || op.results[0]!.count !== 1 || block === undefined) continue;
    const uses = ir.usesOf(op.results[0]!.name, scope).filter((u) => !within(u.op, op));
    if (uses.length === 0) continue;
    const type = resultTypes(ir, op)[0];
    const names = new Set(op.operands.map((o) => ir.source(o)));
    for (const name of earlierValues(ir, place, type)) names.add(name);
    for (const name of [...names].slice(0, 6))
      yield ir.apply([
        ...uses.map(({ use }): Edit => ({ start: use.start, end: use.end, text: name })),
        gone(ir, op),
      ]);
    const argument = type === undefined ? undefined : asArgument(ir, scope, op, type);
    if (argument !== undefined) yield ir.apply([argument, gone(ir, op)]);
  }
}
const gone = (ir: IrText, op: StructureOp): Edit => ({ ...ir.lines(op), text: '' });

/** Makes the function take the value instead of computing it. */
function asArgument(
  ir: IrText,
  scope: StructureOp | undefined,
  op: StructureOp,
  type: string,
): Edit | undefined {
  const header = scope === undefined ? undefined : functionHeader(ir, scope);
  if (header === undefined || op.regions.length + op.operands.length === 0) return undefined;
  const args = ir.source(header.args).trim();
  return { ...header.args, text: `${args}${args === '' ? '' : ', '}${op.results[0]!.name}: ${type}` };
}
function earlierValues(
  ir: IrText,
  { op, scope, block }: Placed,
  type: string | undefined,
): readonly string[] {
  if (type === undefined) return [];
  const found: string[] = [];
  const header = scope === undefined ? undefined : functionHeader(ir, scope);
  if (header !== undefined) {
    for (const part of splitTypes(ir.source(header.args))) {
      const m = /^(%[\w$.-]+)\s*:\s*(.*)$/s.exec(part);
      if (m !== null && m[2]!.replace(/\s*(\{.*|loc\(.*)$/s, '').trim() === type) found.push(m[1]!);
    }
  }
  for (const other of block!.ops) {
    if (other.start >= op.start) break;
    if (other.results.length === 1 && other.results[0]!.count === 1 && resultTypes(ir, other)[0] === type)
      found.push(other.results[0]!.name);
  }
  return found.slice(0, 3);
}

/** Puts the body of a region in the place of its op. */
export function* inlinedRegions(ir: IrText): Candidates {
  for (const { op, scope } of ir.placed) {
    if (isFunction(op)) continue;
    for (const region of op.regions) {
      const [block, second] = region.blocks;
      const end = block?.ops[block.ops.length - 1];
      if (block === undefined || second !== undefined || end === undefined || block.ops.length < 2) continue;
      const inner = { start: block.ops[0]!.start, end: block.ops[block.ops.length - 2]!.end };
      // The last operands are what loops carry and what regions of isolated ops are given.
      const given = op.operands.slice(-block.arguments.length).map((o) => ir.source(o));
      let body = ir.source(inner);
      block.arguments.forEach((a, i) => {
        if (given[i] !== undefined) body = replaceName(body, a.name, given[i]);
      });
      const edits: Edit[] = [{ start: op.start, end: op.end, text: body }];
      op.results.forEach((r, i) => {
        for (const { use } of ir.usesOf(r.name, scope)) {
          const value = end.operands[use.resultNumber ?? i];
          if (value === undefined) continue;
          const argument = block.arguments.findIndex((a) => a.name === value.name);
          edits.push({ start: use.start, end: use.end, text: given[argument] ?? ir.source(value) });
        }
      });
      yield ir.apply(edits);
    }
  }
}
const replaceName = (text: string, name: string, by: string): string =>
  text.replace(new RegExp(`${name.replace(/[$.]/g, '\\$&')}(?![\\w$.#-])`, 'g'), by);

/** Sizes of shapes: each distinct one smaller wherever it stands, in types alone or in all integers. */
export function* smallerShapes(ir: IrText): Candidates {
  const sizes = new Set<number>();
  for (const m of ir.text.matchAll(/<([\d?x]*\d)x/g)) for (const d of m[1]!.split('x')) sizes.add(Number(d));
  for (const m of ir.text.matchAll(/(\d+)x/g)) sizes.add(Number(m[1]));
  for (const size of [...sizes].filter((s) => s > 1).sort((a, b) => b - a)) {
    for (const next of new Set([1, 2, 4, Math.floor(size / 2)])) {
      if (next >= size || next < 1) continue;
      const inTypes = ir.text.replace(new RegExp(`(?<=[<x])${size}(?=x)`, 'g'), String(next));
      yield inTypes;
      yield inTypes.replace(new RegExp(`(?<![\\w.#%@!x-])${size}(?![\\w.x])`, 'g'), String(next));
    }
  }
}

/** Literals: blobs and long lists as one number, numbers as 0 or 1, attributes left out. */
export function* simplerConstants(ir: IrText): Candidates {
  const { text } = ir;
  for (const m of text.matchAll(/dense<(?:"[^"]*"|\[[^>]*\])>|dense_resource<[\w.$-]+>/g)) {
    const type =
      /^\s*:\s*(?:tensor|vector|memref)<(?:[\d?]+x)*(\w+)>/.exec(text.slice(m.index + m[0].length))?.[1] ??
      '';
    for (const value of /^(?:f|bf)\d/.test(type)
      ? ['1.0', '0.0']
      : type === 'i1'
        ? ['true', 'false']
        : ['1', '0'])
      yield replaceAt(text, m.index, m[0].length, `dense<${value}>`);
  }
  for (const m of text.matchAll(/(?<=constant )-?\d+(?:\.\d+(?:e[+-]?\d+)?)?(?= : )/gi)) {
    const simple = m[0].includes('.') ? ['0.0', '1.0'] : ['0', '1'];
    if (simple.some((s) => Number(s) === Number(m[0]))) continue;
    for (const value of simple) yield replaceAt(text, m.index, m[0].length, value);
  }
}
const replaceAt = (text: string, at: number, length: number, by: string): string =>
  text.slice(0, at) + by + text.slice(at + length);

/** Dictionaries of attributes, whole and entry by entry. */
export function* fewerAttributes(ir: IrText): Candidates {
  const { text } = ir;
  for (const m of [...text.matchAll(/(?: attributes)? \{(?=[\w."$-]+ ?=|[\w."$-]+[,}])/g)].reverse()) {
    const open = m.index + m[0].length - 1;
    const end = closing(text, open);
    if (end < 0 || text.slice(open, end).includes('\n')) continue;
    yield replaceAt(text, m.index, end + 1 - m.index, '');
    const entries = splitTypes(text.slice(open + 1, end));
    if (entries.length > 1)
      for (const e of entries)
        yield replaceAt(text, open + 1, end - open - 1, entries.filter((x) => x !== e).join(', '));
  }
}

/** Locations, comments, aliases that nothing names, blobs, and a module around everything. */
export function* lessAround(ir: IrText): Candidates {
  const { text, structure } = ir;
  const locations = ir.placed.flatMap(({ op }) =>
    op.location === undefined ? [] : [{ ...op.location, text: '' }],
  );
  if (locations.length > 0)
    yield ir
      .apply(locations)
      ?.replace(/ loc\([^()\n]*\)/g, '')
      .replace(/[ \t]+$/gm, '');
  if (/^\s*\/\//m.test(text)) yield text.replace(/^\s*\/\/.*\n/gm, '');
  if (structure.resources !== undefined) yield ir.apply([{ ...structure.resources, text: '' }]);
  for (const alias of structure.aliases) {
    const used = text.split(alias.name).some((_, i, all) => i > 1 || (i === 1 && all.length > 2));
    if (!used) yield ir.apply([{ ...ir.lines(alias), text: '' }]);
  }
  const [module, other] = structure.ops;
  const body = module?.regions[0]?.blocks[0];
  if (
    module !== undefined &&
    other === undefined &&
    /^(builtin\.)?module$/.test(module.name) &&
    body !== undefined &&
    body.ops.length > 0
  ) {
    const inner = text.slice(body.ops[0]!.start, body.ops[body.ops.length - 1]!.end);
    yield text.slice(0, module.start) + inner + '\n' + text.slice(module.end).replace(/^\s*loc\([^)]*\)/, '');
  }
}
