/** C of buffers: arguments and views are pointers with strides; no view copies. */
import type { Value, types } from '../../../../ir';
import { types as t } from '../../../../ir';
import * as memref from '../../../../ir/dialects/memref';
import { layoutOf } from '../../../../ir/dialects/memrefLayout';
import type { MixedIndex } from '../../../../ir/dialects/mixedIndices';
import { mixedIndices } from '../../../../ir/dialects/mixedIndices';
import { subviewSlice } from '../../../../ir/dialects/memrefSemantics';
import type { CBuffer, CSize, Emitter, KernelWriter } from '../kernelWriter';
import { denseStrides, productOf, sumOf } from '../kernelWriter';

const typeOf = (v: Value): types.MemRefType => v.type as types.MemRefType;
const sizes = (list: readonly MixedIndex[], w: KernelWriter): CSize[] =>
  list.map((x) => (typeof x === 'number' ? x : w.size(x)));

/** `p[…]`. */
export const elementAt = (b: CBuffer, position: CSize): string => `${b.pointer}[${position}]`;
/** `p + …` as a pointer to the element. */
export const addressOf = (b: CBuffer, position: CSize): string =>
  position === 0 ? b.pointer : `${b.pointer} + ${position}`;

export const load: Emitter = (op, w) => {
  const v = memref.load.view(op);
  const b = w.buffer(v.memref);
  w.define(v.result, elementAt(b, w.position(b, v.indices)));
};
export const prefetch: Emitter = (op, w) => {
  const v = memref.prefetch.view(op);
  if (!v.isDataCache) return;
  const b = w.buffer(v.memref);
  w.line(
    `__builtin_prefetch(${addressOf(b, w.position(b, v.indices))}, ${v.isWrite ? 1 : 0}, ${v.localityHint});`,
  );
};
export const store: Emitter = (op, w) => {
  const v = memref.store.view(op);
  const b = w.buffer(v.memref);
  w.line(`${elementAt(b, w.position(b, v.indices))} = ${w.value(v.value)};`);
};

/** The buffer at an offset, as a pointer variable. */
function moved(
  b: CBuffer,
  position: CSize,
  result: Value,
  rest: Pick<CBuffer, 'shape' | 'strides'>,
  w: KernelWriter,
): void {
  const pointer = position === 0 ? b.pointer : w.pointer(b.element, addressOf(b, position), !b.readOnly);
  w.bindBuffer(result, { ...b, pointer, ...rest });
}

export const subview: Emitter = (op, w) => {
  const { source, result } = memref.subview.view(op);
  const b = w.buffer(source);
  const slice = subviewSlice(op);
  const [offsets, lengths, steps] = [slice.offsets, slice.sizes, slice.strides].map((l) => sizes(l, w));
  const full = { shape: lengths!, strides: steps!.map((s, d) => productOf(s, b.strides[d]!)) };
  const kept = keptOf(full.shape, typeOf(result).shape);
  if (kept === undefined) return w.fail(op, `dimensions of ${result.type.text} do not match the slice`);
  moved(
    b,
    w.offset(offsets!, b.strides),
    result,
    { shape: kept.map((d) => full.shape[d]!), strides: kept.map((d) => full.strides[d]!) },
    w,
  );
};
/** Which dimensions of a slice stay in its type, where sizes of 1 may be dropped. */
function keptOf(full: readonly CSize[], shape: readonly number[]): readonly number[] | undefined {
  const kept: number[] = [];
  let next = 0;
  full.forEach((size, d) => {
    const mustDrop = full.length - d > shape.length - next;
    const fits =
      next < shape.length && (typeof size === 'string' ? shape[next] === t.DYNAMIC : size === shape[next]);
    if (
      fits &&
      !(mustDrop && size === 1 && full.slice(d + 1).filter((s) => s !== 1).length >= shape.length - next)
    ) {
      kept.push(d);
      next++;
    } else if (size !== 1) next = NaN;
  });
  return next === shape.length ? kept : undefined;
}

