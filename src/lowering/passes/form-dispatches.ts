/**
 * `form-dispatches`: divides each function into regions that become one kernel each. A kernel is a reduction with what
 * makes its inputs (padding, start values) and the elementwise ops that follow it, or one elementwise op, or one op
 * that moves elements. Constants and plain reshapes stay outside.
 */
import type { Attribute, Block, Operation, Rewriter, Type, types, Value } from '../../ir';
import {
  arrayAttr,
  boolOption,
  definePass,
  floatAttr,
  integerAttr,
  modelNodesOf,
  stringAttr,
} from '../../ir';
import { constant } from '../../ir/dialects/arith';
import { region as dispatchRegion, yieldOp } from '../../ir/dialects/dispatch';
import { collapseShape } from '../../ir/dialects/tensor';
import { workName } from '../dispatchName';
import { loweringMessages } from '../messages';
import { fusionRefused, Generic, isPlainLoops, shapeOf } from '../rules/linalgGeneric';

/** Ops that one kernel is made of. */
interface Group {
  /** The op that the kernel is about. */
  readonly root: Operation;
  /** Elementwise ops after it, in order; the last one's results leave the kernel. */
  readonly followers: readonly Operation[];
  /** Why the kernel does not go on. */
  readonly refused: string | undefined;
}
const lastOf = (g: Group): Operation => g.followers[g.followers.length - 1] ?? g.root;

export const formDispatches = definePass({
  name: 'form-dispatches',
  summary: 'divide the program into regions that become one kernel each',
  doc: [
    'The root of a kernel is a reduction, an elementwise op, or an op that moves elements (pad, slice, concat, fill). Elementwise ops follow',
    'their root into the kernel while each is the only reader of the one before and reads it in place. Padding, slices and start values are',
    'taken in. Constants are operands, reshapes stay in the host program.',
  ].join('\n'),
  anchor: 'func.func',
  options: { followers: boolOption(true, 'whether elementwise ops join the reduction that they follow') },
  run: (root, { rewriter }, options) => {
    const [block] = root.region().blocks;
    if (block === undefined) return;
    const name = root.attr('sym_name');
    const prefix = name?.kind === 'string' ? name.value : 'main';
    const groups = groupsOf(block, options.followers).sort((a, b) =>
      lastOf(a).isBefore(lastOf(b)) ? -1 : 1,
    );
    groups.forEach((group, i) => {
      outline(rewriter, group, `${prefix}_dispatch_${i}_${workName(group.root, group.followers)}`);
    });
  },
});

function groupsOf(block: Block, follow: boolean): Group[] {
  const groups: Group[] = [];
  const taken = new Set<Operation>();
  const add = (root: Operation, grown: Pick<Group, 'followers' | 'refused'>): void => {
    groups.push({ root, ...grown });
    for (const op of [root, ...grown.followers]) taken.add(op);
  };
  const { ops } = block;
  // From the last reduction back, so that of two that meet in one op the later takes it: its other input is then at hand.
  for (const op of [...ops].reverse()) {
    const g = Generic.of(op);
    if (g === undefined || isPlainLoops(op)) continue;
    const joined = g.isParallel ? joinedResults(op) : [];
    if (g.isParallel && joined === undefined) continue;
    const after = follow ? followersOf(joined?.at(-1) ?? op, taken) : { followers: [], refused: undefined };
    add(op, { ...after, followers: [...(joined ?? []), ...after.followers] });
  }
  for (const op of ops) {
    if (taken.has(op)) continue;
    if (Generic.of(op) !== undefined || isPlainLoops(op) || (movesElements(op) && readOutside(op)))
      add(op, { followers: [], refused: undefined });
  }
  return groups;
}

/**
 * The ops that put all results of an op together to one tensor, in order, and a slice after them; undefined when the
 * op has one result, or when something else reads one.
 */
