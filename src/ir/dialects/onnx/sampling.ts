/** ONNX `GridSample` and `AffineGrid`. */
import { int, text } from '../../constraints';
import { InferenceError, defaultAttr, one } from '../../opDefinition';
import { tensor } from '../../types';
import * as nn from '../nn';
import { constantInts, constantTensor, typeOf } from './build';
import { calculator } from './calculator';
import { defineOnnxOp, modelTensor } from './defineOnnxOp';
import { boxPositions } from './windows';

const modes: Readonly<Record<string, 'linear' | 'nearest' | 'cubic'>> = {
  linear: 'linear',
  bilinear: 'linear',
  nearest: 'nearest',
  cubic: 'cubic',
  bicubic: 'cubic',
};
const gridSample = defineOnnxOp({
  name: 'GridSample',
  versions: [16, 20, 22],
  summary: nn.gridSample.summary,
  operands: { X: one(modelTensor), grid: one(modelTensor) },
  attrs: {
    align_corners: defaultAttr(int, 0),
    mode: defaultAttr(text, 'linear', '`linear`, `nearest` or `cubic`; before 20 with the prefix `bi`'),
    padding_mode: defaultAttr(text, 'zeros', '`zeros`, `border` or `reflection`'),
  },
  expand: (v, { b }) => {
    const mode = modes[v.mode];
    const padding = (['zeros', 'border', 'reflection'] as const).find((p) => p === v.padding_mode);
    if (mode === undefined) throw new InferenceError(`mode is "${v.mode}"`);
    if (padding === undefined) throw new InferenceError(`padding_mode is "${v.padding_mode}"`);
    return [
      b.value(nn.gridSample, {
        input: v.X,
        grid: v.grid,
        mode,
        padding,
        align_corners: v.align_corners !== 0,
      }),
    ];
  },
});

const affineGrid = defineOnnxOp({
  name: 'AffineGrid',
  versions: [20],
  summary: 'the positions that an affine map sends a regular grid to',
  operands: { theta: one(modelTensor), size: one(modelTensor) },
  attrs: { align_corners: defaultAttr(int, 0) },
  expand: (v, e) => {
    const c = calculator(e);
    const [batch = 1, , ...sizes] = constantInts(e, v.size, 'a size');
    const n = sizes.length;
    const at = (i: number, size: number): number => {
      if (v.align_corners === 0) return (2 * i + 1) / size - 1;
      return size === 1 ? 0 : (2 * i) / (size - 1) - 1;
    };
    const points = boxPositions(sizes);
    const values = points.flatMap((p) => [...p.map((i, d) => at(i, sizes[d]!)).reverse(), 1]);
    const grid = constantTensor(e, values, tensor([1, points.length, n + 1], typeOf(v.theta).element));
    return [c.reshape(c.matmul(grid, c.transpose(v.theta, [0, 2, 1])), [batch, ...sizes, n])];
  },
});

export const samplingOps = [gridSample, affineGrid];
