/** C of `vector` ops: one statement each, on GCC's vector types. Vectors of several dimensions lie flat. */
import { groupReduction } from './dot';
import type { Operation, Value, types } from '../../../../ir';
import { types as t } from '../../../../ir';
import * as vector from '../../../../ir/dialects/vector';
import * as memory from '../../../../ir/dialects/vectorMemory';
import { mixedIndices } from '../../../../ir/dialects/mixedIndices';
import { rowMajorStrides } from '../../../../ir/interpreter/tensor';
import type { VectorC } from '../cTypes';
import type { CBuffer, CSize, Emitter, KernelWriter } from '../kernelWriter';
import { productOf, sumOf } from '../kernelWriter';
import { addressOf } from './memref';

const shapeOf = (v: Value): readonly number[] => (v.type as types.VectorType).shape;
const isMask = (v: Value): boolean => t.elementOf(v.type) === t.i1;

/** The step between neighbours of a vector of rank 1 in memory. */
function laneStep(op: Operation, b: CBuffer, v: Value, w: KernelWriter): CSize {
  if (shapeOf(v).length !== 1) w.fail(op, `it moves ${v.type.text}; vectors of rank 1 are supported`);
  return b.strides[b.strides.length - 1] ?? 1;
}
const whole = (v: VectorC): boolean => v.lanes === v.used;

/** `T r;`, then one assignment per used lane in a loop. Binds `result`. */
function lanes(
  result: Value,
  v: VectorC,
  w: KernelWriter,
  initial: string,
  lane: (l: string) => string,
): void {
  const name = w.fresh('v');
  const l = w.fresh('l');
  w.line(`${v.name} ${name} = ${initial};`);
  w.line(`for (int ${l} = 0; ${l} < ${v.used}; ++${l}) ${lane(l).replace(/@/g, `${name}[${l}]`)}`);
  w.bind(result, name);
}
const zero = (v: VectorC): string => `(${v.name}){0}`;

export const load: Emitter = (op, w) => {
  const { base, indices, result } = memory.load.view(op);
  loadAt(op, base, result, w.position(w.buffer(base), indices), w);
};
function loadAt(op: Operation, base: Value, result: Value, position: CSize, w: KernelWriter): void {
  const b = w.buffer(base);
  const v = w.vector(result.type);
  const step = laneStep(op, b, result, w);
  if (isMask(result))
    lanes(
      result,
      v,
      w,
      zero(v),
      (l) => `@ = -(int32_t)${b.pointer}[${sumOf([position, productOf(l, step)])}];`,
    );
  else if (step === 1 && whole(v)) w.define(result, `*(const ${v.name}_u *)(${addressOf(b, position)})`);
  else lanes(result, v, w, zero(v), (l) => `@ = ${b.pointer}[${sumOf([position, productOf(l, step)])}];`);
}
export const store: Emitter = (op, w) => {
  const { base, indices, valueToStore } = memory.store.view(op);
  storeAt(op, base, valueToStore, w.position(w.buffer(base), indices), w);
};
function storeAt(op: Operation, base: Value, value: Value, position: CSize, w: KernelWriter): void {
  const b = w.buffer(base);
  const v = w.vector(value.type);
  const step = laneStep(op, b, value, w);
  const name = w.value(value);
  if (step === 1 && whole(v) && !isMask(value)) {
    w.line(`*(${v.name}_u *)(${addressOf(b, position)}) = ${name};`);
    return;
  }
  const l = w.fresh('l');
  w.line(
    `for (int ${l} = 0; ${l} < ${v.used}; ++${l}) ${b.pointer}[${sumOf([position, productOf(l, step)])}] = ${name}[${l}]${isMask(value) ? ' != 0' : ''};`,
  );
}

