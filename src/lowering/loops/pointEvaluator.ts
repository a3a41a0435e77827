/**
 * Evaluates expressions at points of a register tile: emits the loads and scalar ops, on vectors where the value
 * changes along the lanes, and shares what several points have in common (a pixel that two taps of a filter read).
 */
import type { Operation, Value, types } from '../../ir';
import { affineConstant, affineDim, affineAdd, types as t } from '../../ir';
import type { Attribute } from '../../ir';
import { combinerOf } from './combiner';
import type { ApplyExpression, Expression, Guard, GuardedExpression, LoadExpression } from './expression';
import { partsOf } from './expression';
import type { KernelEmitter } from './kernelEmitter';
import { laneType, lanesOf } from './kernelEmitter';
import type { LinearForm } from './linearForm';
import { formExpression, formInterval, formKey, shiftForm } from './linearForm';
import { loopMessages } from './messages';
import type { Reduction } from './readDispatch';
import { deinterleaveRegisters, mostInterleaved, transposeRegisters } from './transposeRegisters';

/** Where a loop stands: at a number, or at a value (absent while its loop is not open) within a range (inclusive). */
export type LoopBase =
  { readonly at: number } | { readonly at: Value | undefined; readonly low: number; readonly high: number };

/** A point relative to the bases of the loops; the vector loop covers `lanes` iterations from its offset. */
export interface Point {
  readonly offsets: readonly number[];
  readonly lanes: number;
  /** Results of the reduction here. */
  readonly accumulators?: readonly Value[];
}

/** Values that are visible at the insertion point, by what they are. */
class Scope {
  readonly #values = new Map<string, Value>();
  readonly #lists = new Map<string, readonly Value[]>();
  readonly #splats = new Map<Value, Value>();
  constructor(readonly parent?: Scope) {}
  splat(of: Value, lanes: number): Value | undefined {
    const known = this.#splats.get(of);
    return known !== undefined && lanesOf(known) === lanes ? known : this.parent?.splat(of, lanes);
  }
  setSplat(of: Value, splat: Value): void {
    this.#splats.set(of, splat);
  }
  /** Several values that are made together: what the body of an op yields, the registers of a block. */
  list(key: string): readonly Value[] | undefined {
    return this.#lists.get(key) ?? this.parent?.list(key);
  }
  setList(key: string, values: readonly Value[]): void {
    this.#lists.set(key, values);
  }
  get(key: string): Value | undefined {
    return this.#values.get(key) ?? this.parent?.get(key);
  }
  set(key: string, value: Value): void {
    this.#values.set(key, value);
  }
}

type Lazy =
  | { readonly value: Value }
  | { readonly constant: Attribute; readonly type: types.Type }
  | { readonly product: readonly [Operation, Value, Value] };

export class PointEvaluator {
  /** Where each loop stands now. */
  readonly bases: LoopBase[];
  /** Guards that the bounds of the loops around make true. */
  readonly satisfied = new Set<Guard>();
  #scope = new Scope();
  readonly #laneDependent = new Map<Expression, boolean>();
  readonly #dependencies = new Map<Expression, readonly number[]>();

  constructor(
    readonly emitter: KernelEmitter,
    readonly kernelName: string,
    readonly sizes: readonly number[],
    /** The loop along the lanes. */
    readonly vector: number | undefined,
    /** Whether accumulators differ along the lanes. */
    readonly accumulatorsAlongLanes: boolean,
    /** The flat buffer of an input. */
    readonly buffer: (operand: number) => Value,
    readonly fuseMultiplyAdd: boolean,
    /** Iterations of a loop in the register tile, as far as any of them may be read; 1 where that is not known. */
    readonly open: (loop: number) => number,
  ) {
    this.bases = sizes.map((size): LoopBase => ({ at: undefined, low: 0, high: size - 1 }));
  }