function joinedResults(root: Operation): readonly Operation[] | undefined {
  if (root.results.length < 2) return undefined;
  const found = new Set<Operation>();
  const pending = [...root.results];
  let last: Operation | undefined;
  for (let v = pending.pop(); v !== undefined; v = pending.pop()) {
    const [user, other] = v.users;
    if (user === undefined || other !== undefined || user.block !== root.block) continue;
    if (!isReshape(user) && user.name !== 'tensor.concat' && user.name !== 'tensor.extract_slice') continue;
    if (found.has(user)) continue;
    found.add(user);
    if (last === undefined || last.isBefore(user)) last = user;
    pending.push(user.result());
  }
  // Reshapes after the last join stay outside, as views.
  const ops = [...found].sort((a, b) => (a.isBefore(b) ? -1 : 1));
  while (ops.length > 0 && isReshape(ops[ops.length - 1]!) && !feedsFollower(ops[ops.length - 1]!)) ops.pop();
  const reads = (v: Value): boolean => v.users.every((u) => ops.includes(u));
  const whole = root.results.every(reads) && ops.slice(0, -1).every((op) => reads(op.result()));
  return whole && ops.length > 0 ? ops : undefined;
}
/** Whether the only reader is an elementwise op. */
const feedsFollower = (op: Operation): boolean =>
  op.result().users.length === 1 && Generic.of(op.result().users[0])?.isElementwise === true;

/** The elementwise ops after `root` that its kernel can go on with. */
function followersOf(root: Operation, taken: ReadonlySet<Operation>): Pick<Group, 'followers' | 'refused'> {
  const followers: Operation[] = [];
  let current = root;
  for (;;) {
    const [result, second] = current.results;
    if (result === undefined || second !== undefined) return { followers, refused: undefined };
    const [user, other] = result.users;
    const next = Generic.of(user);
    if (user === undefined || next?.isElementwise !== true || user.block !== root.block)
      return { followers, refused: undefined };
    const stop = (reason: string): Pick<Group, 'followers' | 'refused'> => ({ followers, refused: reason });
    if (other !== undefined)
      return stop(`${result.users.length} ops read its result, so it is written to memory`);
    if (taken.has(user)) return stop('the op after it is part of the kernel of its other input');
    if (!next.inputs.every((i) => i.value !== result || i.map.isPermutation)) {
      return stop('the op after it does not read each element of its result once');
    }
    followers.push(user);
    current = user;
  }
}

const movers = new Set([
  'tensor.pad',
  'tensor.extract_slice',
  'tensor.insert_slice',
  'tensor.concat',
  'tensor.splat',
  'linalg.fill',
]);
const movesElements = (op: Operation): boolean => movers.has(op.name);
/** Ops that a kernel takes in as producers of what it reads. */
const producers = new Set([
  'tensor.pad',
  'tensor.extract_slice',
  'tensor.splat',
  'linalg.fill',
  'tensor.empty',
]);
const isReshape = (op: Operation): boolean =>
  op.name === 'tensor.expand_shape' || op.name === 'tensor.collapse_shape';

/** Whether the op goes into the kernels that read it: it only arranges elements that they can read themselves. */
function isTakenIn(op: Operation | undefined): op is Operation {
  if (op === undefined) return false;
  return (
    producers.has(op.name) || (isReshape(op) && keepsAxesApart(op) && isTakenIn(op.operand(0).definingOp))
  );
}
/** Whether no two axes of more than one element become one: computed values cannot be addressed across them. */
function keepsAxesApart(op: Operation): boolean {
  if (op.name !== 'tensor.collapse_shape') return true;
  const sizes = shapeOf(op.operand(0));
  return collapseShape.view(op).reassociation.every((g) => g.filter((d) => sizes[d] !== 1).length <= 1);
}
/** Whether something that takes nothing in reads a result: the program's end, a reshape that stays outside, plain loops. */
const readOutside = (op: Operation): boolean =>
  !isTakenIn(op) ||
  op.results.some((r) =>
    r.users.some(
      (u) =>
        u.definition?.traits.has('terminator') === true || (isReshape(u) && readOutside(u)) || !isComputed(u),
    ),
  );
const isComputed = (op: Operation): boolean => {
  const inKernel = topOf(op);
  return (
    !isPlainLoops(inKernel) &&
    (Generic.of(inKernel) !== undefined || movesElements(inKernel) || isReshape(inKernel))
  );
};
/** The op of the function's own block that holds `op`. */
function topOf(op: Operation): Operation {
  let top = op;
  while (top.parentOp !== undefined && top.parentOp.name !== 'func.func') top = top.parentOp;
  return top;
}