export const maskedLoad: Emitter = (op, w) => {
  const { base, indices, mask, passThru, result } = memory.maskedLoad.view(op);
  const b = w.buffer(base);
  const step = laneStep(op, b, result, w);
  const at = w.position(b, indices);
  lanes(
    result,
    w.vector(result.type),
    w,
    w.value(passThru),
    (l) =>
      `if (${w.value(mask)}[${l}]) @ = ${isMask(result) ? '-(int32_t)' : ''}${b.pointer}[${sumOf([at, productOf(l, step)])}];`,
  );
};
export const maskedStore: Emitter = (op, w) => {
  const { base, indices, mask, valueToStore } = memory.maskedStore.view(op);
  const b = w.buffer(base);
  const step = laneStep(op, b, valueToStore, w);
  const at = w.position(b, indices);
  const l = w.fresh('l');
  w.line(
    `for (int ${l} = 0; ${l} < ${w.vector(valueToStore.type).used}; ++${l}) if (${w.value(mask)}[${l}]) ${b.pointer}[${sumOf([at, productOf(l, step)])}] = ${w.value(valueToStore)}[${l}]${isMask(valueToStore) ? ' != 0' : ''};`,
  );
};
export const gather: Emitter = (op, w) => {
  const { base, offsets, indices, mask, passThru, result } = memory.gather.view(op);
  const b = w.buffer(base);
  const step = b.strides[b.strides.length - 1] ?? 1;
  const at = w.position(b, offsets);
  lanes(
    result,
    w.vector(result.type),
    w,
    w.value(passThru),
    (l) =>
      `if (${w.value(mask)}[${l}]) @ = ${b.pointer}[${sumOf([at, productOf(`${w.value(indices)}[${l}]`, step)])}];`,
  );
};
export const scatter: Emitter = (op, w) => {
  const { base, offsets, indices, mask, valueToStore } = memory.scatter.view(op);
  const b = w.buffer(base);
  const step = b.strides[b.strides.length - 1] ?? 1;
  const at = w.position(b, offsets);
  const l = w.fresh('l');
  w.line(
    `for (int ${l} = 0; ${l} < ${w.vector(valueToStore.type).used}; ++${l}) if (${w.value(mask)}[${l}]) ${b.pointer}[${sumOf([at, productOf(`${w.value(indices)}[${l}]`, step)])}] = ${w.value(valueToStore)}[${l}];`,
  );
};

/** For a transfer of rank 1: the dimension that lanes walk, its step, and the test that lane `l` lies inside. */
function transferLanes(
  op: Operation,
  v: Pick<
    ReturnType<typeof memory.transferRead.view>,
    'base' | 'indices' | 'mask' | 'permutation_map' | 'in_bounds'
  >,
  w: KernelWriter,
) {
  if (v.base.type.kind !== 'memref') w.fail(op, 'it works on a tensor');
  const b = w.buffer(v.base);
  const [only, ...more] = v.permutation_map.results;
  if (only === undefined || more.length > 0) w.fail(op, 'it moves a vector of another rank than 1');
  const dim = only.kind === 'dim' ? only.index : -1;
  const step: CSize = dim < 0 ? 0 : b.strides[dim]!;
  const tests = (l: string): string[] => [
    ...(v.in_bounds[0] === true || dim < 0
      ? []
      : [`${sumOf([w.size(v.indices[dim]!), l])} < ${b.shape[dim]}`]),
    ...(v.mask === undefined ? [] : [`${w.value(v.mask)}[${l}]`]),
  ];
  return { b, step, tests, position: w.position(b, v.indices) };
}
export const transferRead: Emitter = (op, w) => {
  const v = memory.transferRead.view(op);
  const { b, step, tests, position } = transferLanes(op, v, w);
  const type = w.vector(v.result.type);
  if (step === 1 && tests('l').length === 0) {
    loadAt(op, v.base, v.result, position, w);
    return;
  }
  const prefix = isMask(v.result) ? '-(int32_t)' : '';
  const start = `${w.prelude.splat(type)}(${prefix}${w.value(v.padding)})`;
  lanes(
    v.result,
    type,
    w,
    start,
    (l) =>
      `${tests(l).length === 0 ? '' : `if (${tests(l).join(' && ')}) `}@ = ${prefix}${b.pointer}[${sumOf([position, productOf(l, step)])}];`,
  );
};
export const transferWrite: Emitter = (op, w) => {
  const v = memory.transferWrite.view(op);
  const { b, step, tests, position } = transferLanes(op, v, w);
  if (step === 1 && tests('l').length === 0) {
    storeAt(op, v.base, v.valueToStore, position, w);
    return;
  }
  const l = w.fresh('l');
  const guard = tests(l).length === 0 ? '' : `if (${tests(l).join(' && ')}) `;
  w.line(
    `for (int ${l} = 0; ${l} < ${w.vector(v.valueToStore.type).used}; ++${l}) ${guard}${b.pointer}[${sumOf([position, productOf(l, step)])}] = ${w.value(v.valueToStore)}[${l}]${isMask(v.valueToStore) ? ' != 0' : ''};`,
  );
};

