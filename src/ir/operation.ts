/**
 * The IR graph: operations with operands, results, attributes, regions and successors; blocks; values with
 * their uses. MLIR's model. Everything here is structure; what an op means is in its `OpDefinition`.
 */
import type { Attribute } from './attributes';
import type { Location } from './location';
import { unknownLoc } from './location';
import type { OpDefinition } from './opDefinition';
import type { Type } from './types';

/** One use of a value: operand `index` of `owner`. */
export class OpOperand {
  #value: Value;
  constructor(
    readonly owner: Operation,
    public index: number,
    value: Value,
  ) {
    this.#value = value;
    value.uses.add(this);
  }
  get value(): Value {
    return this.#value;
  }
  set(value: Value): void {
    if (value === this.#value) return;
    this.#value.uses.delete(this);
    this.#value = value;
    value.uses.add(this);
  }
  /** Forgets the use; the operand must not be read again. */
  drop(): void {
    this.#value.uses.delete(this);
  }
}

abstract class ValueBase {
  /** In order of creation. */
  readonly uses = new Set<OpOperand>();
  constructor(public type: Type) {}

  get hasUses(): boolean {
    return this.uses.size > 0;
  }
  /** The ops that read the value, each once, in order of use creation. */
  get users(): readonly Operation[] {
    return [...new Set([...this.uses].map((u) => u.owner))];
  }
  replaceAllUsesWith(value: Value, where: (use: OpOperand) => boolean = () => true): void {
    for (const use of [...this.uses]) if (where(use)) use.set(value);
  }
}

/** Result `index` of `op`. */
export class OpResult extends ValueBase {
  readonly kind = 'result';
  constructor(
    readonly op: Operation,
    readonly index: number,
    type: Type,
  ) {
    super(type);
  }
  get definingOp(): Operation {
    return this.op;
  }
  /** The block that holds the definition. */
  get block(): Block | undefined {
    return this.op.block;
  }
}

/** Argument `index` of `block`. */
export class BlockArgument extends ValueBase {
  readonly kind = 'argument';
  readonly definingOp = undefined;
  constructor(
    readonly block: Block,
    public index: number,
    type: Type,
    public location: Location = unknownLoc,
  ) {
    super(type);
  }
}

export type Value = OpResult | BlockArgument;

export interface OperationState {
  readonly name: string;
  readonly definition?: OpDefinition | undefined;
  readonly operands?: readonly Value[];
  readonly resultTypes?: readonly Type[];
  readonly attributes?: Iterable<readonly [string, Attribute]>;
  /** Names in `attributes` that are properties; only for ops without a definition. */
  readonly propertyNames?: ReadonlySet<string>;
  readonly regions?: readonly Region[];
  readonly successors?: readonly Block[];
  readonly location?: Location;
}

let nextId = 1;

export class Operation {
  /** Unique in the process, ascending in order of creation. */
  readonly id = nextId++;
  readonly name: string;
  readonly definition: OpDefinition | undefined;
  readonly results: readonly OpResult[];
  readonly regions: Region[];
  successors: Block[];
  location: Location;
  block: Block | undefined;
  prev: Operation | undefined;
  next: Operation | undefined;
  /** Position in the block; valid while the block's order is. */
  order = 0;
  #operands: OpOperand[];
  readonly #attributes: Map<string, Attribute>;
  readonly #propertyNames: ReadonlySet<string> | undefined;

  constructor(state: OperationState) {
    this.name = state.name;
    this.definition = state.definition;
    this.location = state.location ?? unknownLoc;
    this.#attributes = new Map(state.attributes ?? []);
    this.#propertyNames = state.propertyNames;
    this.regions = [...(state.regions ?? [])];
    for (const region of this.regions) region.parent = this;
    this.successors = [...(state.successors ?? [])];
    this.results = (state.resultTypes ?? []).map((t, i) => new OpResult(this, i, t));
    this.#operands = (state.operands ?? []).map((v, i) => new OpOperand(this, i, v));
  }