/** Moves a group into a dispatch.region in place of its last op. */
function outline(rewriter: Rewriter, group: Group, name: string): void {
  const last = lastOf(group);
  const plain = isPlainLoops(group.root);
  const members: Operation[] = [];
  const inputs: Value[] = [];
  const seen = new Set<Operation>();
  const known = new Set<Value>();
  const visit = (op: Operation): void => {
    if (seen.has(op)) return;
    seen.add(op);
    for (const v of outerValues(op)) {
      const producer = v.definingOp;
      const inside =
        producer !== undefined &&
        ((plain ? isLoopScaffolding(producer) : isTakenIn(producer)) ||
          isScalarConstant(producer) ||
          isMember(group, producer));
      if (inside) visit(producer);
      else if (!known.has(v)) {
        if (v.type.kind !== 'tensor')
          throw loweringMessages.error('STR0502', { op: op.name, found: v.type.text });
        known.add(v);
        inputs.push(v);
      }
    }
    members.push(op);
  };
  visit(last);
  const reasons = [
    ...members.flatMap((op) => {
      const noted = op.attr(fusionRefused);
      return noted?.kind === 'array' ? noted.elements : [];
    }),
    ...(group.refused === undefined ? [] : [stringAttr(group.refused)]),
  ];
  const given = last.results.filter((r) => {
    if (r.type.kind === 'tensor') return true;
    if (r.hasUses) throw loweringMessages.error('STR0502', { op: last.name, found: r.type.text });
    return false;
  });
  rewriter.apply({
    rule: 'form-dispatch',
    root: last,
    sources: members.filter((op) => !isScaffolding(op)),
    build: (b) => {
      const { location } = b;
      const body = b.region(
        inputs.map((v) => v.type),
        (args) => {
          const mapping = new Map<Value, Value>(inputs.map((v, i) => [v, args[i]!]));
          for (const op of members) {
            const copy = b.insert(op.clone(mapping));
            copy.removeAttr(fusionRefused);
            copy.walk((inner) => {
              if (isScaffolding(inner) || modelNodesOf(inner.location).length === 0)
                inner.location = location;
            });
          }
          b.op(yieldOp, { values: given.map((r) => mapping.get(r)!) });
        },
      );
      const { results } = b.op(
        dispatchRegion,
        { inputs, sym_name: name },
        {
          resultTypes: given.map((r) => r.type),
          regions: [body],
          ...(reasons.length === 0 ? {} : { extra: [[fusionRefused, arrayAttr(reasons)]] }),
        },
      );
      // A scalar that a loop carries stays in the kernel.
      return last.results.map(
        (r) => results[given.indexOf(r)] ?? b.value(constant, { value: zeroOf(r.type) }),
      );
    },
  });
}

/** What plain loops take in: new tensors to write to, and scalars. */
const isLoopScaffolding = (op: Operation): boolean =>
  op.name === 'tensor.empty' || op.results.every((r) => r.type.kind !== 'tensor');
const zeroOf = (type: Type): Attribute =>
  type.kind === 'float' ? floatAttr(0, type) : integerAttr(0, type as types.IntegerType | types.IndexType);

const isMember = (group: Group, op: Operation): boolean => op === group.root || group.followers.includes(op);
/** A scalar that is known: a constant, or one read as another type. */
const isScalarConstant = (op: Operation): boolean =>
  op.results.length === 1 &&
  op.result().type.kind !== 'tensor' &&
  (op.definition?.traits.has('constantLike') === true ||
    (op.definition?.traits.has('elementwise') === true &&
      op.operands.every((v) => v.definingOp !== undefined && isScalarConstant(v.definingOp))));

/** Ops that say nothing about the model; merging equal ones has given them the nodes of many kernels. */
const isScaffolding = (op: Operation): boolean =>
  op.name === 'tensor.empty' ||
  op.name === 'linalg.fill' ||
  op.definition?.traits.has('constantLike') === true ||
  isScalarOp(op);
/** What makes the value of padding. */
const isScalarOp = (op: Operation): boolean =>
  op.results.length > 0 && op.results.every((r) => r.type.kind !== 'tensor');

/** Values that the op and its regions read from around it, each once. */
function outerValues(op: Operation): readonly Value[] {
  const found = new Set<Value>();
  op.walk((inner) => {
    for (const v of inner.operands) {
      const owner = v.kind === 'argument' ? v.block.parentOp : v.op;
      if (
        owner === undefined ||
        (owner !== op && !op.isAncestorOf(owner)) ||
        (owner === op && v.kind === 'result')
      )
        found.add(v);
    }
  });
  return [...found];
}
