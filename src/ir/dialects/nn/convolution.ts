/** `nn.conv2d`: grouped two-dimensional convolution in two layouts. */
import { anyTensor, int, ints, oneOf } from '../../constraints';
import { InferenceError, attr, defaultAttr, defineOp, one, optional } from '../../opDefinition';
import type { Shape, TensorType } from '../../types';
import { DYNAMIC, tensor } from '../../types';
import { asRank, asTensor, expectLength, mayEqual, windowCount } from './shapes';
import { countOf, newElements, tensorOf, tensorValue } from './tensors';
import { elementsOf, workOf } from './work';

export const convLayouts = ['nchw_fchw', 'nhwc_hwcf'] as const;
export type ConvLayout = (typeof convLayouts)[number];

interface Window {
  readonly strides: readonly number[];
  readonly pads: readonly number[];
  readonly dilations: readonly number[];
  readonly groups: number;
  readonly layout: ConvLayout;
}
/** Sizes of input, weight and output by meaning. `channels` is per group in the weight. */
interface ConvSizes {
  readonly n: number;
  readonly c: number;
  readonly h: number;
  readonly w: number;
  readonly f: number;
  readonly groupChannels: number;
  readonly kh: number;
  readonly kw: number;
}
function sizesOf(input: Shape, weight: Shape, layout: ConvLayout): ConvSizes {
  const [x0, x1, x2, x3] = input as [number, number, number, number];
  const [w0, w1, w2, w3] = weight as [number, number, number, number];
  return layout === 'nchw_fchw'
    ? { n: x0, c: x1, h: x2, w: x3, f: w0, groupChannels: w1, kh: w2, kw: w3 }
    : { n: x0, h: x1, w: x2, c: x3, kh: w0, kw: w1, groupChannels: w2, f: w3 };
}

function inferConv(
  input: TensorType,
  weight: TensorType,
  bias: TensorType | undefined,
  a: Window,
): TensorType {
  expectLength(a.strides, 2, 'strides');
  expectLength(a.dilations, 2, 'dilations');
  expectLength(a.pads, 4, 'pads');
  if (input.element !== weight.element)
    throw new InferenceError(
      `weight has elements of type ${weight.element.text}, input of ${input.element.text}`,
    );
  const s = sizesOf(input.shape, weight.shape, a.layout);
  if (a.groups < 1) throw new InferenceError(`groups must be 1 or more, found ${a.groups}`);
  if (s.c !== DYNAMIC && s.groupChannels !== DYNAMIC && s.c !== s.groupChannels * a.groups)
    throw new InferenceError(
      `weight has ${s.groupChannels * a.groups} input channels, input has ${s.c} (groups = ${a.groups})`,
    );
  if (s.f !== DYNAMIC && s.f % a.groups !== 0)
    throw new InferenceError(`weight has ${s.f} output channels, which ${a.groups} groups do not divide`);
  if (bias !== undefined && !mayEqual(bias.shape[0]!, s.f))
    throw new InferenceError(`bias has ${bias.shape[0]} elements, weight has ${s.f} output channels`);
  const [top, left, bottom, right] = a.pads as [number, number, number, number];
  const h = windowCount(s.h, s.kh, a.strides[0]!, a.dilations[0]!, top, bottom);
  const w = windowCount(s.w, s.kw, a.strides[1]!, a.dilations[1]!, left, right);
  return tensor(a.layout === 'nchw_fchw' ? [s.n, s.f, h, w] : [s.n, h, w, s.f], input.element);
}

