/** ONNX operators on signals: Fourier transforms as matrix products, windows, and causal convolution. */
import { int, text } from '../../constraints';
import { InferenceError, defaultAttr, one, optional } from '../../opDefinition';
import type { Value } from '../../operation';
import type { Type } from '../../types';
import { DYNAMIC, f32, tensor } from '../../types';
import * as nn from '../nn';
import { normaliseAxis } from '../nn/shapes';
import { numbersIn } from '../nn/tensors';
import { constantInts, constantTensor, i64Tensor, shapeOf, typeOf } from './build';
import { calculator } from './calculator';
import type { Expansion } from './defineOnnxOp';
import { NotSupported, defineOnnxOp, modelTensor } from './defineOnnxOp';
import { elementTypeOfOnnx } from './elementTypes';

/** The transform of the last axis; `x` and its imaginary part are real, and so are the two results. */
function transformLast(
  e: Expansion,
  x: Value,
  imaginary: Value | undefined,
  n: number,
  bins: number,
  inverse: boolean,
): readonly [Value, Value] {
  const c = calculator(e);
  const { element } = typeOf(x);
  const matrix = (f: (angle: number) => number): Value =>
    constantTensor(
      e,
      Array.from({ length: n * bins }, (_, i) => {
        const turns = (Math.floor(i / bins) * (i % bins)) % n;
        return f((2 * Math.PI * turns) / n) / (inverse ? n : 1);
      }),
      tensor([n, bins], element),
    );
  const cos = matrix(Math.cos);
  const sin = matrix((a) => (inverse ? Math.sin(a) : -Math.sin(a)));
  const [re, im] = [c.matmul(x, cos), c.matmul(x, sin)];
  if (imaginary === undefined) return [re, im];
  return [c.sub(re, c.matmul(imaginary, sin)), c.add(im, c.matmul(imaginary, cos))];
}

/** The last axis cut or filled with zeros to `n`. */
function fitted(e: Expansion, x: Value, n: number): Value {
  const shape = shapeOf(x);
  const last = shape.length - 1;
  if (shape[last]! >= n) return calculator(e).part(x, last, 0, n);
  return e.b.value(nn.pad, {
    input: x,
    low: shape.map(() => 0),
    high: shape.map((d, i) => (i === last ? n - d : 0)),
    value: 0,
    mode: 'constant',
  });
}

const dft = defineOnnxOp({
  name: 'DFT',
  versions: [17, 20],
  summary: 'the discrete Fourier transform of an axis',
  doc: 'The last axis holds the real part, or the real and the imaginary part.',
  operands: {
    input: one(modelTensor),
    dft_length: optional(modelTensor),
    axis_input: optional(modelTensor, 'since 20'),
  },
  attrs: {
    axis: defaultAttr(int, 1, 'before 20'),
    inverse: defaultAttr(int, 0),
    onesided: defaultAttr(int, 0),
  },
  expand: (v, e) => {
    const c = calculator(e);
    const shape = shapeOf(v.input);
    if (shape.includes(DYNAMIC)) throw new NotSupported('a dynamic size');
    const rank = shape.length;
    const given =
      v.axis_input !== undefined
        ? constantInts(e, v.axis_input, 'an axis')[0]!
        : v.version < 20
          ? v.axis
          : -2;
    const axis = normaliseAxis(given, rank);
    const onesided = v.onesided !== 0;
    const inverse = v.inverse !== 0;
    const n =
      v.dft_length !== undefined
        ? constantInts(e, v.dft_length, 'a length')[0]!
        : inverse && onesided
          ? 2 * (shape[axis]! - 1)
          : shape[axis]!;
    // The transformed axis last; the parts are taken out of their axis.
    const order = shape.map((_, i) => i).filter((i) => i !== axis && i !== rank - 1);
    order.push(axis);
    const partOf = (which: number): Value => {
      const one1 = c.part(v.input, rank - 1, which, which + 1);
      const flat = c.reshape(one1, shape.slice(0, -1));
      return c.transpose(flat, order);
    };
    const complex = shape[rank - 1] === 2;
    let re = partOf(0);
    let im = complex ? partOf(1) : undefined;
    const back = shape.slice(0, -1).map((_, i) => order.indexOf(i));
    const joined = (parts: readonly Value[]): Value =>
      c.concat(
        parts.map((p) => {
          const t = c.transpose(p, back);
          return c.reshape(t, [...shapeOf(t), 1]);
        }),
        rank - 1,
      );
    if (inverse && onesided) {
      // The other half is the conjugate of the first, turned round.
      const bins = Math.floor(n / 2) + 1;
      const last = rank - 2;
      const mirrored = (x: Value, sign: number): Value => {
        const half = fitted(e, x, bins);
        const tail = c.part(half, last, 1, n - bins + 1);
        const turned = e.b.value(nn.reverse, { input: tail, axes: [last] });
        return c.concat([half, sign < 0 ? c.neg(turned) : turned], last);
      };
      re = mirrored(re, 1);
      im = im === undefined ? undefined : mirrored(im, -1);
      return [joined([transformLast(e, re, im, n, n, true)[0]])];
    }
    re = fitted(e, re, n);
    im = im === undefined ? undefined : fitted(e, im, n);
    const bins = onesided ? Math.floor(n / 2) + 1 : n;
    return [joined(transformLast(e, re, im, n, bins, inverse))];
  },
});