/** The lanes of `sources` (counted through) in the order of `positions`; -1 is any value. */
function rearrange(
  result: Value,
  sources: readonly Value[],
  positions: readonly number[],
  w: KernelWriter,
): void {
  const to = w.vector(result.type);
  const from = sources.map((s) => w.vector(s.type));
  const [first] = from;
  // Positions count used lanes; in C each source has all of its lanes.
  const place = (p: number): readonly [number, number] => {
    let source = 0;
    let at = p;
    while (at >= from[source]!.used) at -= from[source++]!.used;
    return [source, at];
  };
  const places = positions.map((p) => (p < 0 ? undefined : place(p)));
  if (to.lanes > 1 && from.every((f) => f.name === first!.name) && from.length <= 2) {
    const list = Array.from({ length: to.lanes }, (_, i) => {
      const p = places[i];
      return p === undefined ? -1 : p[0] * first!.lanes + p[1];
    });
    const names = sources.map((s) => w.value(s));
    w.define(result, `__builtin_shufflevector(${names[0]!}, ${names[1] ?? names[0]!}, ${list.join(', ')})`);
    return;
  }
  const list = Array.from({ length: to.used }, (_, i) => {
    const p = places[i];
    return p === undefined ? '0' : `${w.value(sources[p[0]]!)}[${p[1]}]`;
  });
  w.define(result, `(${to.name}){${list.join(', ')}}`);
}
function walk(shape: readonly number[], strides: readonly number[], first: number): number[] {
  return shape
    .reduceRight<readonly number[]>(
      (inner, size, d) =>
        Array.from({ length: size }, (_, i) => inner.map((x) => x + i * strides[d]!)).flat(),
      [0],
    )
    .map((x) => x + first);
}