export const conv2d = defineOp({
  name: 'nn.conv2d',
  summary: 'a two-dimensional convolution, grouped, with an optional bias',
  doc: [
    'Cross-correlation, as in ONNX `Conv`: `out[n, f, y, x] = bias[f] + Σ in[n, c, y·s + i·d - top, x·s + j·d - left] · weight[f, c, i, j]`',
    'over the channels `c` of the group of `f` and the taps `i, j`; outside of the input, zero. Accumulated in double precision, rounded once.',
    '',
    'Layouts: `nchw_fchw` has input N×C×H×W and weight F×(C/groups)×KH×KW; `nhwc_hwcf` has input N×H×W×C and weight KH×KW×(C/groups)×F.',
    'A depthwise convolution has `groups` equal to C.',
  ].join('\n'),
  operands: {
    input: one(anyTensor, 'rank 4'),
    weight: one(anyTensor, 'rank 4'),
    bias: optional(anyTensor, 'one element per output channel'),
  },
  attrs: {
    strides: attr(ints, 'step of the window: rows, columns'),
    pads: attr(ints, 'zeros around the input: top, left, bottom, right'),
    dilations: attr(ints, 'distance between taps: rows, columns'),
    groups: defaultAttr(int, 1, 'number of independent blocks of channels'),
    layout: defaultAttr(oneOf(...convLayouts), 'nchw_fchw', 'order of the axes'),
  },
  results: { output: one(anyTensor) },
  traits: ['pure'],
  infer: ({ types, attrs }) => [
    inferConv(
      asRank(types.input, 4, 'input'),
      asRank(types.weight, 4, 'weight'),
      types.bias === undefined ? undefined : asRank(types.bias, 1, 'bias'),
      attrs,
    ),
  ],
  evaluate: (view, context) => {
    const x = tensorOf(context, view.input);
    const weight = tensorOf(context, view.weight);
    const bias = view.bias === undefined ? undefined : tensorOf(context, view.bias);
    const type = inferConv(
      tensor(x.shape, x.element),
      tensor(weight.shape, weight.element),
      bias === undefined ? undefined : tensor(bias.shape, bias.element),
      view,
    );
    const data = newElements(x.element, countOf(type.shape)) as Float32Array;
    const s = sizesOf(x.shape, weight.shape, view.layout);
    const channelsFirst = view.layout === 'nchw_fchw';
    let [oh, ow] = channelsFirst ? [type.shape[2]!, type.shape[3]!] : [type.shape[1]!, type.shape[2]!];
    // Strides of input (n, c, h, w), weight (f, c, i, j) and output (n, f, y, x) in the layout at hand.
    const xs = channelsFirst ? [s.c * s.h * s.w, s.h * s.w, s.w, 1] : [s.h * s.w * s.c, 1, s.w * s.c, s.c];
    const ws = channelsFirst
      ? [s.groupChannels * s.kh * s.kw, s.kh * s.kw, s.kw, 1]
      : [1, s.f, s.kw * s.groupChannels * s.f, s.groupChannels * s.f];
    const os = channelsFirst ? [s.f * oh * ow, oh * ow, ow, 1] : [oh * ow * s.f, 1, ow * s.f, s.f];
    const [xn, xc, xh, xw] = xs as [number, number, number, number];
    const [wf, wc, wi, wj] = ws as [number, number, number, number];
    const [on, of, oy, ox] = os as [number, number, number, number];
    const [sh, sw] = view.strides as [number, number];
    const [dh, dw] = view.dilations as [number, number];
    const [top, left] = view.pads as [number, number];
    // The rows of a pointwise convolution are one long row.
    const pointwise = s.kh === 1 && s.kw === 1 && sh === 1 && sw === 1 && view.pads.every((p) => p === 0);
    const width = pointwise && channelsFirst ? s.h * s.w : s.w;
    if (pointwise && channelsFirst) [oh, ow] = [1, width];
    const perGroup = s.f / view.groups;
    // Elements that lie side by side in the output are summed up side by side, each in the order i, j, c: along a row
    // of it, or along its channels.
    const depthwise = !channelsFirst && perGroup === 1 && s.groupChannels === 1;
    const along = channelsFirst ? ow : depthwise ? s.f : perGroup;
    const sums = new Float64Array(along);
    const single = x.data instanceof Float32Array;
    const accumulate = single ? accumulateF32 : accumulateAny;
    const biasOf = (f: number): number => (bias === undefined ? 0 : (bias.data[f] as number));
    for (let n = 0; n < s.n; n++)
      for (let f = 0; f < s.f; f += channelsFirst ? 1 : along) {
        const firstChannel = depthwise ? 0 : Math.floor(f / perGroup) * s.groupChannels;
        for (let y = 0; y < oh; y++)
          for (let q = 0; q < (channelsFirst ? 1 : ow); q++) {
            if (channelsFirst) sums.fill(biasOf(f));
            else for (let k = 0; k < along; k++) sums[k] = biasOf(f + k);
            for (let i = 0; i < s.kh; i++) {
              const row = y * sh + i * dh - top;
              if (row < 0 || row >= s.h) continue;
              for (let j = 0; j < s.kw; j++) {
                const shift = j * dw - left;
                const column = q * sw + shift;
                if (!channelsFirst && (column < 0 || column >= s.w)) continue;
                // The part of a row whose window reads within the input.
                const begin = channelsFirst ? Math.max(0, Math.ceil(-shift / sw)) : 0;
                const end = channelsFirst ? Math.min(along, Math.floor((width - 1 - shift) / sw) + 1) : along;
                let at =
                  n * xn + firstChannel * xc + row * xh + (column + begin * (channelsFirst ? sw : 0)) * xw;
                let tap = f * wf + i * wi + j * wj;
                let c = 0;
                if (single && channelsFirst)
                  for (; c + 4 <= s.groupChannels; c += 4) {
                    fourChannels(
                      sums,
                      begin,
                      end,
                      x.data,
                      at,
                      sw * xw,
                      xc,
                      weight.data as Float32Array,
                      tap,
                      wc,
                    );
                    at += 4 * xc;
                    tap += 4 * wc;
                  }
                else if (single && !depthwise && wf === 1)
                  for (; c + 4 <= s.groupChannels; c += 4) {
                    fourFactors(sums, x.data, at, xc, weight.data as Float32Array, tap, wc);
                    at += 4 * xc;
                    tap += 4 * wc;
                  }
                for (; c < s.groupChannels; c++) {
                  accumulate(
                    sums,
                    begin,
                    end,
                    x.data as Float32Array,
                    at,
                    channelsFirst ? sw * xw : depthwise ? xc : 0,
                    weight.data as Float32Array,
                    tap,
                    channelsFirst ? 0 : wf,
                  );
                  at += xc;
                  tap += wc;
                }
              }
            }
            const to = n * on + f * of + y * oy + q * ox;
            for (let k = 0; k < along; k++) data[to + k] = sums[k]!;
          }
      }
    return [tensorValue(type.shape, x.element, data)];
  },
  work: (view) => {
    const s = sizesOf(
      asTensor(view.input.type, 'input').shape,
      asTensor(view.weight.type, 'weight').shape,
      view.layout,
    );
    const perElement = 2 * s.groupChannels * s.kh * s.kw + (view.bias === undefined ? 0 : 1);
    return workOf(view.op, perElement * elementsOf(view.output.type));
  },
});

