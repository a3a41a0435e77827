/**
 * Kernels of plain loops, for dispatches that read or write at computed positions (`tensor.extract` in a body, `scf.for`
 * that carries tensors). Tensors become buffers in place and loops stay as they are; the outer loops of a parallel
 * `linalg.generic` are the kernel's parallel range. Used by `lower-to-loops`, which tiles everything else.
 */
import type { Block, Builder, Operation, Type, Value, AffineMap } from '../../ir';
import { Block as BlockClass, Operation as Op, Region, types as t } from '../../ir';
import * as memref from '../../ir/dialects/memref';
import { arenaAlignment } from '../arena';
import { Generic, isPlainLoops } from '../rules/linalgGeneric';
import { KernelEmitter } from './kernelEmitter';
import { loopMessages } from './messages';

/** Whether a dispatch becomes plain loops. */
export const isPlainDispatch = (region: Operation): boolean => region.body().ops.some(isPlainLoops);

/** What profiles say in place of a schedule. */
export const plainSchedule = 'plain loops';

/** Emits the kernel of `region` at the builder. A buffer is given for each input and each result. */
export function buildPlainKernel(
  region: Operation,
  b: Builder,
  inputs: readonly Value[],
  outputs: readonly Value[],
): void {
  new PlainKernel(region, b, inputs, outputs).build();
}

const isTensor = (type: Type): boolean => type.kind === 'tensor';
const shapeOf = (v: Value): readonly number[] => (t.isShaped(v.type) ? v.type.shape : []);

class PlainKernel {
  readonly #emitter: KernelEmitter;
  /** Scalars of the region as scalars of the kernel, tensors as buffers. */
  readonly #values = new Map<Value, Value>();
  /** Buffers of the kernel that hold what is yielded, by the tensors that are computed in them. */
  readonly #targets = new Map<Value, Value>();

  constructor(
    readonly region: Operation,
    readonly b: Builder,
    readonly inputs: readonly Value[],
    readonly outputs: readonly Value[],
  ) {
    this.#emitter = new KernelEmitter(b);
  }