const stft = defineOnnxOp({
  name: 'STFT',
  versions: [17],
  summary: 'Fourier transforms of overlapping frames',
  operands: {
    signal: one(modelTensor),
    frame_step: one(modelTensor),
    window: optional(modelTensor),
    frame_length: optional(modelTensor),
  },
  attrs: { onesided: defaultAttr(int, 1) },
  expand: (v, e) => {
    const c = calculator(e);
    const shape = shapeOf(v.signal);
    const [batch, length] = shape as readonly [number, number];
    if (shape.includes(DYNAMIC)) throw new NotSupported('a dynamic size');
    const step = constantInts(e, v.frame_step, 'a step')[0]!;
    const n =
      v.frame_length !== undefined
        ? constantInts(e, v.frame_length, 'a length')[0]!
        : ((v.window === undefined ? undefined : shapeOf(v.window)[0]) ?? length);
    const frames = Math.floor((length - n) / step) + 1;
    const at = i64Tensor(
      e,
      Array.from({ length: frames * n }, (_, i) => Math.floor(i / n) * step + (i % n)),
    );
    const framesOf = (which: number): Value => {
      const plain =
        shape.length === 3 ? c.reshape(c.part(v.signal, 2, which, which + 1), [batch, length]) : v.signal;
      const taken = c.reshape(e.b.value(nn.gather, { input: plain, indices: at, axis: 1 }), [
        batch,
        frames,
        n,
      ]);
      return v.window === undefined ? taken : c.mul(taken, v.window);
    };
    const complex = shape[2] === 2;
    const bins = v.onesided !== 0 ? Math.floor(n / 2) + 1 : n;
    const parts = transformLast(e, framesOf(0), complex ? framesOf(1) : undefined, n, bins, false);
    return [
      c.concat(
        parts.map((p) => c.reshape(p, [batch, frames, bins, 1])),
        3,
      ),
    ];
  },
});

/** A sum of cosines over `size` points. */
const cosineWindow = (name: string, coefficients: readonly number[], summary: string) =>
  defineOnnxOp({
    name,
    versions: [17],
    summary,
    operands: { size: one(modelTensor) },
    attrs: { output_datatype: defaultAttr(int, 1), periodic: defaultAttr(int, 1) },
    expand: (v, e) => {
      const size = constantInts(e, v.size, 'a size')[0]!;
      const element = elementTypeOfOnnx(v.output_datatype);
      if (element === undefined) throw new NotSupported(`element type number ${v.output_datatype}`);
      const period = v.periodic !== 0 ? size : size - 1;
      const values = Array.from({ length: size }, (_, i) =>
        coefficients.reduce(
          (sum, a, k) => sum + (k % 2 === 0 ? a : -a) * Math.cos((2 * Math.PI * k * i) / period),
          0,
        ),
      );
      return [constantTensor(e, values, tensor([size], element))];
    },
  });

