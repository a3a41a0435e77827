/**
 * Checks that IR is well formed: structure (terminators, dominance, symbols, isolation), declarations (operand
 * types, attributes, inferred types, the op's own rule) and provenance (`missingProvenance`). Reports all problems,
 * not the first.
 */
import { StrataError } from '../base/diagnostics';
import { irMessages } from './messages';
import { locationText, modelNodesOf } from './location';
import type { OpDefinition, ValueSpecs } from './opDefinition';
import { InferenceError, segmentsOf } from './opDefinition';
import type { Block, Operation, Value } from './operation';
import { ancestorInBlock } from './operation';
import { DYNAMIC, isShaped } from './types';
import type { Type } from './types';

export interface Problem {
  readonly op: Operation;
  readonly text: string;
}

/** All problems below `root`. */
export function verify(root: Operation): readonly Problem[] {
  const problems: Problem[] = [];
  root.walk((op) => {
    verifyOne(op, problems);
  });
  return problems;
}
/** Problems of `root` itself, and all below those ops of its body that `include` names. */
export function verifyParts(root: Operation, include: (op: Operation) => boolean): readonly Problem[] {
  const problems: Problem[] = [];
  verifyOne(root, problems);
  for (const op of childrenOf(root)) if (include(op)) problems.push(...verify(op));
  return problems;
}
const childrenOf = (root: Operation): readonly Operation[] =>
  root.regions.flatMap((r) => r.blocks.flatMap((b) => b.ops));

function verifyOne(op: Operation, problems: Problem[]): void {
  const report = (text: string): void => {
    problems.push({ op, text });
  };
  verifyStructure(op, report);
  if (op.definition !== undefined) verifyDeclaration(op, op.definition, report);
}

/** Throws STR0110 with the first problems when there are any. */
export function assertVerified(root: Operation, what = ''): void {
  const problems = verify(root);
  if (problems.length > 0) throw verifierError(problems, what);
}

export function verifierError(problems: readonly Problem[], what = ''): StrataError {
  const [first] = problems;
  const rest = problems.slice(1, 5).map((p) => `\n  also: ${p.op.name}${where(p.op)}: ${p.text}`);
  const more = problems.length > 5 ? `\n  and ${problems.length - 5} more` : '';
  return irMessages.error('STR0110', {
    op: `${what}${first!.op.name}`,
    location: where(first!.op),
    problem: `${first!.text}${rest.join('')}${more}`,
  });
}
function where(op: Operation): string {
  const nodes = modelNodesOf(op.location);
  if (nodes.length > 0)
    return ` (from ${nodes
      .slice(0, 3)
      .map((n) => n.name)
      .join(', ')}${nodes.length > 3 ? ', …' : ''})`;
  return op.location.kind === 'unknown' ? '' : ` (${locationText(op.location).slice(0, 120)})`;
}

function verifyStructure(op: Operation, report: (text: string) => void): void {
  for (const use of op.operandUses)
    if (!isVisible(use.value, op)) report(`operand ${use.index} is not defined before its use`);
  const traits = op.definition?.traits;
  for (const region of op.regions) {
    if (traits?.has('singleBlock') === true && region.blocks.length > 1)
      report(`has a region of ${region.blocks.length} blocks, one is allowed`);
    for (const block of region.blocks) {
      if (op.definition !== undefined && traits?.has('noTerminator') !== true) {
        const last = block.last;
        if (
          last === undefined ||
          (last.definition !== undefined && !last.definition.traits.has('terminator'))
        ) {
          report('has a block that does not end in a terminator');
        }
      }
      for (let o = block.first; o !== undefined && o !== block.last; o = o.next) {
        if (o.definition?.traits.has('terminator') === true)
          report(`has ${o.name} before the end of a block`);
      }
    }
  }
  if (traits?.has('symbolTable') === true) verifySymbols(op, report);
}

function verifySymbols(op: Operation, report: (text: string) => void): void {
  const seen = new Set<string>();
  for (const child of op.regions[0]?.blocks[0]?.ops ?? []) {
    const name = child.attr('sym_name');
    if (name?.kind !== 'string') continue;
    if (seen.has(name.value)) report(`defines the symbol @${name.value} twice`);
    seen.add(name.value);
  }
}

/** Whether `value` may be read by `user`: defined before, in the same or an enclosing region, not across isolation. */
function isVisible(value: Value, user: Operation): boolean {
  const block = value.block;
  if (block === undefined) return false;
  if (block === user.block)
    return (
      value.kind === 'argument' || (value.op !== user && (value.op.isBefore(user) || isGraphRegion(block)))
    );
  const at = ancestorInBlock(user, block);
  if (at !== undefined) {
    if (crossesIsolation(user, at)) return false;
    if (value.kind === 'argument') return true;
    return value.op !== at && (value.op.isBefore(at) || isGraphRegion(block));
  }
  // Another block of the same region: dominance over the control-flow graph.
  const region = block.region;
  for (let o: Operation | undefined = user; o !== undefined; o = o.parentOp) {
    if (o.block?.region === region && region !== undefined)
      return !crossesIsolation(user, o) && dominates(block, o.block!);
  }
  return false;
}
const isGraphRegion = (block: Block): boolean =>
  block.parentOp?.definition?.traits.has('graphRegion') === true;
