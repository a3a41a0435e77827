/**
 * ONNX `Resize` and `Upsample`: one axis after another, nearest by gathering, all others as a product with a matrix of
 * weights. Coordinates and weights are those of the specification.
 */
import { floats, int, ints, number32, text } from '../../constraints';
import { InferenceError, defaultAttr, one, optional, optionalAttr } from '../../opDefinition';
import type { Value } from '../../operation';
import { DYNAMIC, i1, tensor } from '../../types';
import * as nn from '../nn';
import { normaliseAxis } from '../nn/shapes';
import { numbersIn } from '../nn/tensors';
import { constantTensor, i64Tensor, shapeOf, typeOf } from './build';
import { calculator } from './calculator';
import type { Expansion } from './defineOnnxOp';
import { NotSupported, defineOnnxOp, modelTensor } from './defineOnnxOp';

interface Method {
  readonly mode: string;
  readonly coordinates: string;
  readonly nearest: string;
  readonly cubic: number;
  readonly excludeOutside: boolean;
  readonly antialias: boolean;
  readonly extrapolation: number;
}
interface AxisResize {
  readonly axis: number;
  readonly from: number;
  readonly to: number;
  readonly scale: number;
  /** Start and end of the region of interest, as shares of the axis. */
  readonly roi: readonly [number, number];
}

const single = Math.fround;
/** Where an element of the result lies in the input; in single precision, as runtimes have it. */
function coordinate(m: Method, a: AxisResize, x: number): number {
  const resized = single(a.scale * a.from);
  switch (m.coordinates) {
    case 'half_pixel':
      return single(single((x + 0.5) / a.scale) - 0.5);
    case 'half_pixel_symmetric':
      return (a.from / 2) * (1 - a.to / resized) + (x + 0.5) / a.scale - 0.5;
    case 'pytorch_half_pixel':
      return resized > 1 ? single(single((x + 0.5) / a.scale) - 0.5) : 0;
    case 'align_corners':
      return resized === 1 ? 0 : (x * (a.from - 1)) / (resized - 1);
    case 'asymmetric':
      return single(x / a.scale);
    case 'tf_half_pixel_for_nn':
      return (x + 0.5) / a.scale;
    case 'tf_crop_and_resize': {
      const [start, end] = a.roi;
      const inside = a.to === 1 ? (end - start) / 2 : (x * (end - start)) / (a.to - 1);
      return (start + inside) * (a.from - 1);
    }
    default:
      throw new InferenceError(`coordinate_transformation_mode is "${m.coordinates}"`);
  }
}

const clamp = (i: number, size: number): number => Math.min(Math.max(i, 0), size - 1);

function nearestIndex(m: Method, a: AxisResize, x: number): number {
  const p = coordinate(m, a, x);
  const low = Math.floor(p);
  const rest = p - low;
  if (rest === 0) return clamp(p, a.from);
  const up =
    m.nearest === 'ceil' ||
    (m.nearest === 'round_prefer_floor' && rest > 0.5) ||
    (m.nearest === 'round_prefer_ceil' && rest >= 0.5);
  return clamp(up ? low + 1 : low, a.from);
}

function cubicWeight(distance: number, a: number): number {
  const t = Math.abs(distance);
  if (t <= 1) return (a + 2) * t ** 3 - (a + 3) * t ** 2 + 1;
  return t < 2 ? a * t ** 3 - 5 * a * t ** 2 + 8 * a * t - 4 * a : 0;
}
/** Weights of the input elements for one element of the result. */
function weightsAt(m: Method, a: AxisResize, x: number): number[] {
  const p = coordinate(m, a, x);
  // A whole number is the right one of its two neighbours.
  const base = Number.isInteger(p) ? p - 1 : Math.floor(p);
  const ratio = p - base;
  const reach = m.mode === 'cubic' ? 2 : 1;
  const scale = m.antialias ? Math.min(a.scale, 1) : 1;
  const start = Math.floor(-reach / scale) + 1;
  const taps = Array.from({ length: 2 - 2 * start }, (_, i) => start + i);
  const weights = taps.map((t) => {
    const distance = (t - ratio) * scale;
    return m.mode === 'cubic' ? cubicWeight(distance, m.cubic) : Math.max(0, 1 - Math.abs(distance));
  });
  const counted = weights.map((w, i) => {
    const at = base + taps[i]!;
    return m.excludeOutside && (at < 0 || at >= a.from) ? 0 : w;
  });
  const sum = m.antialias || m.excludeOutside ? counted.reduce((p1, q) => p1 + q, 0) : 1;
  const row = new Array<number>(a.from).fill(0);
  counted.forEach((w, i) => {
    row[clamp(base + taps[i]!, a.from)]! += w / sum;
  });
  return row;
}