  build(): void {
    const { region, b, outputs } = this;
    const body = region.body();
    body.args.forEach((a, i) => this.#values.set(a, this.inputs[i]!));
    const yielded = body.terminator.operands;
    yielded.forEach((v, i) => {
      for (let at: Value | undefined = v; at !== undefined; at = destinationOf(at))
        if (!this.#targets.has(at)) this.#targets.set(at, outputs[i]!);
    });
    const computing = body.ops.filter((op) => op.results.some((r) => isTensor(r.type)));
    const only = computing.filter((op) => op.name !== 'tensor.empty');
    for (const op of body.ops) {
      if (op === body.last) break;
      const g = only.length === 1 && op === only[0] ? Generic.of(op) : undefined;
      if (g !== undefined && g.isParallel && g.outputs.every((o) => !o.argument.hasUses)) this.#parallel(g);
      else this.#convert(op);
    }
    yielded.forEach((v, i) => {
      const found = this.#value(v);
      if (found !== outputs[i]) b.op(memref.copy, { source: found, target: outputs[i]! });
    });
  }

  #fail(problem: string): never {
    const name = this.region.attr('sym_name');
    throw loopMessages.error('STR0540', { dispatch: name?.kind === 'string' ? name.value : '', problem });
  }
  #value(v: Value): Value {
    return this.#values.get(v) ?? this.#fail(`it reads ${v.definingOp?.name ?? 'an argument'} from outside`);
  }
  #block(block: Block): void {
    for (const op of block.ops) if (op !== block.last) this.#convert(op);
  }

  #convert(op: Operation): void {
    const g = Generic.of(op);
    if (g !== undefined) {
      this.#sequential(g);
      return;
    }
    switch (op.name) {
      case 'tensor.empty':
        // Each reader that writes to it has a buffer of its own.
        return;
      case 'tensor.extract': {
        const [source, ...at] = op.operands;
        const indices = at.map((v) => this.#value(v));
        const element = t.elementOf(source!.type);
        this.#values.set(
          op.result(),
          this.b.value(memref.load, { memref: this.#value(source!), indices }, element),
        );
        return;
      }
      case 'tensor.insert': {
        const [scalar, dest, ...at] = op.operands;
        const buffer = this.#own(dest!, op.result());
        this.b.op(memref.store, {
          value: this.#value(scalar!),
          memref: buffer,
          indices: at.map((v) => this.#value(v)),
        });
        this.#values.set(op.result(), buffer);
        return;
      }
      case 'linalg.fill': {
        const [scalar, dest] = op.operands;
        const buffer = this.#own(dest!, op.result());
        const value = this.#value(scalar!);
        this.#nest(shapeOf(dest!), (indices) => {
          this.b.op(memref.store, { value, memref: buffer, indices });
        });
        this.#values.set(op.result(), buffer);
        return;
      }
      case 'scf.for':
      case 'scf.if':
      case 'scf.while':
        this.#control(op);
        return;
    }
    if (op.regions.length > 0 || op.results.some((r) => isTensor(r.type))) this.#fail(`it holds ${op.name}`);
    const made = new Op({
      name: op.name,
      definition: op.definition,
      operands: op.operands.map((v) => this.#value(v)),
      resultTypes: op.results.map((r) => r.type),
      attributes: op.attributes,
      location: this.b.location,
    });
    this.b.insert(made).results.forEach((r, i) => this.#values.set(op.result(i), r));
  }

  /** The buffer to write to for `result`, with the elements of `v`: its own where nothing else reads it. */
  #own(v: Value, result: Value): Value {
    const isNew = v.definingOp?.name === 'tensor.empty';
    const held = isNew ? undefined : this.#value(v);
    const isInput = held !== undefined && this.inputs.includes(held);
    if (held !== undefined && !isInput && isLastUse(v, result)) return held;
    const target = this.#targets.get(result);
    const buffer =
      target ??
      this.b.value(memref.alloc, { alignment: arenaAlignment }, t.memref(shapeOf(v), t.elementOf(v.type)));
    if (held !== undefined && held !== buffer) this.b.op(memref.copy, { source: held, target: buffer });
    return buffer;
  }

  /** Loops and branches: tensors that they carry stay in one buffer, so only scalars are carried on. */
  #control(op: Operation): void {
    const isFor = op.name === 'scf.for';
    const fixed = isFor ? 3 : op.name === 'scf.if' ? 1 : 0;
    const carried = op.operands.slice(fixed);
    const buffers = carried.map((v, i) => (isTensor(v.type) ? this.#own(v, op.result(i)) : undefined));
    const regions = op.regions.map(
      (region) => new Region(region.blocks.map((block) => this.#scalars(block, buffers))),
    );
    const made = new Op({
      name: op.name,
      definition: op.definition,
      operands: op.operands.filter((v) => !isTensor(v.type)).map((v) => this.#value(v)),
      resultTypes: op.results.flatMap((r) => (isTensor(r.type) ? [] : [r.type])),
      attributes: op.attributes,
      regions,
      location: this.b.location,
    });
    this.b.insert(made);
    let next = 0;
    op.results.forEach((r, i) => {
      if (!isTensor(r.type)) this.#values.set(r, made.result(next++));
      else this.#values.set(r, buffers[i] ?? this.#value(op.region().blocks[0]!.terminator.operand(i)));
    });
  }
  /** A block with its scalar arguments alone; tensors among them are the buffers that are carried. */
  #scalars(block: Block, buffers: readonly (Value | undefined)[]): Block {
    const first = block.args.length - buffers.length;
    const scalars = block.args.filter((a) => !isTensor(a.type));
    const made = new BlockClass(
      scalars.map((a) => a.type),
      scalars.map(() => this.b.location),
    );
    scalars.forEach((a, i) => this.#values.set(a, made.args[i]!));
    block.args.forEach((a, i) => {
      if (isTensor(a.type)) this.#values.set(a, buffers[i - first]!);
    });
    this.b.within(made, () => {
      this.#block(block);
      const { terminator } = block;
      terminator.operands.forEach((v, i) => {
        const into = buffers[terminator.name === 'scf.condition' ? i - 1 : i];
        if (isTensor(v.type) && into !== undefined && this.#value(v) !== into)
          this.#fail(`${terminator.name} gives another tensor than the one that is carried`);
      });
      this.b.insert(
        new Op({
          name: terminator.name,
          definition: terminator.definition,
          operands: terminator.operands.filter((v) => !isTensor(v.type)).map((v) => this.#value(v)),
          location: this.b.location,
        }),
      );
    });
    return made;
  }

  /** The only op of the kernel: its outer loops are the kernel's range. */
  #parallel(g: Generic): void {
    const extents = this.#extents(g);
    const buffers = this.#destinations(g);
    const outer = Math.max(1, extents.length - 1);
    const point = (indices: readonly Value[]): void => this.#point(g, indices, buffers);
    if (extents.length === 0) point([]);
    else
      this.#emitter.forall(extents.slice(0, outer), (ivs) => {
        this.#nest(extents.slice(outer), (inner) => {
          point([...ivs, ...inner]);
        });
      });
  }
  #sequential(g: Generic): void {
    const buffers = this.#destinations(g);
    this.#nest(this.#extents(g), (indices) => {
      this.#point(g, indices, buffers);
    });
  }
  #extents(g: Generic): readonly number[] {
    return g.extents ?? this.#fail('the size of a loop is in no operand');
  }
  #destinations(g: Generic): readonly Value[] {
    return g.outputs.map((o, i) => {
      const buffer = this.#own(o.value, g.op.result(i));
      this.#values.set(g.op.result(i), buffer);
      return buffer;
    });
  }
  /** The body at one point of the loops. */
  #point(g: Generic, indices: readonly Value[], buffers: readonly Value[]): void {
    const at = (map: AffineMap): readonly Value[] =>
      map.results.map((e) =>
        e.kind === 'dim'
          ? indices[e.index]!
          : e.kind === 'constant'
            ? this.#emitter.index(e.value)
            : this.#emitter.apply(e, indices),
      );
    const read = (o: Generic['operands'][number], buffer: Value): void => {
      if (o.argument.hasUses)
        this.#values.set(
          o.argument,
          this.b.value(memref.load, { memref: buffer, indices: at(o.map) }, o.argument.type),
        );
    };
    for (const o of g.inputs) if (o.argument.hasUses) read(o, this.#value(o.value));
    g.outputs.forEach((o, i) => {
      read(o, buffers[i]!);
    });
    for (const op of g.bodyOps) {
      if (op.name === 'linalg.index') {
        const dim = op.attr('dim');
        this.#values.set(op.result(), indices[dim?.kind === 'integer' ? Number(dim.value) : 0]!);
      } else this.#convert(op);
    }
    g.yielded.forEach((v, i) => {
      this.b.op(memref.store, {
        value: this.#value(v),
        memref: buffers[i]!,
        indices: at(g.outputs[i]!.map),
      });
    });
  }
  /** Loops over a range of points, the last index fastest. */
  #nest(sizes: readonly number[], body: (indices: readonly Value[]) => void): void {
    const level = (indices: readonly Value[]): void => {
      const size = sizes[indices.length];
      if (size === undefined) body(indices);
      else
        this.#emitter.loop(this.#emitter.index(0), this.#emitter.index(size), 1, [], (iv) => {
          level([...indices, iv]);
          return [];
        });
    };
    level([]);
  }
}

