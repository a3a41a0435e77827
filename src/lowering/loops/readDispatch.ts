/**
 * Reads the body of a dispatch.region into a `Kernel`: its loops, its reduction if it has one, and what it stores,
 * as expressions over the loops. Says with STR0540 what one kernel cannot do. Used by the schedule chooser and by
 * lowering to loops.
 */
import type { AffineMap, Attribute, Operation, Value, types } from '../../ir';
import { decodeElements, floatAttr, integerAttr, numbersOf, types as t } from '../../ir';
import { foldDots } from './dotProducts';
import type { Expression, Guard } from './expression';
import { formKey } from './linearForm';
import type { LinearForm } from './linearForm';
import {
  combineForms,
  composeMap,
  constantForm,
  loopForm,
  sameForm,
  scaleForm,
  shiftForm,
} from './linearForm';
import { loopMessages } from './messages';

export interface Loop {
  /** The dims of the root op that it runs over: `d0.d1`. */
  readonly name: string;
  readonly size: number;
  readonly kind: 'parallel' | 'reduction';
}
export interface Reduction {
  /** The linalg.generic. */
  readonly op: Operation;
  /** One per `ins` operand; absent when the body does not use it. */
  readonly inputs: readonly (Expression | undefined)[];
  /** Start value of each result. */
  readonly inits: readonly Expression[];
  /** For `linalg.index` in the body; empty when it does not ask. */
  readonly indices: readonly LinearForm[];
  /** Inputs are words of so many neighbouring elements, whose products are summed at once. */
  readonly group?: number;
}
/** What is stored into result `result`: `value` at `form`. */
export interface Output {
  readonly result: number;
  readonly type: types.TensorType;
  readonly value: Expression;
  readonly form: LinearForm;
  /** Where it is stored; everywhere without. */
  readonly guards?: readonly Guard[];
}
export interface Kernel {
  readonly region: Operation;
  readonly name: string;
  readonly loops: readonly Loop[];
  readonly reduction: Reduction | undefined;
  readonly outputs: readonly Output[];
}

export const rowMajor = (shape: readonly number[]): number[] => {
  const strides = new Array<number>(shape.length).fill(1);
  for (let d = shape.length - 2; d >= 0; d--) strides[d] = strides[d + 1]! * shape[d + 1]!;
  return strides;
};

/** Where a result of a spread op ends up in a value that is made of several. */
interface Spot {
  readonly dims: readonly LinearForm[];
  readonly guards: readonly Guard[];
}

/** Where a value that follows from the reduction is, in terms of the loops. */
interface Place {
  /** Its address in row-major memory. */
  readonly memory: LinearForm;
  /** Its index; absent where a reshape splits it. */
  readonly dims: readonly LinearForm[] | undefined;
}

/** The dispatch as a kernel over all loops of its root op, none joined yet. */
export function readDispatch(region: Operation): Kernel {
  return foldDots(new DispatchReader(region).read());
}

const isGeneric = (op: Operation): boolean => op.name === 'linalg.generic';
const isReshape = (op: Operation): boolean =>
  op.name === 'tensor.expand_shape' || op.name === 'tensor.collapse_shape';
/** The value before reshapes. */
function beforeReshapes(v: Value): Value {
  let source = v;
  while (source.kind === 'result' && isReshape(source.op)) source = source.op.operand(0);
  return source;
}

export function mapsOf(op: Operation): readonly AffineMap[] {
  const a = op.attr('indexing_maps');
  return a?.kind === 'array' ? a.elements.flatMap((e) => (e.kind === 'affine_map' ? [e.map] : [])) : [];
}
/** Whether dim `i` of a linalg.generic is a reduction. */
export function reductionDims(op: Operation): readonly boolean[] {
  const a = op.attr('iterator_types');
  return a?.kind === 'array' ? a.elements.map((e) => e.text.includes('reduction')) : [];
}
/** How many of a linalg.generic's operands are `ins`. */
const inputCount = (op: Operation): number =>
  numbersOf(op.attr('operandSegmentSizes'))?.[0] ?? op.operandCount - op.results.length;