/** `count` elements at equal distances, each several times: element `i` of an axis is `start + step·⌊i / repeats⌋`. */
interface EvenChoice {
  readonly axis: number;
  readonly start: number;
  readonly step: number;
  readonly count: number;
  readonly repeats: number;
}
/** What nearest takes along an axis, where that is even. */
function evenChoice(m: Method, a: AxisResize): EvenChoice | undefined {
  if (m.mode !== 'nearest' || m.coordinates === 'tf_crop_and_resize' || a.from === 0 || a.to === 0)
    return undefined;
  const taken = Array.from({ length: a.to }, (_, i) => nearestIndex(m, a, i));
  const start = taken[0]!;
  const first = taken.findIndex((i) => i !== start);
  const repeats = first < 0 ? a.to : first;
  const step = first < 0 ? 1 : taken[first]! - start;
  const even = step > 0 && a.to % repeats === 0;
  return even && taken.every((t, i) => t === start + step * Math.floor(i / repeats))
    ? { axis: a.axis, start, step, count: a.to / repeats, repeats }
    : undefined;
}
/** `x` with even choices along some axes: a slice, and its elements repeated along axes of their own. */
function chooseEvenly(e: Expansion, x: Value, choices: readonly EvenChoice[]): Value {
  const c = calculator(e);
  const chosen = choices.reduce((v, { axis, start, step, count }) => {
    if (start === 0 && step === 1 && count === shapeOf(v)[axis]) return v;
    return c.part(v, axis, start, start + step * (count - 1) + 1, step);
  }, x);
  const shape = shapeOf(chosen);
  const repeats = shape.map((_, axis) => choices.find((k) => k.axis === axis)?.repeats ?? 1);
  if (repeats.every((r) => r === 1)) return chosen;
  const apart = c.reshape(
    chosen,
    shape.flatMap((d, i) => (repeats[i] === 1 ? [d] : [d, 1])),
  );
  const repeated = c.broadcast(
    apart,
    repeats.flatMap((r) => (r === 1 ? [1] : [1, r])),
  );
  return c.reshape(
    repeated,
    shape.map((d, i) => (d === DYNAMIC ? d : d * repeats[i]!)),
  );
}

function resizeAxis(e: Expansion, x: Value, m: Method, a: AxisResize): Value {
  const c = calculator(e);
  const positions = Array.from({ length: a.to }, (_, i) => i);
  let result: Value;
  if (m.mode === 'nearest')
    result = e.b.value(nn.gather, {
      input: x,
      indices: i64Tensor(
        e,
        positions.map((i) => nearestIndex(m, a, i)),
      ),
      axis: a.axis,
    });
  else {
    const rank = shapeOf(x).length;
    const order = Array.from({ length: rank }, (_, i) => i);
    [order[a.axis], order[rank - 1]] = [rank - 1, a.axis];
    const columns = positions.map((i) => weightsAt(m, a, i));
    const matrix = Array.from({ length: a.from * a.to }, (_, i) => columns[i % a.to]![Math.floor(i / a.to)]!);
    const weights = constantTensor(e, matrix, tensor([a.from, a.to], typeOf(x).element));
    result = c.transpose(c.matmul(c.transpose(x, order), weights), order);
  }
  if (m.coordinates !== 'tf_crop_and_resize') return result;
  const inside = positions.map((i) => {
    const p = coordinate(m, a, i);
    return Number(p >= 0 && p <= a.from - 1);
  });
  const mask = constantTensor(
    e,
    inside,
    tensor(
      shapeOf(result).map((_, i) => (i === a.axis ? a.to : 1)),
      i1,
    ),
  );
  return c.select(mask, result, m.extrapolation);
}

/** The numbers of an optional input; undefined when it is absent or empty. */
function givenNumbers(e: Expansion, value: Value | undefined, what: string): readonly number[] | undefined {
  if (value === undefined || shapeOf(value)[0] === 0) return undefined;
  const t = e.constant(value);
  if (t === undefined) throw new NotSupported(`${what} that are computed when the model runs`);
  return numbersIn(t);
}