/** `sums[k] += x[at + k·xStep] · w[tap + k·wStep]` for k from `begin` (where `at` is) to `end`. */
type Accumulate = (
  sums: Float64Array,
  begin: number,
  end: number,
  x: Float32Array,
  at: number,
  xStep: number,
  w: Float32Array,
  tap: number,
  wStep: number,
) => void;
// Two loops of one text: the first sees one class of array, which is what makes it fast.
const accumulateF32: Accumulate = (sums, begin, end, x, at, xStep, w, tap, wStep) => {
  if (wStep === 0) {
    const factor = w[tap]!;
    for (let k = begin; k < end; k++, at += xStep) sums[k] = sums[k]! + x[at]! * factor;
  } else if (xStep === 0) {
    const factor = x[at]!;
    for (let k = begin; k < end; k++, tap += wStep) sums[k] = sums[k]! + factor * w[tap]!;
  } else for (let k = begin; k < end; k++, at += xStep, tap += wStep) sums[k] = sums[k]! + x[at]! * w[tap]!;
};
const accumulateAny: Accumulate = (sums, begin, end, x, at, xStep, w, tap, wStep) => {
  for (let k = begin; k < end; k++, at += xStep, tap += wStep) sums[k] = sums[k]! + x[at]! * w[tap]!;
};

/** Four channels of `accumulateF32` in one walk over the sums, added in the same order. */
function fourChannels(
  sums: Float64Array,
  begin: number,
  end: number,
  x: Float32Array,
  at: number,
  xStep: number,
  xChannel: number,
  w: Float32Array,
  tap: number,
  wChannel: number,
): void {
  const [w0, w1] = [w[tap]!, w[tap + wChannel]!];
  const [w2, w3] = [w[tap + 2 * wChannel]!, w[tap + 3 * wChannel]!];
  let b = at + xChannel;
  let c = b + xChannel;
  let d = c + xChannel;
  for (let k = begin; k < end; k++) {
    sums[k] = sums[k]! + x[at]! * w0 + x[b]! * w1 + x[c]! * w2 + x[d]! * w3;
    at += xStep;
    b += xStep;
    c += xStep;
    d += xStep;
  }
}
/** The same where the sums lie along the channels of the output: a factor of the input for each channel. */
function fourFactors(
  sums: Float64Array,
  x: Float32Array,
  at: number,
  xChannel: number,
  w: Float32Array,
  tap: number,
  wChannel: number,
): void {
  const [x0, x1] = [x[at]!, x[at + xChannel]!];
  const [x2, x3] = [x[at + 2 * xChannel]!, x[at + 3 * xChannel]!];
  const count = sums.length;
  const b = tap + wChannel;
  const c = b + wChannel;
  const d = c + wChannel;
  for (let k = 0; k < count; k++)
    sums[k] = sums[k]! + x0 * w[tap + k]! + x1 * w[b + k]! + x2 * w[c + k]! + x3 * w[d + k]!;
}

export const convolutionOps = [conv2d];
