/** ONNX `DeformConv`, `RoiAlign` and `Det`: sampling at computed positions, determinants. */
import { int, ints, number32, text } from '../../constraints';
import { InferenceError, defaultAttr, one, optional, optionalAttr } from '../../opDefinition';
import type { Value } from '../../operation';
import { tensor } from '../../types';
import * as nn from '../nn';
import { constantTensor, i64Tensor, shapeOf, typeOf, windowOf } from './build';
import { calculator } from './calculator';
import type { Expansion } from './defineOnnxOp';
import { NotSupported, defineOnnxOp, modelTensor } from './defineOnnxOp';

/** Positions in elements, rows first, as those that `nn.grid_sample` takes with aligned corners. */
function samplingGrid(e: Expansion, rows: Value, columns: Value, sizes: readonly [number, number]): Value {
  const c = calculator(e);
  const scaled = (p: Value, size: number): Value => c.sub(c.mul(p, 2 / Math.max(1, size - 1)), 1);
  const last = (p: Value): Value => c.reshape(p, [...shapeOf(p), 1]);
  const grid = [scaled(columns, sizes[1]), scaled(rows, sizes[0])].map(last);
  return c.concat(grid, shapeOf(grid[0]!).length - 1);
}

const deformConv = defineOnnxOp({
  name: 'DeformConv',
  versions: [19, 22],
  summary: 'a convolution that reads beside its window, by offsets that are an input',
  operands: {
    X: one(modelTensor),
    W: one(modelTensor),
    offset: one(modelTensor, 'N × groups·kernel·2 × output sizes'),
    B: optional(modelTensor),
    mask: optional(modelTensor, 'a factor for each element that is read'),
  },
  attrs: {
    dilations: optionalAttr(ints),
    group: defaultAttr(int, 1),
    kernel_shape: optionalAttr(ints),
    offset_group: defaultAttr(int, 1),
    pads: optionalAttr(ints),
    strides: optionalAttr(ints),
  },
  expand: (v, e) => {
    const c = calculator(e);
    const [n, channels, ...sizes] = shapeOf(v.X);
    if (sizes.length !== 2) throw new NotSupported('a deformed convolution over other than two axes');
    const [filters, depth, ...kernel] = shapeOf(v.W);
    const { strides, dilations, pads } = windowOf(sizes, kernel, { ...v, auto_pad: 'NOTSET' });
    const output = shapeOf(v.offset).slice(2);
    const [og, g, taps, points] = [v.offset_group, v.group, kernel[0]! * kernel[1]!, output[0]! * output[1]!];
    const { element } = typeOf(v.X);
    const offsets = c.reshape(v.offset, [n! * og, taps, 2, points]);
    // Where the window reads without offsets.
    const base = (axis: 0 | 1): Value =>
      constantTensor(
        e,
        Array.from({ length: taps * points }, (_, i) => {
          const [tap, point] = [Math.floor(i / points), i % points];
          const k = axis === 0 ? Math.floor(tap / kernel[1]!) : tap % kernel[1]!;
          const o = axis === 0 ? Math.floor(point / output[1]!) : point % output[1]!;
          return o * strides[axis]! - pads[axis]! + k * dilations[axis]!;
        }),
        tensor([1, taps, points], element),
      );
    const position = (axis: 0 | 1): Value =>
      c.add(c.reshape(c.part(offsets, 2, axis, axis + 1), [n! * og, taps, points]), base(axis));
    const input = c.reshape(v.X, [n! * og, channels! / og, ...sizes]);
    let read = e.b.value(nn.gridSample, {
      input,
      grid: samplingGrid(e, position(0), position(1), sizes as [number, number]),
      mode: 'linear',
      padding: 'zeros',
      align_corners: true,
    });
    if (v.mask !== undefined) read = c.mul(read, c.reshape(v.mask, [n! * og, 1, taps, points]));
    const columns = c.reshape(read, [n!, g, depth! * taps, points]);
    const product = c.matmul(c.reshape(v.W, [g, filters! / g, depth! * taps]), columns);
    const result = c.reshape(product, [n!, filters!, ...output]);
    return [v.B === undefined ? result : c.add(result, c.reshape(v.B, [1, filters!, 1, 1]))];
  },
});