export const broadcast: Emitter = (op, w) => {
  const { source, vector: result } = vector.broadcast.view(op);
  const v = w.vector(result.type);
  if (source.type.kind !== 'vector') {
    w.define(result, `${w.prelude.splat(v)}(${isMask(result) ? '-(int32_t)' : ''}${w.value(source)})`);
    return;
  }
  const from = shapeOf(source);
  const to = shapeOf(result);
  const strides = rowMajorStrides(from);
  const skip = to.length - from.length;
  rearrange(
    result,
    [source],
    walk(
      to,
      to.map((_, d) => (d < skip || from[d - skip] === 1 ? 0 : strides[d - skip]!)),
      0,
    ),
    w,
  );
};
export const fma: Emitter = (op, w) => {
  const { lhs, rhs, acc, result } = vector.fma.view(op);
  w.define(result, `${w.value(lhs)} * ${w.value(rhs)} + ${w.value(acc)}`);
};
export const extract: Emitter = (op, w) => {
  const v = vector.extract.view(op);
  const shape = shapeOf(v.source);
  const strides = rowMajorStrides(shape);
  const position = mixedIndices(v.static_position, v.dynamic_position).map((x) =>
    typeof x === 'number' ? x : w.size(x),
  );
  const at = w.offset(position, strides);
  if (v.result.type.kind !== 'vector')
    w.define(v.result, `${w.value(v.source)}[${at}]${isMask(v.source) ? ' != 0' : ''}`);
  else if (typeof at === 'number')
    rearrange(v.result, [v.source], walk(shapeOf(v.result), rowMajorStrides(shapeOf(v.result)), at), w);
  else {
    const to = w.vector(v.result.type);
    lanes(v.result, to, w, zero(to), (l) => `@ = ${w.value(v.source)}[${sumOf([at, l])}];`);
  }
};
export const insert: Emitter = (op, w) => {
  const v = vector.insert.view(op);
  const position = mixedIndices(v.static_position, v.dynamic_position).map((x) =>
    typeof x === 'number' ? x : w.size(x),
  );
  const at = w.offset(position, rowMajorStrides(shapeOf(v.dest)));
  const name = w.fresh('v');
  w.line(`${w.typeName(v.result.type)} ${name} = ${w.value(v.dest)};`);
  if (v.valueToStore.type.kind !== 'vector')
    w.line(`${name}[${at}] = ${isMask(v.dest) ? '-(int32_t)' : ''}${w.value(v.valueToStore)};`);
  else {
    const l = w.fresh('l');
    w.line(
      `for (int ${l} = 0; ${l} < ${w.vector(v.valueToStore.type).used}; ++${l}) ${name}[${sumOf([at, l])}] = ${w.value(v.valueToStore)}[${l}];`,
    );
  }
  w.bind(v.result, name);
};
export const extractSlice: Emitter = (op, w) => {
  const v = vector.extractStridedSlice.view(op);
  const strides = rowMajorStrides(shapeOf(v.source));
  const first = v.offsets.reduce((at, o, d) => at + o * strides[d]!, 0);
  rearrange(v.result, [v.source], walk(shapeOf(v.result), strides, first), w);
};
export const insertSlice: Emitter = (op, w) => {
  const v = vector.insertStridedSlice.view(op);
  const strides = rowMajorStrides(shapeOf(v.dest));
  const first = v.offsets.reduce((at, o, d) => at + o * strides[d]!, 0);
  const from = shapeOf(v.valueToStore);
  const count = from.reduce((a, b) => a * b, 1);
  const positions = Array.from({ length: w.vector(v.dest.type).used }, (_, i) => count + i);
  walk(from, strides.slice(strides.length - from.length), first).forEach((at, i) => {
    positions[at] = i;
  });
  rearrange(v.result, [v.valueToStore, v.dest], positions, w);
};
export const shuffle: Emitter = (op, w) => {
  const v = vector.shuffle.view(op);
  const inner = shapeOf(v.v1)
    .slice(1)
    .reduce((a, b) => a * b, 1);
  rearrange(
    v.result,
    [v.v1, v.v2],
    v.mask.flatMap((m) => Array.from({ length: inner }, (_, k) => (m < 0 ? -1 : m * inner + k))),
    w,
  );
};
export const transpose: Emitter = (op, w) => {
  const v = vector.transpose.view(op);
  const strides = rowMajorStrides(shapeOf(v.vector));
  rearrange(
    v.result,
    [v.vector],
    walk(
      shapeOf(v.result),
      v.permutation.map((d) => strides[d]!),
      0,
    ),
    w,
  );
};
export const interleave: Emitter = (op, w) => {
  const { lhs, rhs, result } = vector.interleave.view(op);
  const n = w.vector(lhs.type).used;
  rearrange(
    result,
    [lhs, rhs],
    Array.from({ length: 2 * n }, (_, i) => (i % 2) * n + Math.floor(i / 2)),
    w,
  );
};
export const deinterleave: Emitter = (op, w) => {
  const { source, res1, res2 } = vector.deinterleave.view(op);
  const half = Array.from({ length: w.vector(source.type).used / 2 }, (_, i) => 2 * i);
  rearrange(res1, [source], half, w);
  rearrange(
    res2,
    [source],
    half.map((i) => i + 1),
    w,
  );
};
/** The same lanes under another type. */
export const sameLanes: Emitter = (op, w) => {
  w.define(op.result(0), w.value(op.operand(0)));
};
export const bitcast: Emitter = (op, w) => {
  if (op.operands.concat(op.results).some(isMask)) w.fail(op, 'of masks');
  const [from, to] = [w.vector(op.operand(0).type), w.vector(op.result(0).type)];
  if (from.lanes * from.lane.bytes !== to.lanes * to.lane.bytes)
    w.fail(op, 'of vectors whose size is no power of two');
  w.define(op.result(0), `(${to.name})${w.value(op.operand(0))}`);
};
export const reduction: Emitter = (op, w) => {
  if (groupReduction(op, w)) return;
  const v = vector.reduction.view(op);
  const type = w.vector(v.vector.type);
  const ordered =
    type.lane.tag.startsWith('f') &&
    (v.kind === 'add' || v.kind === 'mul') &&
    !/reassoc|fast/.test(v.fastmath);
  if (isMask(v.vector)) {
    if (v.kind !== 'and' && v.kind !== 'or' && v.kind !== 'xor') w.fail(op, `${v.kind} of a mask`);
    const joined = `${w.prelude.reduce(type, v.kind, false)}(${w.value(v.vector)}) != 0`;
    w.define(
      v.dest,
      v.acc === undefined
        ? joined
        : `(${joined}) ${v.kind === 'and' ? '&' : v.kind === 'or' ? '|' : '^'} ${w.value(v.acc)}`,
    );
    return;
  }
  if (v.acc !== undefined && ordered) {
    // The start comes first, as the order says.
    const name = w.fresh('v');
    const l = w.fresh('l');
    w.line(`${w.typeName(v.dest.type)} ${name} = ${w.value(v.acc)};`);
    w.line(
      `for (int ${l} = 0; ${l} < ${type.used}; ++${l}) ${name} = ${w.prelude.joinScalar(type.lane, v.kind, name, `${w.value(v.vector)}[${l}]`)};`,
    );
    w.bind(v.dest, name);
    return;
  }
  const joined = `${w.prelude.reduce(type, v.kind, ordered)}(${w.value(v.vector)})`;
  if (v.acc === undefined) {
    w.define(v.dest, joined);
    return;
  }
  const name = w.fresh('v');
  w.line(`const ${type.lane.c} ${name} = ${joined};`);
  w.define(v.dest, w.prelude.joinScalar(type.lane, v.kind, w.value(v.acc), name));
};