/** Whether the op computes several results of which the yielded tensors are put together. */
const isSpread = (op: Operation, yields: readonly Value[]): boolean =>
  isGeneric(op) && op.results.length > 1 && !op.results.some((r) => yields.includes(r));

/** Sizes of the iteration space of a linalg.generic, from its operands' shapes. */
function iterationSizes(op: Operation): readonly number[] | undefined {
  const maps = mapsOf(op);
  const sizes = new Array<number>(maps[0]?.numDims ?? 0).fill(-1);
  op.operands.forEach((v, i) => {
    if (!t.isShaped(v.type)) return;
    const { shape } = v.type;
    maps[i]!.results.forEach((e, r) => {
      if (e.kind === 'dim') sizes[e.index] = shape[r]!;
    });
  });
  return sizes.includes(-1) ? undefined : sizes;
}

class DispatchReader {
  readonly #name: string;
  readonly #yields: readonly Value[];
  #rank = 0;
  #root: Operation | undefined;
  /** Forms of the dims of the root's results. */
  #rootForms: readonly LinearForm[] = [];
  readonly #places = new Map<Value, Place>();
  readonly #known = new Map<string, Expression>();
  readonly #valueIds = new Map<Value, number>();
  #nextId = 0;

  constructor(readonly region: Operation) {
    const name = region.attr('sym_name');
    this.#name = name?.kind === 'string' ? name.value : '?';
    this.#yields = region.body().terminator.operands;
  }