  /** `arith` of `arith.addf`. */
  get dialect(): string {
    const dot = this.name.indexOf('.');
    return dot < 0 ? '' : this.name.slice(0, dot);
  }
  get operandCount(): number {
    return this.#operands.length;
  }
  get operands(): readonly Value[] {
    return this.#operands.map((o) => o.value);
  }
  get operandUses(): readonly OpOperand[] {
    return this.#operands;
  }
  operand(i: number): Value {
    const o = this.#operands[i];
    if (o === undefined) throw new RangeError(`${this.name} has no operand ${i}`);
    return o.value;
  }
  result(i = 0): OpResult {
    const r = this.results[i];
    if (r === undefined) throw new RangeError(`${this.name} has no result ${i}`);
    return r;
  }
  setOperand(i: number, value: Value): void {
    const o = this.#operands[i];
    if (o === undefined) throw new RangeError(`${this.name} has no operand ${i}`);
    o.set(value);
  }
  setOperands(values: readonly Value[]): void {
    for (const o of this.#operands) o.drop();
    this.#operands = values.map((v, i) => new OpOperand(this, i, v));
  }

  /** Inherent and discardable attributes alike. */
  get attributes(): ReadonlyMap<string, Attribute> {
    return this.#attributes;
  }
  attr(name: string): Attribute | undefined {
    return this.#attributes.get(name);
  }
  setAttr(name: string, value: Attribute): void {
    this.#attributes.set(name, value);
  }
  removeAttr(name: string): void {
    this.#attributes.delete(name);
  }
  /** Whether the generic form prints the attribute between `<{` and `}>`. */
  isProperty(name: string): boolean {
    return this.definition !== undefined
      ? this.definition.isInherent(name)
      : (this.#propertyNames?.has(name) ?? false);
  }

  /** The op whose region holds this one. */
  get parentOp(): Operation | undefined {
    return this.block?.region?.parent;
  }
  region(i = 0): Region {
    const r = this.regions[i];
    if (r === undefined) throw new RangeError(`${this.name} has no region ${i}`);
    return r;
  }
  /** First block of region `i`. */
  body(i = 0): Block {
    const b = this.region(i).blocks[0];
    if (b === undefined) throw new RangeError(`region ${i} of ${this.name} is empty`);
    return b;
  }

  /** Visits this op and all nested ones, parents first; the visited op may be erased or replaced. */
  walk(visit: (op: Operation) => void): void {
    visit(this);
    for (const region of this.regions) {
      for (const block of [...region.blocks]) {
        for (let op = block.first; op !== undefined;) {
          const { next } = op;
          op.walk(visit);
          op = next;
        }
      }
    }
  }
  /** All nested ops (and this one) that `test` accepts, parents first. */
  find(test: (op: Operation) => boolean): Operation[] {
    const found: Operation[] = [];
    this.walk((op) => {
      if (test(op)) found.push(op);
    });
    return found;
  }

  isAncestorOf(op: Operation): boolean {
    for (let o: Operation | undefined = op; o !== undefined; o = o.parentOp) if (o === this) return true;
    return false;
  }
  /** Whether this op comes before `other` in the block that both are in. */
  isBefore(other: Operation): boolean {
    if (this.block === undefined || this.block !== other.block) {
      throw new Error(`${this.name} and ${other.name} are not in one block`);
    }
    this.block.renumber();
    return this.order < other.order;
  }

  /** Takes the op out of its block; it can be inserted again. */
  detach(): void {
    this.block?.unlink(this);
  }
  moveBefore(anchor: Operation): void {
    if (anchor.block === undefined) throw new Error(`${anchor.name} is not in a block`);
    this.detach();
    anchor.block.insertBefore(this, anchor);
  }
  /** Removes the op for good. Its results must be unused. */
  erase(): void {
    for (const r of this.results) {
      if (r.hasUses) throw new Error(`${this.name} is erased while result ${r.index} is used`);
    }
    this.detach();
    this.dropAllReferences();
  }
  /** Drops the uses that this op and its nested ops make of values. */
  dropAllReferences(): void {
    for (const o of this.#operands) o.drop();
    this.#operands = [];
    for (const region of this.regions) {
      for (const block of region.blocks) {
        for (let op = block.first; op !== undefined; op = op.next) op.dropAllReferences();
      }
    }
  }

  /** A deep copy, not inserted; operands and nested uses go through `mapping`, which gains the new values. */
  clone(mapping: Map<Value, Value> = new Map<Value, Value>()): Operation {
    const copy = new Operation({
      name: this.name,
      definition: this.definition,
      operands: this.operands.map((v) => mapping.get(v) ?? v),
      resultTypes: this.results.map((r) => r.type),
      attributes: this.#attributes,
      ...(this.#propertyNames === undefined ? {} : { propertyNames: this.#propertyNames }),
      regions: this.regions.map(() => new Region()),
      successors: this.successors,
      location: this.location,
    });
    this.results.forEach((r, i) => mapping.set(r, copy.result(i)));
    this.regions.forEach((region, i) => {
      region.cloneInto(copy.region(i), mapping);
    });
    return copy;
  }
}

/** A list of ops with arguments; ends in a terminator unless its op says otherwise. */
export class Block {
  region: Region | undefined;
  readonly args: BlockArgument[] = [];
  first: Operation | undefined;
  last: Operation | undefined;
  #ordered = false;

  constructor(argTypes: readonly Type[] = [], argLocations: readonly Location[] = []) {
    argTypes.forEach((t, i) => this.addArgument(t, argLocations[i]));
  }
  addArgument(type: Type, location: Location = unknownLoc): BlockArgument {
    const arg = new BlockArgument(this, this.args.length, type, location);
    this.args.push(arg);
    return arg;
  }
  /** The argument must be unused. */
  eraseArgument(i: number): void {
    const [arg] = this.args.splice(i, 1);
    if (arg?.hasUses === true) throw new Error(`block argument ${i} is erased while used`);
    this.args.forEach((a, j) => (a.index = j));
  }
  get ops(): Operation[] {
    const out: Operation[] = [];
    for (let op = this.first; op !== undefined; op = op.next) out.push(op);
    return out;
  }
  get parentOp(): Operation | undefined {
    return this.region?.parent;
  }
  /** The last op (whether or not it is a terminator). */
  get terminator(): Operation {
    if (this.last === undefined) throw new Error('an empty block has no terminator');
    return this.last;
  }
  append(op: Operation): void {
    this.insertBefore(op, undefined);
  }
  /** Inserts before `anchor`, or at the end. */
  insertBefore(op: Operation, anchor: Operation | undefined): void {
    if (op.block !== undefined) throw new Error(`${op.name} is in a block already`);
    if (anchor !== undefined && anchor.block !== this) throw new Error(`${anchor.name} is not in this block`);
    const before = anchor === undefined ? this.last : anchor.prev;
    op.block = this;
    op.prev = before;
    op.next = anchor;
    if (before === undefined) this.first = op;
    else before.next = op;
    if (anchor === undefined) this.last = op;
    else anchor.prev = op;
    this.#ordered = false;
  }
  unlink(op: Operation): void {
    if (op.prev === undefined) this.first = op.next;
    else op.prev.next = op.next;
    if (op.next === undefined) this.last = op.prev;
    else op.next.prev = op.prev;
    op.block = undefined;
    op.prev = undefined;
    op.next = undefined;
  }
  /** Makes `order` of the ops valid. */
  renumber(): void {
    if (this.#ordered) return;
    let n = 0;
    for (let op = this.first; op !== undefined; op = op.next) op.order = n++;
    this.#ordered = true;
  }
}

/** A list of blocks under an op. */
export class Region {
  parent: Operation | undefined;
  readonly blocks: Block[] = [];
  constructor(blocks: readonly Block[] = []) {
    for (const b of blocks) this.append(b);
  }
  append(block: Block): void {
    block.region = this;
    this.blocks.push(block);
  }
  /** Copies all blocks behind those of `target`. */
  cloneInto(target: Region, mapping: Map<Value, Value>): void {
    const blocks = new Map<Block, Block>();
    for (const block of this.blocks) {
      const copy = new Block();
      for (const arg of block.args) mapping.set(arg, copy.addArgument(arg.type, arg.location));
      blocks.set(block, copy);
      target.append(copy);
    }
    for (const block of this.blocks) {
      for (const op of block.ops) blocks.get(block)!.append(op.clone(mapping));
    }
    // A use may precede its definition (graph regions, later blocks); successors may lead forward.
    for (const copy of blocks.values()) {
      for (const op of copy.ops) {
        op.successors = op.successors.map((s) => blocks.get(s) ?? s);
        for (const use of op.operandUses) use.set(mapping.get(use.value) ?? use.value);
      }
    }
  }
}

/** The next op outside `op`'s block that holds it, at the block of `ancestor`; undefined when not nested there. */
export function ancestorInBlock(op: Operation, block: Block): Operation | undefined {
  for (let o: Operation | undefined = op; o !== undefined; o = o.parentOp) if (o.block === block) return o;
  return undefined;
}