export const reinterpretCast: Emitter = (op, w) => {
  const v = memref.reinterpretCast.view(op);
  const b = w.buffer(v.source);
  const layout = layoutOf(typeOf(v.source));
  if (layout?.offset !== 0) w.fail(op, 'the source may begin inside of its buffer');
  const [offset] = sizes(mixedIndices(v.static_offsets, v.offsets), w);
  const rest = {
    shape: sizes(mixedIndices(v.static_sizes, v.sizes), w),
    strides: sizes(mixedIndices(v.static_strides, v.strides), w),
  };
  moved(b, offset!, v.result, rest, w);
};
export const same: Emitter = (op, w) => {
  w.bindBuffer(op.result(0), w.buffer(op.operand(0)));
};
export const expandShape: Emitter = (op, w) => {
  const v = memref.expandShape.view(op);
  const b = w.buffer(v.src);
  const shape = sizes(mixedIndices(v.static_output_shape, v.output_shape), w);
  const strides = shape.map((): CSize => 1);
  v.reassociation.forEach((group, i) => {
    let stride = b.strides[i]!;
    for (const d of [...group].reverse()) {
      strides[d] = stride;
      stride = productOf(stride, shape[d]!);
    }
  });
  w.bindBuffer(v.result, { ...b, shape, strides });
};
export const collapseShape: Emitter = (op, w) => {
  const v = memref.collapseShape.view(op);
  const b = w.buffer(v.src);
  const shape = v.reassociation.map((g) => g.reduce<CSize>((n, d) => productOf(n, b.shape[d]!), 1));
  const strides = v.reassociation.map((group) => {
    const wide = group.filter((d) => b.shape[d] !== 1);
    const last = wide[wide.length - 1] ?? group[group.length - 1];
    return last === undefined ? 1 : b.strides[last]!;
  });
  w.bindBuffer(v.result, { ...b, shape, strides });
};
export const view: Emitter = (op, w) => {
  const v = memref.view.view(op);
  const b = w.buffer(v.source);
  const type = typeOf(v.result);
  const element = w.stored(type);
  let next = 0;
  const shape = type.shape.map((d): CSize => (d === t.DYNAMIC ? w.size(v.sizes[next++]!) : d));
  const pointer = w.pointer(
    element,
    `(${b.readOnly ? 'const ' : ''}${element.c} *)(${addressOf(b, w.size(v.byteShift))})`,
    !b.readOnly,
  );
  w.bindBuffer(v.result, { pointer, element, shape, strides: denseStrides(shape), readOnly: b.readOnly });
};
export const allocate: Emitter = (op, w) => {
  if (op.operandCount > 0) w.fail(op, 'its size is known only at run time');
  w.bindBuffer(op.result(0), w.local(op, typeOf(op.result(0))));
};
export const nothing: Emitter = () => undefined;
export const dim: Emitter = (op, w) => {
  const { source, index } = memref.dim.view(op);
  const d = w.size(index);
  const size = typeof d === 'number' ? w.buffer(source).shape[d] : undefined;
  if (size === undefined) w.fail(op, 'the dimension is not a constant');
  w.bind(op.result(0), String(size));
};
export const assumeAlignment: Emitter = (op, w) => {
  const v = memref.assumeAlignment.view(op);
  const b = w.buffer(v.memref);
  const pointer = w.pointer(b.element, `__builtin_assume_aligned(${b.pointer}, ${v.alignment})`, !b.readOnly);
  w.bindBuffer(v.result, { ...b, pointer });
};
export const copy: Emitter = (op, w) => {
  const [from, to] = op.operands.map((v) => w.buffer(v));
  const indices: string[] = [];
  const level = (d: number): void => {
    if (d === to!.shape.length) {
      w.line(
        `${elementAt(to!, sumOf(indices.map((i, k) => productOf(i, to!.strides[k]!))))} = ${elementAt(from!, sumOf(indices.map((i, k) => productOf(i, from!.strides[k]!))))};`,
      );
      return;
    }
    const i = w.fresh('i');
    indices.push(i);
    w.braces(`for (int64_t ${i} = 0; ${i} < ${to!.shape[d]}; ++${i})`, () => {
      level(d + 1);
    });
  };
  level(0);
};
/** Small constants of the module become arrays of the kernel. */
export const getGlobal: Emitter = (op, w) => {
  const { name, result } = memref.getGlobal.view(op);
  let top = op;
  while (top.parentOp !== undefined) top = top.parentOp;
  const global = top
    .region()
    .blocks[0]!.ops.map((o) => memref.global.as(o))
    .find((g) => g?.sym_name === name);
  const initial = global?.initial_value;
  if (initial?.kind !== 'dense')
    return w.fail(op, `@${name} has no elements in the text; pass it as an argument`);
  const type = typeOf(result);
  const element = w.stored(type);
  const values = w.elements(initial, type.element);
  const array = w.fresh('table');
  const count = t.elementCount(type.shape)!;
  const list = initial.splat ? new Array<string>(count).fill(values[0]!) : values;
  w.line(`static const ${element.c} ${array}[${Math.max(1, count)}] = {${list.join(', ')}};`);
  w.bindBuffer(result, {
    pointer: array,
    element,
    shape: type.shape,
    strides: denseStrides(type.shape),
    readOnly: true,
  });
};