function resizeAll(
  e: Expansion,
  x: Value,
  m: Method,
  given: {
    readonly scales: readonly number[] | undefined;
    readonly sizes: readonly number[] | undefined;
    readonly roi: readonly number[] | undefined;
    readonly axes: readonly number[] | undefined;
    readonly policy: string;
  },
): Value {
  const shape = shapeOf(x);
  const axes = given.axes?.map((a) => normaliseAxis(a, shape.length)) ?? shape.map((_, i) => i);
  const { scales, sizes } = given;
  if ((scales ?? sizes)?.length !== axes.length)
    throw new InferenceError(`${axes.length} scales or sizes are needed`);
  const own = axes.map((a) => shape[a]!);
  if (own.includes(DYNAMIC)) throw new NotSupported('a dynamic size');
  const ratios = sizes?.map((s, i) => s / own[i]!);
  const common =
    ratios === undefined || given.policy === 'stretch'
      ? undefined
      : given.policy === 'not_larger'
        ? Math.min(...ratios)
        : Math.max(...ratios);
  let result = x;
  const even: EvenChoice[] = [];
  axes.forEach((axis, i) => {
    const from = own[i]!;
    const scale = scales?.[i] ?? common ?? ratios![i]!;
    const to =
      scales !== undefined
        ? Math.floor(single(from * scale))
        : common !== undefined
          ? Math.floor(from * common + 0.5)
          : sizes![i]!;
    const roi: readonly [number, number] = [given.roi?.[i] ?? 0, given.roi?.[i + axes.length] ?? 1];
    if (to === from && scale === 1 && m.coordinates !== 'tf_crop_and_resize') return;
    const resized: AxisResize = { axis, from, to, scale, roi };
    const choice = evenChoice(m, resized);
    if (choice === undefined) result = resizeAxis(e, result, m, resized);
    else even.push(choice);
  });
  return chooseEvenly(e, result, even);
}

const resize = defineOnnxOp({
  name: 'Resize',
  versions: [10, 11, 13, 18, 19],
  summary: 'axes resized: nearest, linear or cubic',
  operands: {
    X: one(modelTensor),
    second: optional(modelTensor, 'scales in version 10, the region of interest since 11'),
    scales: optional(modelTensor, 'since 11'),
    sizes: optional(modelTensor, 'since 11'),
  },
  attrs: {
    antialias: defaultAttr(int, 0, 'since 18'),
    axes: optionalAttr(ints, 'since 18'),
    coordinate_transformation_mode: defaultAttr(text, 'half_pixel', 'since 11'),
    cubic_coeff_a: defaultAttr(number32, -0.75),
    exclude_outside: defaultAttr(int, 0),
    extrapolation_value: defaultAttr(number32, 0),
    keep_aspect_ratio_policy: defaultAttr(text, 'stretch', 'since 18'),
    mode: defaultAttr(text, 'nearest', '`nearest`, `linear` or `cubic`'),
    nearest_mode: defaultAttr(text, 'round_prefer_floor', 'since 11'),
  },
  expand: (v, e) => {
    const old = v.version < 11;
    const method: Method = {
      mode: v.mode,
      coordinates: old ? 'asymmetric' : v.coordinate_transformation_mode,
      nearest: old ? 'floor' : v.nearest_mode,
      cubic: v.cubic_coeff_a,
      excludeOutside: v.exclude_outside !== 0,
      antialias: v.antialias !== 0,
      extrapolation: v.extrapolation_value,
    };
    return [
      resizeAll(e, v.X, method, {
        scales: givenNumbers(e, old ? v.second : v.scales, 'scales'),
        sizes: givenNumbers(e, v.sizes, 'sizes'),
        roi:
          old || v.coordinate_transformation_mode !== 'tf_crop_and_resize'
            ? undefined
            : givenNumbers(e, v.second, 'regions'),
        axes: v.axes,
        policy: v.keep_aspect_ratio_policy,
      }),
    ];
  },
});
const upsample = defineOnnxOp({
  name: 'Upsample',
  versions: [7, 9, 10],
  summary: 'axes enlarged: nearest or linear',
  operands: { X: one(modelTensor), scales_input: optional(modelTensor, 'since 9') },
  attrs: {
    mode: defaultAttr(text, 'nearest', '`nearest` or `linear`'),
    scales: optionalAttr(floats, 'before 9'),
  },
  expand: (v, e) => {
    const method: Method = {
      mode: v.mode,
      coordinates: 'asymmetric',
      nearest: 'floor',
      cubic: -0.75,
      excludeOutside: false,
      antialias: false,
      extrapolation: 0,
    };
    const scales = v.scales ?? givenNumbers(e, v.scales_input, 'scales');
    return [
      resizeAll(e, v.X, method, {
        scales,
        sizes: undefined,
        roi: undefined,
        axes: undefined,
        policy: 'stretch',
      }),
    ];
  },
});

export const resizeOps = [resize, upsample];