const melWeightMatrix = defineOnnxOp({
  name: 'MelWeightMatrix',
  versions: [17],
  summary: 'triangular weights from frequency bins to mel bins',
  operands: {
    num_mel_bins: one(modelTensor),
    dft_length: one(modelTensor),
    sample_rate: one(modelTensor),
    lower_edge_hertz: one(modelTensor),
    upper_edge_hertz: one(modelTensor),
  },
  attrs: { output_datatype: defaultAttr(int, 1) },
  expand: (v, e) => {
    const [mels, length, rate, low, high] = [
      v.num_mel_bins,
      v.dft_length,
      v.sample_rate,
      v.lower_edge_hertz,
      v.upper_edge_hertz,
    ].map((x) => {
      const t = e.constant(x);
      if (t === undefined) throw new NotSupported('parameters that are computed when the model runs');
      return numbersIn(t)[0]!;
    }) as [number, number, number, number, number];
    const element: Type = elementTypeOfOnnx(v.output_datatype) ?? f32;
    const bins = Math.floor(length / 2) + 1;
    const mel = (hertz: number): number => 2595 * Math.log10(1 + hertz / 700);
    const edges = Array.from({ length: mels + 2 }, (_, i) => {
      const m = mel(low) + (i * (mel(high) - mel(low))) / (mels + 2);
      return Math.floor(((length + 1) * 700 * (10 ** (m / 2595) - 1)) / rate);
    });
    const values = new Array<number>(bins * mels).fill(0);
    for (let i = 0; i < mels; i++) {
      const [left, centre, right] = edges.slice(i, i + 3) as [number, number, number];
      if (centre === left) values[centre * mels + i] = 1;
      else for (let j = left; j <= centre; j++) values[j * mels + i] = (j - left) / (centre - left);
      if (right > centre)
        for (let j = centre; j < right; j++) values[j * mels + i] = (right - j) / (right - centre);
    }
    return [constantTensor(e, values, tensor([bins, mels], element))];
  },
});

const causalConvWithState = defineOnnxOp({
  name: 'CausalConvWithState',
  versions: [27],
  summary: 'a depthwise convolution that looks back, with what came before as a state',
  doc: 'Results: the convolution, and the last inputs as the state of the next call.',
  operands: {
    input: one(modelTensor, 'batch × channels × length'),
    weight: one(modelTensor, 'channels × 1 × taps'),
    bias: optional(modelTensor),
    past_state: optional(modelTensor, 'batch × channels × (taps - 1)'),
  },
  attrs: { activation: defaultAttr(text, 'none', '`none`, `silu` or `swish`') },
  expand: (v, e) => {
    const c = calculator(e);
    const [batch, channels, length] = shapeOf(v.input) as readonly [number, number, number];
    const taps = shapeOf(v.weight)[2]!;
    if ([batch, channels, length, taps].includes(DYNAMIC)) throw new NotSupported('a dynamic size');
    if (!['none', 'silu', 'swish'].includes(v.activation))
      throw new InferenceError(`activation is "${v.activation}", expected none, silu or swish`);
    const whole =
      v.past_state !== undefined
        ? c.concat([v.past_state, v.input], 2)
        : e.b.value(nn.pad, {
            input: v.input,
            low: [0, 0, taps - 1],
            high: [0, 0, 0],
            value: 0,
            mode: 'constant',
          });
    const total = length + taps - 1;
    const summed = e.b.value(nn.conv2d, {
      input: c.reshape(whole, [batch, channels, 1, total]),
      weight: c.reshape(v.weight, [channels, 1, 1, taps]),
      bias: v.bias,
      strides: [1, 1],
      pads: [0, 0, 0, 0],
      dilations: [1, 1],
      groups: channels,
    });
    const y = c.reshape(summed, [batch, channels, length]);
    return [v.activation === 'none' ? y : c.mul(y, c.sigmoid(y)), c.part(whole, 2, length, total)];
  },
});

export const signalOps = [
  dft,
  stft,
  cosineWindow('HannWindow', [0.5, 0.5], 'a Hann window'),
  cosineWindow('HammingWindow', [25 / 46, 21 / 46], 'a Hamming window'),
  cosineWindow('BlackmanWindow', [0.42, 0.5, 0.08], 'a Blackman window'),
  melWeightMatrix,
  causalConvWithState,
];