function crossesIsolation(user: Operation, at: Operation): boolean {
  for (let o: Operation | undefined = user; o !== undefined && o !== at; o = o.parentOp) {
    if (o !== user && o.definition?.traits.has('isolated') === true) return true;
  }
  return user !== at && at.definition?.traits.has('isolated') === true;
}

/** Whether every path from the region's entry to `b` passes `a`. */
function dominates(a: Block, b: Block): boolean {
  const entry = a.region?.blocks[0];
  if (a === b || entry === undefined) return a === b;
  const reached = new Set<Block>([a]);
  const work: Block[] = entry === a ? [] : [entry];
  while (work.length > 0) {
    const x = work.pop()!;
    if (reached.has(x)) continue;
    if (x === b) return false;
    reached.add(x);
    work.push(...(x.last?.successors ?? []));
  }
  return true;
}

function verifyDeclaration(op: Operation, def: OpDefinition, report: (text: string) => void): void {
  const values = op.operands;
  const operands = verifyValues(def.operands, values, 'operand', op, report);
  const results = verifyValues(def.results, op.results, 'result', op, report);
  const fixed = def.regions.filter((r) => !r.endsWith('*')).length;
  const open = def.regions.some((r) => r.endsWith('*'));
  if (op.regions.length < fixed || (!open && op.regions.length > fixed))
    report(`has ${op.regions.length} regions, expected ${fixed}${open ? ' or more' : ''}`);
  let attributes = true;
  for (const [name, spec] of Object.entries(def.attrs)) {
    const value = op.attr(name);
    if (
      value === undefined
        ? spec.required && spec.fallback === undefined
        : spec.codec.read(value) === undefined
    ) {
      attributes = false;
      report(
        value === undefined
          ? `needs the attribute '${name}' (${spec.codec.describe})`
          : `attribute '${name}' must be ${spec.codec.describe}, found ${value.text}`,
      );
    }
  }
  if (def.traits.has('sameType')) {
    const types = new Set([...values, ...op.results].map((v) => v.type));
    if (types.size > 1)
      report(
        `needs one type for all operands and results, found ${[...types].map((t) => t.text).join(', ')}`,
      );
  }
  if (def.traits.has('sameOperandTypes') && new Set(values.map((v) => v.type)).size > 1)
    report('needs one type for all operands');
  if (!operands || !results || !attributes) return;
  verifyInference(op, def, report);
  const problem = def.verifyOp(op);
  if (problem !== undefined) report(problem);
}

function verifyValues(
  specs: ValueSpecs,
  values: readonly Value[],
  what: 'operand' | 'result',
  op: Operation,
  report: (text: string) => void,
): boolean {
  const sizes = op.attr(what === 'operand' ? 'operandSegmentSizes' : 'resultSegmentSizes');
  let segments;
  try {
    segments = segmentsOf(
      specs,
      values.length,
      sizes?.kind === 'dense_array' ? sizes.values.map(Number) : undefined,
      op.name,
    );
  } catch {
    report(
      `has ${values.length} ${what}s, which do not fit ${
        Object.entries(specs)
          .map(([n, s]) => n + (s.arity === 'one' ? '' : s.arity === 'optional' ? '?' : '*'))
          .join(', ') || 'none'
      }`,
    );
    return false;
  }
  let fine = true;
  for (const name in specs) {
    const spec = specs[name]!;
    const [from, to] = segments[name]!;
    for (let i = from; i < to; i++) {
      const v = values[i]!;
      if (spec.constraint.test(v.type)) continue;
      fine = false;
      report(`${what} '${name}' must be ${spec.constraint.describe}, found ${v.type.text}`);
    }
  }
  return fine;
}

function verifyInference(op: Operation, def: OpDefinition, report: (text: string) => void): void {
  let inferred;
  try {
    inferred = def.infer(
      op.operands.map((v) => v.type),
      op.attributes,
    );
  } catch (e) {
    if (!(e instanceof InferenceError) && !(e instanceof StrataError) && !(e instanceof RangeError)) throw e;
    report(e.message);
    return;
  }
  inferred?.forEach((t, i) => {
    const actual = op.results[i]?.type;
    if (actual !== undefined && !isCompatible(t, actual))
      report(`result ${i} must be ${t.text}, found ${actual.text}`);
  });
}
/** Equal, or equal where both sizes are known. */
export function isCompatible(a: Type, b: Type): boolean {
  if (a === b) return true;
  if (
    !isShaped(a) ||
    !isShaped(b) ||
    a.kind !== b.kind ||
    a.element !== b.element ||
    a.shape.length !== b.shape.length
  )
    return false;
  return a.shape.every((d, i) => d === b.shape[i] || d === DYNAMIC || b.shape[i] === DYNAMIC);
}

/** Ops that must lead to a model node and do not. Scaffolding, terminators and constants need not. */
export const missingProvenance = (root: Operation): readonly Operation[] =>
  root.find((op) => op !== root && needsProvenance(op) && modelNodesOf(op.location).length === 0);

/** Whether an op comes from somewhere in the model: those that hold or end others and constants need not say. */
export function needsProvenance({ definition }: Operation): boolean {
  const traits = definition?.traits;
  return !(
    traits?.has('noProvenance') === true ||
    traits?.has('terminator') === true ||
    traits?.has('constantLike') === true
  );
}