  read(): Kernel {
    const reductions = this.region
      .body()
      .ops.filter((op) => isGeneric(op) && reductionDims(op).includes(true));
    if (reductions.length > 1) this.#fail(`it has ${reductions.length} reductions, one is allowed`);
    if (this.#yields.length === 0) this.#fail('it yields nothing');
    for (const v of [...this.region.body().args, ...this.#yields]) {
      if (v.type.kind !== 'tensor' || !t.isStatic(v.type.shape))
        this.#fail(`${v.type.text} is no tensor of static shape`);
    }
    const [root] = reductions;
    if (root !== undefined) return this.#reduction(root);
    const spread = this.region.body().ops.find((op) => isSpread(op, this.#yields));
    return spread === undefined ? this.#elementwise() : this.#spread(spread);
  }

  /** No reduction: the loops are the dims of the result. */
  #elementwise(): Kernel {
    const shape = this.#shapeOf(this.#yields[0]!);
    this.#rank = shape.length;
    const forms = this.#loopForms(shape);
    const outputs = this.#yields.map((v, result): Output => {
      const type = v.type as types.TensorType;
      if (type.shape.length !== shape.length || type.shape.some((n, d) => n !== shape[d])) {
        this.#fail(
          `its results have different shapes, ${(this.#yields[0]!.type as types.TensorType).text} and ${type.text}`,
        );
      }
      return {
        result,
        type,
        value: this.#expression(v, forms),
        form: combineForms(this.#rank, forms, rowMajor(shape)),
      };
    });
    const loops = shape.map((size, d): Loop => ({ name: `d${d}`, size, kind: 'parallel' }));
    return { region: this.region, name: this.#name, loops, reduction: undefined, outputs };
  }

  /** One op whose results are put together to one tensor: the loops are its own, each result is stored in its place. */
  #spread(root: Operation): Kernel {
    const sizes = iterationSizes(root) ?? this.#fail('the size of a loop is in no operand');
    this.#rank = sizes.length;
    const dims = this.#loopForms(sizes);
    const maps = mapsOf(root).slice(inputCount(root));
    const spots = new Map<Value, ReadonlyMap<number, Spot>>();
    const known = (v: Value, at: ReadonlyMap<number, Spot>): void => {
      spots.set(v, at);
      for (const [result, spot] of at)
        this.#known.set(
          this.#key(v, spot.dims),
          this.#expression(root.result(result), this.#compose(maps[result]!, dims)),
        );
    };
    root.results.forEach((r, i) => {
      known(r, new Map([[i, { dims: this.#compose(maps[i]!, dims), guards: [] }]]));
    });
    for (let op = root.next; op !== undefined; op = op.next) {
      if (op.results.length !== 1) continue;
      const at = new Map<number, Spot>();
      for (const [i, v] of op.operands.entries()) {
        for (const [result, spot] of spots.get(v) ?? []) {
          const next = this.#spotAfter(op, i, spot);
          if (next !== undefined) at.set(result, next);
        }
      }
      if (at.size === 0) continue;
      if (isGeneric(op)) spots.set(op.result(), at);
      else known(op.result(), at);
    }
    const outputs = this.#yields.flatMap((v, result): Output[] => {
      const at = spots.get(v) ?? this.#fail(`result ${result} does not follow from ${root.name} elementwise`);
      return [...at.values()].map((spot) => ({
        result,
        type: v.type as types.TensorType,
        value: this.#expression(v, spot.dims),
        form: combineForms(this.#rank, spot.dims, rowMajor(this.#shapeOf(v))),
        guards: spot.guards,
      }));
    });
    const loops = sizes.map((size, d): Loop => ({ name: `d${d}`, size, kind: 'parallel' }));
    return { region: this.region, name: this.#name, loops, reduction: undefined, outputs };
  }
  /** Where what is at `spot` of operand `i` is in the result of an op that moves it; undefined for other operands. */
  #spotAfter(op: Operation, i: number, { dims, guards }: Spot): Spot | undefined {
    if (isReshape(op)) {
      const moved = this.#reshapedDims(op, dims) ?? this.#fail('it splits a dim of what is put together');
      return { dims: moved, guards };
    }
    if (op.name === 'tensor.concat') {
      const along = Number((op.attr('dim') as { value?: bigint } | undefined)?.value ?? 0n);
      const start = op.operands.slice(0, i).reduce((n, v) => n + this.#shapeOf(v)[along]!, 0);
      return { dims: dims.map((f, d) => (d === along ? shiftForm(f, start) : f)), guards };
    }
    if (op.name === 'tensor.extract_slice') {
      const offsets = numbersOf(op.attr('static_offsets')) ?? [];
      const sizes = this.#shapeOf(op.result());
      const steps = numbersOf(op.attr('static_strides')) ?? [];
      if (op.operandCount > 1 || steps.some((n) => n !== 1) || sizes.length !== dims.length)
        return this.#fail('a slice of what is put together is not static with unit strides');
      const source = this.#shapeOf(op.operand(0));
      const moved = dims.map((f, d) => shiftForm(f, -offsets[d]!));
      const open = moved.flatMap((form, d): Guard[] =>
        sizes[d] === source[d] ? [] : [{ form, size: sizes[d]! }],
      );
      return { dims: moved, guards: [...guards, ...open] };
    }
    if (!isGeneric(op)) return this.#fail(`it holds ${op.name}`);
    if (i >= inputCount(op)) return undefined;
    const moved = this.#consumerDims(op, (v) => (v === op.operand(i) ? dims : undefined));
    return moved === undefined
      ? undefined
      : { dims: this.#compose(mapsOf(op)[inputCount(op)]!, moved), guards };
  }

  #reduction(root: Operation): Kernel {
    const sizes = iterationSizes(root) ?? this.#fail('the size of a loop of its reduction is in no operand');
    const kinds = reductionDims(root);
    this.#rank = sizes.length;
    this.#root = root;
    const ins = inputCount(root);
    const maps = mapsOf(root);
    const dims = this.#loopForms(sizes);
    const outMaps = maps.slice(ins);
    if (outMaps.some((m) => m.text !== outMaps[0]!.text))
      this.#fail('results of its reduction are laid out differently');
    this.#rootForms = this.#compose(outMaps[0]!, dims);
    const used = this.#usedArguments(root);
    const inputs = root.operands
      .slice(0, ins)
      .map((v, i) => (used[i]! ? this.#expression(v, this.#compose(maps[i]!, dims)) : undefined));
    const inits = root.operands.slice(ins).map((v) => this.#expression(v, this.#rootForms));
    const outputs = this.#placeResults(root);
    const loops = sizes.map((size, d): Loop => ({
      name: `d${d}`,
      size,
      kind: kinds[d]! ? 'reduction' : 'parallel',
    }));
    return {
      region: this.region,
      name: this.#name,
      loops,
      reduction: { op: root, inputs, inits, indices: this.#asksIndex(root) ? dims : [] },
      outputs,
    };
  }

  /** Follows the reduction's results to what is yielded, and gives each yielded value its address in terms of the loops. */
  #placeResults(root: Operation): readonly Output[] {
    const places = this.#places;
    const place = (v: Value, dims: readonly LinearForm[]): void => {
      places.set(v, { dims, memory: combineForms(this.#rank, dims, rowMajor(this.#shapeOf(v))) });
    };
    for (const r of root.results) place(r, this.#rootForms);
    for (let op = root.next; op !== undefined; op = op.next) {
      if (isReshape(op)) {
        const from = places.get(op.operand(0));
        if (from !== undefined)
          places.set(op.result(0), { memory: from.memory, dims: this.#reshapedDims(op, from.dims) });
      } else if (isGeneric(op)) {
        const dims = this.#consumerDims(op, (v) =>
          places.has(v)
            ? (places.get(v)!.dims ?? this.#fail(`${op.name} reads a reshaped result of the reduction`))
            : undefined,
        );
        if (dims === undefined) continue;
        const maps = mapsOf(op).slice(inputCount(op));
        op.results.forEach((r, i) => {
          place(r, this.#compose(maps[i]!, dims));
        });
      } else if (op.definition?.traits.has('elementwise') === true && op.results.length === 1) {
        const from = op.operands.map((v) => places.get(v)?.dims).find((d) => d !== undefined);
        if (from !== undefined) place(op.result(0), from);
      }
    }
    return this.#yields.map((v, result): Output => {
      const at =
        places.get(v) ?? this.#fail(`result ${result} does not follow from its reduction elementwise`);
      // A reshape at the end only changes the type of what is stored.
      const source = beforeReshapes(v);
      const value = this.#expression(source, places.get(source)!.dims!);
      return { result, type: v.type as types.TensorType, value, form: at.memory };
    });
  }
  /** Loops of an elementwise consumer in terms of the kernel's, from the operand that has a place. */
  #consumerDims(
    op: Operation,
    placeOf: (v: Value) => readonly LinearForm[] | undefined,
  ): readonly LinearForm[] | undefined {
    const maps = mapsOf(op);
    const sizes = iterationSizes(op);
    const dims: (LinearForm | undefined)[] = (sizes ?? []).map((n) =>
      n === 1 ? constantForm(this.#rank, 0) : undefined,
    );
    let found = false;
    op.operands.slice(0, inputCount(op)).forEach((v, i) => {
      const place = placeOf(v);
      if (place === undefined) return;
      found = true;
      maps[i]!.results.forEach((e, r) => {
        if (e.kind === 'dim') dims[e.index] ??= place[r]!;
      });
    });
    if (!found) return undefined;
    return dims.map((d, i) => d ?? this.#fail(`an op after its reduction repeats the result along dim ${i}`));
  }
  /** The index after a reshape: joined dims are linear; split ones are not, unless all but one have size 1. */
  #reshapedDims(op: Operation, dims: readonly LinearForm[] | undefined): readonly LinearForm[] | undefined {
    if (dims === undefined) return undefined;
    const groups = reassociationOf(op.attr('reassociation'));
    const from = this.#shapeOf(op.operand(0));
    if (op.name === 'tensor.collapse_shape') {
      return groups.map((g) =>
        combineForms(
          this.#rank,
          g.map((d) => dims[d]!),
          rowMajor(g.map((d) => from[d]!)),
        ),
      );
    }
    const to = this.#shapeOf(op.result());
    const out: LinearForm[] = to.map(() => constantForm(this.#rank, 0));
    for (const [i, g] of groups.entries()) {
      const wide = g.filter((d) => to[d] !== 1);
      if (wide.length > 1) return undefined;
      if (wide.length === 1) out[wide[0]!] = dims[i]!;
    }
    return out;
  }
  /** A loop of one iteration stands at 0, so that equal places have equal forms. */
  #loopForms(sizes: readonly number[]): readonly LinearForm[] {
    return sizes.map((n, d) => (n === 1 ? constantForm(this.#rank, 0) : loopForm(this.#rank, d)));
  }
  #key(value: Value, access: readonly LinearForm[]): string {
    let id = this.#valueIds.get(value);
    if (id === undefined) this.#valueIds.set(value, (id = this.#valueIds.size));
    return `${id}[${access.map(formKey).join('|')}]`;
  }
  #expression(value: Value, access: readonly LinearForm[]): Expression {
    const key = this.#key(value, access);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const made = this.#make(value, access);
    this.#known.set(key, made);
    return made;
  }
  #make(value: Value, access: readonly LinearForm[]): Expression {
    const type = t.elementOf(value.type);
    if (value.kind === 'argument') return this.#load(value, value.index, access);
    const { op } = value;
    if (op === this.#root) {
      if (access.some((f, d) => !sameForm(f, this.#rootForms[d]!)))
        this.#fail('its reduction is read at another point than the one that is stored');
      return { kind: 'accumulator', id: this.#nextId++, type, result: value.index };
    }
    switch (op.name) {
      case 'linalg.generic':
        return this.#apply(op, value.index, access);
      case 'linalg.fill':
        return this.#expression(op.operand(0), []);
      case 'arith.constant':
        return { kind: 'constant', id: this.#nextId++, type, value: this.#constantOf(op) };
      case 'tensor.empty':
        return { kind: 'constant', id: this.#nextId++, type, value: zeroAttribute(type) };
      case 'tensor.pad':
        return this.#pad(op, access);
      case 'tensor.extract_slice':
        return this.#slice(op, access);
      case 'tensor.insert_slice':
        return this.#insert(op, access);
      case 'tensor.concat':
        return this.#concat(op, access);
      case 'tensor.cast':
        return this.#expression(op.operand(0), access);
      case 'tensor.expand_shape':
      case 'tensor.collapse_shape':
        return this.#reshape(op, access);
    }
    if (op.definition?.traits.has('elementwise') === true && op.results.length === 1) {
      const inputs = op.operands.map((v) => this.#expression(v, t.isShaped(v.type) ? access : []));
      return { kind: 'scalar-op', id: this.#nextId++, type, op, inputs };
    }
    return this.#fail(`it holds ${op.name}`);
  }
  #load(value: Value, operand: number, access: readonly LinearForm[]): Expression {
    const form = combineForms(this.#rank, access, rowMajor(this.#shapeOf(value)));
    return { kind: 'load', id: this.#nextId++, operand, type: t.elementOf(value.type), form };
  }
  #apply(op: Operation, result: number, access: readonly LinearForm[]): Expression {
    if (reductionDims(op).includes(true)) this.#fail('it has two reductions');
    const maps = mapsOf(op);
    const ins = inputCount(op);
    const sizes = iterationSizes(op) ?? this.#fail('the size of a loop is in no operand');
    const dims: (LinearForm | undefined)[] = sizes.map((n) =>
      n === 1 ? constantForm(this.#rank, 0) : undefined,
    );
    maps[ins + result]!.results.forEach((e, r) => {
      if (e.kind === 'dim') dims[e.index] = access[r]!;
    });
    const all = dims.map(
      (d) => d ?? this.#fail(`the result of an elementwise op does not have all of its dims`),
    );
    const used = this.#usedArguments(op);
    const inputs = op.operands.map((v, i) =>
      used[i]! ? this.#expression(v, t.isShaped(v.type) ? this.#compose(maps[i]!, all) : []) : undefined,
    );
    return {
      kind: 'apply',
      id: this.#nextId++,
      type: t.elementOf(op.result(result).type),
      op,
      result,
      inputs,
      indices: this.#asksIndex(op) ? all : [],
    };
  }
  #pad(op: Operation, access: readonly LinearForm[]): Expression {
    const source = op.operand(0);
    const shape = this.#shapeOf(source);
    const low = numbersOf(op.attr('static_low')) ?? [];
    const high = numbersOf(op.attr('static_high')) ?? [];
    if (op.operandCount > 1) this.#fail('padding is not static');
    const inner = access.map((f, d) => shiftForm(f, -low[d]!));
    const guards = inner.flatMap((form, d): Guard[] =>
      low[d]! > 0 || high[d]! > 0 ? [{ form, size: shape[d]! }] : [],
    );
    const inside = this.#expression(source, inner);
    if (guards.length === 0) return inside;
    const padding = op.body().terminator.operand(0);
    const outside =
      padding.kind === 'result' ? this.#expression(padding, []) : this.#fail('the padding value is an index');
    return { kind: 'guarded', id: this.#nextId++, type: inside.type, guards, inside, outside };
  }
  #slice(op: Operation, access: readonly LinearForm[]): Expression {
    const offsets = numbersOf(op.attr('static_offsets')) ?? [];
    const strides = numbersOf(op.attr('static_strides')) ?? [];
    const sizes = numbersOf(op.attr('static_sizes')) ?? [];
    if (op.operandCount > 1) this.#fail('a slice is not static');
    const kept = keptDims(sizes, this.#shapeOf(op.result()));
    let next = 0;
    const inner = sizes.map((_, d) => {
      const f = kept[d]! ? access[next++]! : constantForm(this.#rank, 0);
      return shiftForm(scaleForm(f, strides[d]!), offsets[d]!);
    });
    return this.#expression(op.operand(0), inner);
  }
  #insert(op: Operation, access: readonly LinearForm[]): Expression {
    const offsets = numbersOf(op.attr('static_offsets')) ?? [];
    const strides = numbersOf(op.attr('static_strides')) ?? [];
    const sizes = numbersOf(op.attr('static_sizes')) ?? [];
    if (op.operandCount > 2 || strides.some((s) => s !== 1))
      this.#fail('an insertion is not static with unit strides');
    const shape = this.#shapeOf(op.result());
    const moved = access.map((f, d) => shiftForm(f, -offsets[d]!));
    const guards = moved.flatMap((form, d): Guard[] =>
      sizes[d] === shape[d] ? [] : [{ form, size: sizes[d]! }],
    );
    const kept = keptDims(sizes, this.#shapeOf(op.operand(0)));
    const inside = this.#expression(
      op.operand(0),
      moved.filter((_, d) => kept[d]!),
    );
    if (guards.length === 0) return inside;
    return {
      kind: 'guarded',
      id: this.#nextId++,
      type: inside.type,
      guards,
      inside,
      outside: this.#expression(op.operand(1), access),
    };
  }
  #concat(op: Operation, access: readonly LinearForm[]): Expression {
    const dim = Number((op.attr('dim') as { value?: bigint } | undefined)?.value ?? 0n);
    const starts = [0];
    const parts = op.operands.map((v) => {
      const start = starts[starts.length - 1]!;
      starts.push(start + this.#shapeOf(v)[dim]!);
      return this.#expression(
        v,
        access.map((f, d) => (d === dim ? shiftForm(f, -start) : f)),
      );
    });
    return {
      kind: 'piecewise',
      id: this.#nextId++,
      type: t.elementOf(op.result().type),
      form: access[dim]!,
      starts,
      parts,
    };
  }
  /** A reshape of memory only changes the strides; one of computed values must keep dims apart. */
  #reshape(op: Operation, access: readonly LinearForm[]): Expression {
    const source = beforeReshapes(op.operand(0));
    const shape = this.#shapeOf(op.result());
    if (source.kind === 'argument') {
      const form = combineForms(this.#rank, access, rowMajor(shape));
      return {
        kind: 'load',
        id: this.#nextId++,
        operand: source.index,
        type: t.elementOf(source.type),
        form,
      };
    }
    const place = this.#places.get(op.result())?.dims;
    const before = this.#places.get(op.operand(0))?.dims;
    if (place !== undefined && before !== undefined && place.every((f, d) => sameForm(f, access[d]!)))
      return this.#expression(op.operand(0), before);
    const from = this.#shapeOf(op.operand(0));
    const groups = reassociationOf(op.attr('reassociation'));
    if (op.name === 'tensor.expand_shape') {
      const inner = groups.map((g) =>
        combineForms(
          this.#rank,
          g.map((d) => access[d]!),
          rowMajor(g.map((d) => shape[d]!)),
        ),
      );
      return this.#expression(op.operand(0), inner);
    }
    const inner: LinearForm[] = from.map(() => constantForm(this.#rank, 0));
    groups.forEach((g, r) => {
      const wide = g.filter((d) => from[d] !== 1);
      if (wide.length > 1) this.#fail('it flattens computed values');
      if (wide.length === 1) inner[wide[0]!] = access[r]!;
    });
    return this.#expression(op.operand(0), inner);
  }
  #constantOf(op: Operation): Attribute {
    const value = op.attr('value');
    if (value?.kind === 'float' || value?.kind === 'integer' || value?.kind === 'bool') return value;
    if (value?.kind === 'dense' && value.splat) return splatElement(value.type.element, value.bytes);
    return this.#fail('it holds a constant tensor, which must be an operand');
  }
  #compose(map: AffineMap, dims: readonly LinearForm[]): readonly LinearForm[] {
    return composeMap(map, dims, this.#rank) ?? this.#fail(`the map ${map.text} is not linear`);
  }
  #usedArguments(op: Operation): readonly boolean[] {
    return op.body().args.map((a) => a.hasUses);
  }
  #asksIndex(op: Operation): boolean {
    return op.body().ops.some((o) => o.name === 'linalg.index');
  }
  #shapeOf(v: Value): readonly number[] {
    return t.isShaped(v.type) ? v.type.shape : [];
  }
  #fail(problem: string): never {
    throw loopMessages.error('STR0540', { dispatch: this.#name, problem });
  }
}

/** Per dim of a slice, whether it is in the (possibly rank-reduced) shape. */
function keptDims(sizes: readonly number[], shape: readonly number[]): readonly boolean[] {
  let drop = sizes.length - shape.length;
  let next = 0;
  return sizes.map((n) => {
    if (drop > 0 && n === 1 && shape[next] !== 1) {
      drop--;
      return false;
    }
    if (drop > 0 && n === 1 && sizes.length - shape.length === drop && next >= shape.length) {
      drop--;
      return false;
    }
    next++;
    return true;
  });
}
function zeroAttribute(type: types.Type): Attribute {
  return type.kind === 'float' ? floatAttr(0, type) : integerAttr(0, type as types.IntegerType);
}
function splatElement(type: types.Type, bytes: Uint8Array): Attribute {
  const value = decodeElements(type, bytes)[0]!;
  return type.kind === 'float'
    ? floatAttr(Number(value), type)
    : integerAttr(value, type as types.IntegerType);
}
function reassociationOf(a: Attribute | undefined): readonly (readonly number[])[] {
  return a?.kind === 'array' ? a.elements.map((e) => numbersOf(e) ?? []) : [];
}
