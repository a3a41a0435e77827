/** `nn.max_pool2d` and `nn.average_pool2d`: a sliding window over the two spatial axes. */
import { anyTensor, bool, floatTensor, ints, oneOf } from '../../constraints';
import type { TensorValue } from '../../interpreter/runtimeValue';
import { attr, defaultAttr, defineOp, one } from '../../opDefinition';
import type { TensorType } from '../../types';
import { tensor } from '../../types';
import { asRank, expectLength, windowCount } from './shapes';
import { countOf, newElements, tensorValue, tensorOf } from './tensors';
import { perResult } from './work';

export const imageLayouts = ['nchw', 'nhwc'] as const;
export type ImageLayout = (typeof imageLayouts)[number];

interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly pads: readonly number[];
  readonly dilations: readonly number[];
  readonly layout: ImageLayout;
}
const windowAttrs = {
  kernel: attr(ints, 'size of the window: rows, columns'),
  strides: attr(ints, 'step of the window: rows, columns'),
  pads: attr(ints, 'padding: top, left, bottom, right'),
  dilations: attr(ints, 'distance between taps: rows, columns'),
  layout: defaultAttr(oneOf(...imageLayouts), 'nchw', 'order of the axes'),
};
const spatial = (layout: ImageLayout): readonly [number, number] => (layout === 'nchw' ? [2, 3] : [1, 2]);

function inferPool(input: TensorType, a: Window): TensorType {
  expectLength(a.kernel, 2, 'kernel');
  expectLength(a.strides, 2, 'strides');
  expectLength(a.dilations, 2, 'dilations');
  expectLength(a.pads, 4, 'pads');
  const shape = [...input.shape];
  spatial(a.layout).forEach((axis, i) => {
    shape[axis] = windowCount(
      shape[axis]!,
      a.kernel[i]!,
      a.strides[i]!,
      a.dilations[i]!,
      a.pads[i]!,
      a.pads[i + 2]!,
    );
  });
  return tensor(shape, input.element);
}

/** Calls `reduce` with the positions in `x.data` that each window covers. */
function pool(
  x: TensorValue,
  a: Window,
  reduce: (positions: Int32Array, count: number) => number,
): TensorValue {
  const type = inferPool(tensor(x.shape, x.element), a);
  const data = newElements(x.element, countOf(type.shape));
  const [first, second] = spatial(a.layout);
  const [n, c] = [x.shape[0]!, x.shape[a.layout === 'nchw' ? 1 : 3]!];
  const [h, w, oh, ow] = [x.shape[first]!, x.shape[second]!, type.shape[first]!, type.shape[second]!];
  const offset = (
    size: readonly [number, number],
    image: number,
    channel: number,
    row: number,
    column: number,
  ): number =>
    a.layout === 'nchw'
      ? ((image * c + channel) * size[0] + row) * size[1] + column
      : ((image * size[0] + row) * size[1] + column) * c + channel;
  const positions = new Int32Array(a.kernel[0]! * a.kernel[1]!);
  for (let image = 0; image < n; image++)
    for (let channel = 0; channel < c; channel++)
      for (let y = 0; y < oh; y++)
        for (let q = 0; q < ow; q++) {
          let count = 0;
          for (let i = 0; i < a.kernel[0]!; i++) {
            const row = y * a.strides[0]! + i * a.dilations[0]! - a.pads[0]!;
            if (row < 0 || row >= h) continue;
            for (let j = 0; j < a.kernel[1]!; j++) {
              const column = q * a.strides[1]! + j * a.dilations[1]! - a.pads[1]!;
              if (column < 0 || column >= w) continue;
              positions[count++] = offset([h, w], image, channel, row, column);
            }
          }
          data[offset([oh, ow], image, channel, y, q)] = reduce(positions, count);
        }
  return tensorValue(type.shape, x.element, data);
}

export const maxPool2d = defineOp({
  name: 'nn.max_pool2d',
  summary: 'the largest element in a sliding window',
  doc: 'Padding never wins. A window that covers padding alone is the lowest value of the type.',
  operands: { input: one(anyTensor, 'rank 4') },
  attrs: windowAttrs,
  results: { output: one(anyTensor) },
  traits: ['pure'],
  infer: ({ types, attrs }) => [inferPool(asRank(types.input, 4, 'input'), attrs)],
  evaluate: (view, context) => {
    const x = tensorOf(context, view.input);
    const lowest =
      x.element.kind === 'float'
        ? -Infinity
        : x.element.kind === 'integer' && x.element.signedness !== 'unsigned'
          ? -(2 ** (x.element.width - 1))
          : 0;
    return [
      pool(x, view, (positions, count) => {
        let best = lowest;
        for (let k = 0; k < count; k++) {
          const v = x.data[positions[k]!] as number;
          if (v > best || Number.isNaN(v)) best = v;
        }
        return best;
      }),
    ];
  },
  work: ({ op, kernel }) => perResult(op, kernel[0]! * kernel[1]!),
});

export const averagePool2d = defineOp({
  name: 'nn.average_pool2d',
  summary: 'the mean of a sliding window',
  doc: 'With `count_include_pad` the divisor is the size of the window; without, the number of its elements inside the input.',
  operands: { input: one(floatTensor, 'rank 4') },
  attrs: { ...windowAttrs, count_include_pad: defaultAttr(bool, false, 'whether padding counts as zeros') },
  results: { output: one(anyTensor) },
  traits: ['pure'],
  infer: ({ types, attrs }) => [inferPool(asRank(types.input, 4, 'input'), attrs)],
  evaluate: (view, context) => {
    const x = tensorOf(context, view.input);
    const whole = view.kernel[0]! * view.kernel[1]!;
    return [
      pool(x, view, (positions, count) => {
        let sum = 0;
        for (let k = 0; k < count; k++) sum += x.data[positions[k]!] as number;
        return sum / (view.count_include_pad ? whole : count);
      }),
    ];
  },
  work: ({ op, kernel }) => perResult(op, kernel[0]! * kernel[1]! + 1),
});

export const poolingOps = [maxPool2d, averagePool2d];