const roiAlign = defineOnnxOp({
  name: 'RoiAlign',
  versions: [10, 16, 22],
  summary: 'regions of an image brought to one size',
  doc: 'Each element is the mean, or the maximum, over `sampling_ratio`² points that are read between their four neighbours.',
  operands: {
    X: one(modelTensor),
    rois: one(modelTensor, 'x1, y1, x2, y2 of each region'),
    batch_indices: one(modelTensor),
  },
  attrs: {
    coordinate_transformation_mode: defaultAttr(
      text,
      '',
      '`half_pixel` (default since 16) or `output_half_pixel`',
    ),
    mode: defaultAttr(text, 'avg'),
    output_height: defaultAttr(int, 1),
    output_width: defaultAttr(int, 1),
    sampling_ratio: defaultAttr(int, 0),
    spatial_scale: defaultAttr(number32, 1),
  },
  expand: (v, e) => {
    const c = calculator(e);
    const ratio = v.sampling_ratio;
    if (ratio < 1) throw new NotSupported('a number of samples that depends on the region');
    const given = v.coordinate_transformation_mode;
    const half = given === '' ? v.version >= 16 : given === 'half_pixel';
    const [, channels, ...sizes] = shapeOf(v.X) as readonly [number, number, number, number];
    const [regions] = shapeOf(v.rois) as readonly [number];
    const { element } = typeOf(v.X);
    const corners = c.sub(c.mul(v.rois, v.spatial_scale), half ? 0.5 : 0);
    const counts = [v.output_height * ratio, v.output_width * ratio];
    // Rows (axis 0) lie between the second and the fourth number, columns between the first and the third.
    const positions = ([0, 1] as const).map((axis) => {
      const low = c.part(corners, 1, 1 - axis, 2 - axis);
      const extent = c.sub(c.part(corners, 1, 3 - axis, 4 - axis), low);
      const length = half ? extent : c.max(extent, 1);
      const count = counts[axis]!;
      const steps = Array.from({ length: count }, (_, i) => (i + 0.5) / count);
      return c.add(c.mul(length, constantTensor(e, steps, tensor([1, count], element))), low);
    });
    const image = e.b.value(nn.gather, { input: v.X, indices: v.batch_indices, axis: 0 });
    const spread = (p: Value, axis: number): Value =>
      c.broadcast(c.reshape(p, axis === 0 ? [regions, counts[0]!, 1] : [regions, 1, counts[1]!]), [
        regions,
        counts[0]!,
        counts[1]!,
      ]);
    const inside = positions.map((p, axis) =>
      spread(
        c.mul(c.cast(c.compare(p, 'ge', -1), element), c.cast(c.compare(p, 'le', sizes[axis]!), element)),
        axis,
      ),
    );
    const visible = c.mul(inside[0]!, inside[1]!);
    const axes = positions.map((p, axis) => {
      const held = c.min(c.max(p, 0), sizes[axis]! - 1);
      const low = e.b.value(nn.floor, { input: held });
      const high = c.min(c.add(low, 1), sizes[axis]! - 1);
      const t = c.sub(held, low);
      return [
        { at: spread(low, axis), weight: spread(c.sub(1, t), axis) },
        { at: spread(high, axis), weight: spread(t, axis) },
      ];
    });
    const weighted = axes[0]!.flatMap((y) =>
      axes[1]!.map((x) => {
        const read = e.b.value(nn.gridSample, {
          input: image,
          grid: samplingGrid(e, y.at, x.at, sizes),
          mode: 'nearest',
          padding: 'border',
          align_corners: true,
        });
        const weight = c.mul(c.mul(y.weight, x.weight), visible);
        return c.mul(read, c.reshape(weight, [regions, 1, counts[0]!, counts[1]!]));
      }),
    );
    const isMax = v.mode === 'max';
    const sampled = weighted.reduce((p, q) => (isMax ? c.max(p, q) : c.add(p, q)));
    const bins = c.reshape(sampled, [regions, channels, v.output_height, ratio, v.output_width, ratio]);
    return [isMax ? c.largest(bins, [3, 5], false) : c.mean(bins, [3, 5], false)];
  },
});

const det = defineOnnxOp({
  name: 'Det',
  versions: [11, 22],
  summary: 'determinants of matrices',
  doc: 'By elimination; the pivot of a column is its largest element.',
  operands: { X: one(modelTensor) },
  expand: (v, e) => {
    const c = calculator(e);
    const shape = shapeOf(v.X);
    const size = shape[shape.length - 1]!;
    if (size !== shape[shape.length - 2] || size < 1) throw new InferenceError('square matrices are needed');
    const batch = shape.slice(0, -2);
    const rank = shape.length;
    const [rows, columns] = [rank - 2, rank - 1];
    let rest = v.X;
    let product: Value | undefined;
    for (let left = size; left > 0; left--) {
      const column = c.part(rest, columns, 0, 1);
      const best = e.b.value(nn.argReduce, { input: c.abs(column), axis: rows, kind: 'max' });
      const which = c.broadcast(best, [...batch, 1, left]);
      const pivotRow = e.b.value(nn.gatherElements, { input: rest, indices: which, axis: rows });
      const pivot = c.part(pivotRow, columns, 0, 1);
      // Exchanging the first row and the pivot's turns the sign.
      const turned = c.compare(best, 'eq', i64Tensor(e, [0]));
      const factor = c.reshape(c.select(turned, pivot, c.neg(pivot)), batch);
      product = product === undefined ? factor : c.mul(product, factor);
      if (left === 1) break;
      const exchanged = e.b.value(nn.scatterElements, {
        input: rest,
        indices: which,
        updates: c.part(rest, rows, 0, 1),
        axis: rows,
      });
      const below = c.part(exchanged, rows, 1, left);
      const safe = c.select(c.compare(pivot, 'eq', 0), 1, pivot);
      const share = c.div(c.part(below, columns, 0, 1), safe);
      rest = c.part(c.sub(below, c.mul(share, pivotRow)), columns, 1, left);
    }
    return [product!];
  },
});

export const visionOps = [deformConv, roiAlign, det] as const;