/** Whether nothing reads `v` any more once the op of `result` writes in its place. */
function isLastUse(v: Value, result: Value): boolean {
  const writer = result.definingOp!;
  return v.users.every((user) => {
    if (user === writer || isOtherBranch(user, writer)) return true;
    return user.name === 'tensor.extract' && runsBefore(user, writer);
  });
}

/** Whether `a` has run when `b` does, both at or below ops of one block. */
function runsBefore(a: Operation, b: Operation): boolean {
  for (let x: Operation | undefined = a; x !== undefined; x = x.parentOp)
    for (let y: Operation | undefined = b; y !== undefined; y = y.parentOp)
      if (x !== y && x.block === y.block) return x.isBefore(y);
  return false;
}

/** Whether `user` only hands the value on where the branch of `writer` is not taken. */
const isOtherBranch = (user: Operation, writer: Operation): boolean =>
  user.name === 'scf.yield' &&
  user.parentOp?.name === 'scf.if' &&
  user.block !== writer.block &&
  user.parentOp.isAncestorOf(writer);

/** The tensor that a result takes the place of, in destination style. */
function destinationOf(v: Value): Value | undefined {
  if (v.kind !== 'result') return undefined;
  const { op, index } = v;
  const g = Generic.of(op);
  if (g !== undefined) return g.outputs[index]?.value;
  switch (op.name) {
    case 'linalg.fill':
    case 'tensor.insert':
      return op.operand(1);
    case 'scf.for':
      return op.operand(3 + index);
    default:
      return undefined;
  }
}