const iota = (v: VectorC): string =>
  `(${v.name}){${Array.from({ length: v.lanes }, (_, i) => i).join(', ')}}`;
export const createMask: Emitter = (op, w) => {
  const { operands, result } = vector.createMask.view(op);
  const v = w.vector(result.type);
  const [n, ...more] = operands;
  if (n === undefined || more.length > 0)
    return w.fail(op, `it makes ${result.type.text}; masks of rank 1 are supported`);
  const text = w.value(n);
  w.define(result, `${iota(v)} < (int32_t)(${text} < ${v.used} ? ${text} : ${v.used})`);
};
export const constantMask: Emitter = (op, w) => {
  const { mask_dim_sizes, result } = vector.constantMask.view(op);
  const v = w.vector(result.type);
  const set = walk(
    shapeOf(result),
    shapeOf(result).map(() => 0),
    0,
  ).map((_, i) => {
    const strides = rowMajorStrides(shapeOf(result));
    return mask_dim_sizes.every((s, d) => Math.floor(i / strides[d]!) % shapeOf(result)[d]! < s) ? '-1' : '0';
  });
  w.define(result, `(${v.name}){${set.join(', ')}}`);
};
export const step: Emitter = (op, w) => {
  w.define(op.result(0), iota(w.vector(op.result(0).type)));
};
export const fromElements: Emitter = (op, w) => {
  const result = op.result(0);
  const v = w.vector(result.type);
  w.define(
    result,
    `(${v.name}){${op.operands.map((o) => `${isMask(result) ? '-(int32_t)' : ''}${w.value(o)}`).join(', ')}}`,
  );
};
export const toElements: Emitter = (op, w) => {
  op.results.forEach((r, i) => {
    w.define(r, `${w.value(op.operand(0))}[${i}]${isMask(op.operand(0)) ? ' != 0' : ''}`);
  });
};