  /** Runs `body` where nothing evaluated so far may be shared (the loops stand elsewhere). */
  fresh<T>(body: () => T): T {
    return this.#in(new Scope(), body);
  }
  /** Runs `body` in a block of its own: what it evaluates is not seen after it. */
  nested<T>(body: () => T): T {
    return this.#in(new Scope(this.#scope), body);
  }
  #in<T>(scope: Scope, body: () => T): T {
    const saved = this.#scope;
    this.#scope = scope;
    try {
      return body();
    } finally {
      this.#scope = saved;
    }
  }

  /** Inclusive ranges of all loops at a point. */
  #ranges(point: Point): readonly (readonly [number, number])[] {
    return this.bases.map((b, l) => {
      const offset = point.offsets[l]!;
      const spread = l === this.vector ? point.lanes - 1 : 0;
      return typeof b.at === 'number'
        ? [b.at + offset, b.at + offset + spread]
        : [(b as { low: number }).low + offset, (b as { high: number }).high + offset + spread];
    });
  }
  guardState(guard: Guard, point: Point): 'inside' | 'outside' | 'unknown' {
    if (this.satisfied.has(guard)) return 'inside';
    const [low, high] = formInterval(guard.form, this.#ranges(point));
    if (low >= 0 && high < guard.size) return 'inside';
    return high < 0 || low >= guard.size ? 'outside' : 'unknown';
  }

  /** The value of a form at a point (lane 0). */
  index(form: LinearForm, point: Point): Value {
    const loops: number[] = [];
    let constant = form.constant;
    form.coefficients.forEach((c, l) => {
      if (c === 0) return;
      const { at } = this.bases[l]!;
      constant += c * point.offsets[l]!;
      if (typeof at === 'number') constant += c * at;
      else loops.push(l);
    });
    const key = `i${loops.map((l) => `${form.coefficients[l]}*${l}`).join('+')}`;
    return this.#shared(`${key}+${constant}`, () => {
      if (loops.length === 0) return this.emitter.index(constant);
      const base = this.#shared(`${key}+`, () => {
        const [only] = loops;
        const values = loops.map((l) => this.bases[l]!.at as Value);
        if (loops.length === 1 && form.coefficients[only!] === 1) return values[0]!;
        return this.emitter.apply(formExpression({ ...form, constant: 0 }, loops), values);
      });
      return constant === 0
        ? base
        : this.emitter.apply(affineAdd(affineDim(0), affineConstant(constant)), [base]);
    });
  }
  #shared(key: string, make: () => Value): Value {
    let v = this.#scope.get(key);
    if (v === undefined) {
      v = make();
      this.#scope.set(key, v);
    }
    return v;
  }

  /** The value repeated to so many lanes; each value once per place. */
  splat(v: Value, lanes: number): Value {
    if (lanes === 1 || v.type.kind === 'vector') return v;
    const constant = v.definingOp?.name === 'arith.constant' ? v.definingOp.attr('value') : undefined;
    if (constant !== undefined && v.type !== t.index) return this.constant(constant, v.type, lanes);
    let made = this.#scope.splat(v, lanes);
    if (made === undefined) {
      made = this.emitter.splat(v, lanes);
      this.#scope.setSplat(v, made);
    }
    return made;
  }
  constant(value: Attribute, type: types.Type, lanes: number): Value {
    return this.#shared(`c${value.text}*${lanes}`, () => this.emitter.constant(value, type, lanes));
  }

  /** The value at a point: a vector where it changes along the lanes, a scalar where it does not. */
  evaluate(e: Expression, point: Point): Value {
    if (e.kind === 'accumulator')
      return point.accumulators?.[e.result] ?? this.#fail('its reduction is read before it is done');
    if (e.kind === 'constant') return this.constant(e.value, e.type, 1);
    if (e.kind === 'load') return this.#load(e.operand, e.form, point);
    const lanes = this.alongLanes(e) ? point.lanes : 1;
    const key = `e${e.id}@${this.#dependsOn(e)
      .map((l) => point.offsets[l])
      .join(',')}*${lanes}`;
    return this.#shared(key, () => {
      switch (e.kind) {
        case 'apply':
          return this.#applied(e, point)[e.result]!;
        case 'scalar-op': {
          const inputs = e.inputs.map((i) => this.evaluate(i, point));
          const width = Math.max(1, ...inputs.map(lanesOf));
          return this.emitter.again(
            e.op,
            inputs.map((v) => this.splat(v, width)),
            width,
          )[0]!;
        }
        case 'guarded':
          return this.#guarded(
            e.guards,
            e.type,
            lanes,
            point,
            (p) => this.evaluate(e.inside, p),
            (p) => this.evaluate(e.outside, p),
          );
        case 'piecewise':
          return this.#piece(e, 0, lanes, point);
      }
    });
  }
  /** All results of the body, which is evaluated once for all of them. */
  #applied(e: ApplyExpression, point: Point): readonly Value[] {
    const inputs = e.inputs.map((i) => (i === undefined ? undefined : this.evaluate(i, point)));
    if (e.op.results.length === 1) return this.body(e.op, inputs, e.indices, point);
    const from = [...e.inputs.map((i) => i?.id), ...e.indices.map(formKey)];
    const key = `${e.op.id}(${from.join('|')})@${point.offsets.join(',')}*${point.lanes}`;
    let yielded = this.#scope.list(key);
    if (yielded === undefined) {
      yielded = this.body(e.op, inputs, e.indices, point);
      this.#scope.setList(key, yielded);
    }
    return yielded;
  }
  #piece(e: Expression & { kind: 'piecewise' }, i: number, lanes: number, point: Point): Value {
    const part = e.parts[i]!;
    if (i === e.parts.length - 1) return this.evaluate(part, point);
    const guard = { form: e.form, size: e.starts[i + 1]! };
    return this.#guarded(
      [guard],
      e.type,
      lanes,
      point,
      (p) => this.evaluate(part, p),
      (p) => this.#piece(e, i + 1, lanesOfPoint(lanes, p), p),
    );
  }
  #guarded(
    guards: readonly Guard[],
    type: types.Type,
    lanes: number,
    point: Point,
    inside: (p: Point) => Value,
    outside: (p: Point) => Value,
  ): Value {
    const states = guards.map((g) => this.guardState(g, point));
    if (states.includes('outside')) return outside(point);
    const open = guards.filter((_, i) => states[i] === 'unknown');
    if (open.length === 0) return inside(point);
    const v = this.vector;
    if (point.lanes > 1 && v !== undefined && open.some((g) => g.form.coefficients[v] !== 0)) {
      const each = Array.from({ length: point.lanes }, (_, lane) => {
        const one = this.#lanePoint(point, v, lane);
        return this.#guarded(guards, type, 1, one, inside, outside);
      });
      return this.emitter.fromElements(each);
    }
    const tests = open.flatMap((g) => {
      const at = this.index(g.form, point);
      const low = this.emitter.compare('sge', at, this.emitter.index(0));
      return [low, this.emitter.compare('slt', at, this.emitter.index(g.size))];
    });
    const condition = tests.reduce((a, b) => this.emitter.and(a, b));
    const branch = (make: (p: Point) => Value) => (): Value =>
      this.#in(new Scope(this.#scope), () => this.splat(make(point), lanes));
    return this.emitter.choose(condition, laneType(type, lanes), branch(inside), branch(outside));
  }
  /** The point of a single lane. */
  #lanePoint(point: Point, vector: number, lane: number): Point {
    return {
      offsets: point.offsets.map((o, l) => (l === vector ? o + lane : o)),
      lanes: 1,
      ...(point.accumulators === undefined
        ? {}
        : { accumulators: point.accumulators.map((a) => this.emitter.lane(a, lane)) }),
    };
  }
  #load(operand: number, form: LinearForm, point: Point): Value {
    const step = this.vector === undefined || point.lanes === 1 ? 0 : form.coefficients[this.vector]!;
    const lanes = step === 0 ? 1 : point.lanes;
    return this.#shared(`l${operand}[${this.#placeKey(form, point)}]*${lanes}/${step}`, () => {
      const buffer = this.buffer(operand);
      if (lanes === 1) return this.emitter.load(buffer, this.index(form, point));
      if (step === 1 && t.elementOf(buffer.type) !== t.i1)
        return this.emitter.vectorLoad(buffer, this.index(form, point), lanes);
      const crossed = this.#crossed(operand, form, point);
      if (crossed !== undefined) return crossed;
      const elements = Array.from({ length: lanes }, (_, lane) =>
        this.emitter.load(buffer, this.index({ ...form, constant: form.constant + lane * step }, point)),
      );
      return this.emitter.fromElements(elements);
    });
  }

  /**
   * A load whose lanes are apart in memory, from registers that are read along another loop of the register tile and
   * rearranged; undefined where no such loop walks memory element by element.
   */
  #crossed(operand: number, form: LinearForm, point: Point): Value | undefined {
    const { lanes } = point;
    const v = this.vector!;
    const buffer = this.buffer(operand);
    if (t.elementOf(buffer.type) === t.i1) return undefined;
    const across = (fits: (loop: number) => boolean): number =>
      form.coefficients.findIndex((c, l) => l !== v && c === 1 && fits(l));
    const block = (
      loop: number,
      count: number,
      make: (corner: readonly number[]) => readonly Value[],
    ): Value => {
      const at = point.offsets[loop]! % count;
      const corner = point.offsets.map((o, l) => (l === loop ? o - at : o));
      const key = `b${operand}[${this.#placeKey(form, { ...point, offsets: corner })}]*${lanes}/${loop}:${count}`;
      const known = this.#scope.list(key);
      if (known !== undefined) return known[at]!;
      const made = make(corner);
      this.#scope.setList(key, made);
      return made[at]!;
    };
    const row = (offsets: readonly number[], further = 0): Value =>
      this.emitter.vectorLoad(buffer, this.index(shiftForm(form, further), { offsets, lanes }), lanes);
    const all = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);
    // Groups of neighbours, of which each lane has one: they are as many registers without a gap.
    const step = form.coefficients[v]!;
    const groups = across((l) => this.open(l) === step && step <= mostInterleaved);
    if (groups >= 0)
      return block(groups, step, (corner) =>
        deinterleaveRegisters(
          this.emitter,
          all(step).map((i) => row(corner, i * lanes)),
        ),
      );
    const square = across((l) => point.offsets[l]! - (point.offsets[l]! % lanes) + lanes <= this.open(l));
    if (square < 0) return undefined;
    return block(square, lanes, (corner) =>
      transposeRegisters(
        this.emitter,
        all(lanes).map((i) => row(corner.map((o, l) => (l === v ? o + i : o)))),
      ),
    );
  }

  /** The sum after the products of one word of each input, all lanes of both side by side. */
  dot(reduction: Reduction, group: number, point: Point, accumulator: Value): Value {
    const lanes = point.lanes * group;
    const words = reduction.inputs.map((e) => (e === undefined ? undefined : this.#words(e, group, point)));
    const { contribution } = combinerOf(reduction, 0)!;
    const [products] = this.body(reduction.op, words, reduction.indices, { ...point, lanes }, contribution);
    return this.emitter.sumGroups(products!, accumulator, group);
  }
  /** The elements of the words of one side; undefined for what is no word. Padding is not decided along the lanes. */
  #words(e: Expression, group: number, point: Point): Value | undefined {
    if (e.kind === 'load') return this.#word(e, group, point);
    if (e.kind !== 'guarded') return undefined;
    const v = this.vector;
    if (v !== undefined && point.lanes > 1 && e.guards.some((g) => g.form.coefficients[v] !== 0))
      return this.#fail('padding parts the words of a vector');
    const lanes = point.lanes * group;
    return this.#guarded(
      e.guards,
      elementOfWords(e),
      lanes,
      point,
      (p) => this.#words(e.inside, group, p)!,
      (p) => this.splat(this.evaluate(e.outside, p), lanes),
    );
  }
  /** The elements of the words that a load stands for; of one word, once for each lane. */
  #word(e: LoadExpression, group: number, point: Point): Value {
    const lanes = this.alongLanes(e) ? point.lanes : 1;
    const form = {
      coefficients: e.form.coefficients.map((c) => c * group),
      constant: e.form.constant * group,
    };
    const at = `${e.operand}[${this.#placeKey(form, point)}]`;
    const load = this.#shared(`w${at}*${lanes}`, () =>
      this.emitter.vectorLoad(this.buffer(e.operand), this.index(form, point), lanes * group),
    );
    if (lanes === point.lanes) return load;
    return this.#shared(`W${at}*${point.lanes}`, () => this.emitter.repeat(load, point.lanes));
  }
  #placeKey(form: LinearForm, point: Point): string {
    const disp = form.coefficients.reduce(
      (sum, c, l) =>
        sum + c * (point.offsets[l]! + (typeof this.bases[l]!.at === 'number' ? this.bases[l]!.at : 0)),
      form.constant,
    );
    const loops = form.coefficients.flatMap((c, l) =>
      c !== 0 && typeof this.bases[l]!.at !== 'number' ? [`${c}*${l}`] : [],
    );
    return `${loops.join('+')}+${disp}`;
  }

  /** Emits the body of a linalg.generic on values for its block arguments; what it yields, or `only` of its values. */
  body(
    op: Operation,
    args: readonly (Value | undefined)[],
    indices: readonly LinearForm[],
    point: Point,
    only?: Value,
  ): readonly Value[] {
    const block = op.body();
    const values = new Map<Value, Lazy>();
    block.args.forEach((a, i) => {
      const v = args[i];
      if (v !== undefined) values.set(a, { value: v });
    });
    const lazyOf = (v: Value): Lazy => {
      const known = values.get(v);
      if (known !== undefined) return known;
      const constant = v.definingOp?.name === 'arith.constant' ? v.definingOp.attr('value') : undefined;
      return constant === undefined
        ? this.#fail(`${op.name} uses a value from outside of its body`)
        : { constant, type: v.type };
    };
    const widthOf = (v: Value): number => {
      const l = lazyOf(v);
      return 'value' in l
        ? lanesOf(l.value)
        : 'product' in l
          ? Math.max(lanesOf(l.product[1]), lanesOf(l.product[2]))
          : 1;
    };
    const get = (v: Value, lanes: number): Value => {
      const l = lazyOf(v);
      if ('constant' in l) return this.constant(l.constant, l.type, lanes);
      if ('value' in l) return this.splat(l.value, lanes);
      const [product, a, b] = l.product;
      const width = Math.max(lanesOf(a), lanesOf(b));
      const made = this.emitter.again(product, [this.splat(a, width), this.splat(b, width)], width)[0]!;
      values.set(v, { value: made });
      return this.splat(made, lanes);
    };
    for (const inner of block.ops) {
      if (only !== undefined && values.has(only)) return [get(only, widthOf(only))];
      if (inner.name === 'linalg.yield') return inner.operands.map((v) => get(v, widthOf(v)));
      if (inner.name === 'arith.constant') continue;
      if (inner.name === 'linalg.index') {
        values.set(inner.result(), {
          value: this.#loopIndex(indices[Number((inner.attr('dim') as { value: bigint }).value)]!, point),
        });
        continue;
      }
      if (inner.regions.length > 0 || inner.definition?.traits.has('elementwise') !== true)
        this.#fail(`${op.name} holds ${inner.name}`);
      const lanes = Math.max(1, ...inner.operands.map(widthOf));
      if (this.#becomesFma(inner)) {
        values.set(inner.result(), {
          product: [
            inner,
            get(inner.operand(0), widthOf(inner.operand(0))),
            get(inner.operand(1), widthOf(inner.operand(1))),
          ],
        });
        continue;
      }
      if (inner.name === 'arith.addf') {
        const side = [0, 1].find((i) => 'product' in lazyOf(inner.operand(i)));
        if (side !== undefined) {
          const [, a, b] = (lazyOf(inner.operand(side)) as { product: readonly [Operation, Value, Value] })
            .product;
          const made = this.emitter.fma(
            this.splat(a, lanes),
            this.splat(b, lanes),
            get(inner.operand(1 - side), lanes),
          );
          values.set(inner.result(), { value: made });
          continue;
        }
      }
      const made = this.emitter.again(
        inner,
        inner.operands.map((v) => get(v, lanes)),
        lanes,
      );
      inner.results.forEach((r, i) => values.set(r, { value: made[i]! }));
    }
    return this.#fail(`${op.name} has a body without linalg.yield`);
  }
  /** A product whose only use is a sum: one instruction where the target has it. */
  #becomesFma(op: Operation): boolean {
    if (!this.fuseMultiplyAdd || op.name !== 'arith.mulf') return false;
    const type = op.result().type;
    if (type !== t.f32 && type !== t.f64) return false;
    const uses = [...op.result().uses];
    return uses.length === 1 && uses[0]!.owner.name === 'arith.addf';
  }
  #loopIndex(form: LinearForm, point: Point): Value {
    const v = this.vector;
    const step = v === undefined ? 0 : form.coefficients[v]!;
    if (step === 0 || point.lanes === 1) return this.index(form, point);
    return this.emitter.fromElements(
      Array.from({ length: point.lanes }, (_, lane) =>
        this.index({ ...form, constant: form.constant + lane * step }, point),
      ),
    );
  }

  /** Whether the value changes along the lanes. */
  alongLanes(e: Expression): boolean {
    const v = this.vector;
    if (v === undefined) return false;
    let known = this.#laneDependent.get(e);
    if (known === undefined) {
      known =
        e.kind === 'load'
          ? e.form.coefficients[v] !== 0
          : e.kind === 'accumulator'
            ? this.accumulatorsAlongLanes
            : ownForms(e).some((f) => f.coefficients[v] !== 0) || partsOf(e).some((p) => this.alongLanes(p));
      this.#laneDependent.set(e, known);
    }
    return known;
  }
  /** Loops that the value depends on. */
  #dependsOn(e: Expression): readonly number[] {
    let known = this.#dependencies.get(e);
    if (known === undefined) {
      const all = new Set<number>();
      const add = (f: LinearForm): void => {
        f.coefficients.forEach((c, l) => {
          if (c !== 0) all.add(l);
        });
      };
      if (e.kind === 'load') add(e.form);
      else if (e.kind === 'accumulator') this.sizes.forEach((_, l) => all.add(l));
      ownForms(e).forEach(add);
      for (const p of partsOf(e)) for (const l of this.#dependsOn(p)) all.add(l);
      known = [...all].sort((a, b) => a - b);
      this.#dependencies.set(e, known);
    }
    return known;
  }
  #fail(problem: string): never {
    throw loopMessages.error('STR0540', { dispatch: this.kernelName, problem });
  }
}

const lanesOfPoint = (lanes: number, point: Point): number => Math.min(lanes, point.lanes);

function ownForms(e: Expression): readonly LinearForm[] {
  switch (e.kind) {
    case 'apply':
      return e.indices;
    case 'guarded':
      return e.guards.map((g) => g.form);
    case 'piecewise':
      return [e.form];
    default:
      return [];
  }
}
/** Words are read as what they are made of; padding still has that type. */
const elementOfWords = (e: GuardedExpression): types.Type =>
  e.outside.kind === 'guarded' ? elementOfWords(e.outside) : e.outside.type;
