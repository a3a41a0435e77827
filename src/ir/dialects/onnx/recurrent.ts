/** ONNX `RNN`, `GRU` and `LSTM`: unrolled over the time steps, which must be known. */
import { floats, int, number32, strings, text } from '../../constraints';
import { InferenceError, defaultAttr, one, optional, optionalAttr } from '../../opDefinition';
import type { Value } from '../../operation';
import { DYNAMIC, i64, tensor } from '../../types';
import * as nn from '../nn';
import { constantTensor, shapeOf, typeOf } from './build';
import { calculator } from './calculator';
import type { Expansion } from './defineOnnxOp';
import { NotSupported, defineOnnxOp, modelTensor } from './defineOnnxOp';

type Activation = (x: Value) => Value;

function activationNamed(
  e: Expansion,
  name: string,
  alpha: number | undefined,
  beta: number | undefined,
): Activation {
  const c = calculator(e);
  switch (name.toLowerCase()) {
    case 'relu':
      return (x) => c.max(x, 0);
    case 'tanh':
      return (x) => c.tanh(x);
    case 'sigmoid':
      return (x) => c.sigmoid(x);
    case 'affine':
      return (x) => c.add(c.mul(x, alpha ?? 1), beta ?? 0);
    case 'leakyrelu':
      return (x) => c.select(c.compare(x, 'lt', 0), c.mul(x, alpha ?? 0.01), x);
    case 'thresholdedrelu':
      return (x) => c.select(c.compare(x, 'gt', alpha ?? 1), x, 0);
    case 'scaledtanh':
      return (x) => c.mul(c.tanh(c.mul(x, beta ?? 1)), alpha ?? 1);
    case 'hardsigmoid':
      return (x) => e.b.value(nn.clip, { input: c.add(c.mul(x, alpha ?? 0.2), beta ?? 0.5), min: 0, max: 1 });
    case 'elu':
      return (x) => c.add(c.max(x, 0), c.mul(c.sub(c.exp(c.min(x, 0)), 1), alpha ?? 1));
    case 'softsign':
      return (x) => c.div(x, c.add(c.abs(x), 1));
    case 'softplus':
      return (x) => c.add(c.max(x, 0), c.log(c.add(c.exp(c.neg(c.abs(x))), 1)));
    default:
      throw new NotSupported(`the activation ${name}`);
  }
}

const sharedOperands = {
  X: one(modelTensor, 'sequence × batch × input'),
  W: one(modelTensor),
  R: one(modelTensor),
  B: optional(modelTensor),
  sequence_lens: optional(modelTensor),
  initial_h: optional(modelTensor),
};
const sharedAttrs = {
  activation_alpha: optionalAttr(floats),
  activation_beta: optionalAttr(floats),
  activations: optionalAttr(strings),
  clip: optionalAttr(number32),
  direction: defaultAttr(text, 'forward'),
  hidden_size: optionalAttr(int),
  layout: defaultAttr(int, 0, 'since 14; 1: batch first'),
};

interface RecurrentView {
  readonly X: Value;
  readonly W: Value;
  readonly R: Value;
  readonly B: Value | undefined;
  readonly sequence_lens: Value | undefined;
  readonly initial_h: Value | undefined;
  readonly activation_alpha: readonly number[] | undefined;
  readonly activation_beta: readonly number[] | undefined;
  readonly activations: readonly string[] | undefined;
  readonly clip: number | undefined;
  readonly direction: string;
  readonly layout: number;
}
/** Parameters of one direction: gate matrices transposed for use on the right. */
interface Cell {
  readonly w: (gate: number) => Value;
  readonly r: (gate: number) => Value;
  /** Biases of input and of state; zero when absent. */
  readonly wb: (gate: number) => Value | undefined;
  readonly rb: (gate: number) => Value | undefined;
  readonly f: readonly Activation[];
  readonly hidden: number;
  readonly direction: number;
}
/** The next states from the input of a step and the states before; the first is the output. */
type Step = (cell: Cell, x: Value, states: readonly Value[]) => readonly Value[];

/** Runs `step` over time in each direction; all outputs, then the last value of each state. */
function unroll(
  e: Expansion,
  v: RecurrentView,
  gates: number,
  defaults: readonly string[],
  initial: readonly (Value | undefined)[],
  step: Step,
): readonly Value[] {
  const c = calculator(e);
  const batchFirst = v.layout !== 0;
  const x = batchFirst ? c.transpose(v.X, [1, 0, 2]) : v.X;
  const [length, batch, width] = shapeOf(x) as readonly [number, number, number];
  const [directions, , hidden] = shapeOf(v.R) as readonly [number, number, number];
  if ([length, batch, width, directions, hidden].includes(DYNAMIC))
    throw new NotSupported('a recurrence over a dynamic size');
  if (!['forward', 'reverse', 'bidirectional'].includes(v.direction))
    throw new InferenceError(`direction is "${v.direction}"`);
  const { element } = typeOf(v.X);
  const zeros = (): Value => constantTensor(e, [0], tensor([batch, hidden], element));
  const lengths =
    v.sequence_lens === undefined ? undefined : c.reshape(c.cast(v.sequence_lens, i64), [batch, 1]);
  const names = v.activations ?? Array.from({ length: directions }, () => defaults).flat();
  const outputs: Value[][] = [];
  const lasts: (readonly Value[])[] = [];
  for (let d = 0; d < directions; d++) {
    const gate = (p: Value, columns: number) => (g: number) =>
      c.transpose(
        c.reshape(c.part(c.part(p, 0, d, d + 1), 1, g * hidden, (g + 1) * hidden), [hidden, columns]),
        [1, 0],
      );
    const bias = (offset: number) => (g: number) =>
      v.B === undefined
        ? undefined
        : c.reshape(c.part(c.part(v.B, 0, d, d + 1), 1, (offset + g) * hidden, (offset + g + 1) * hidden), [
            hidden,
          ]);
    const cell: Cell = {
      w: gate(v.W, width),
      r: gate(v.R, hidden),
      wb: bias(0),
      rb: bias(gates),
      f: defaults.map((_, i) => {
        const at = d * defaults.length + i;
        return activationNamed(
          e,
          names[at] ?? defaults[i]!,
          v.activation_alpha?.[at],
          v.activation_beta?.[at],
        );
      }),
      hidden,
      direction: d,
    };
    let states = initial.map((s) => {
      if (s === undefined) return zeros();
      const own = batchFirst ? c.transpose(s, [1, 0, 2]) : s;
      return c.reshape(c.part(own, 0, d, d + 1), [batch, hidden]);
    });
    const backward = v.direction === 'reverse' || d === 1;
    const steps: Value[] = new Array<Value>(length);
    for (let i = 0; i < length; i++) {
      const t = backward ? length - 1 - i : i;
      const next = step(cell, c.reshape(c.part(x, 0, t, t + 1), [batch, width]), states);
      if (lengths === undefined) {
        states = [...next];
        steps[t] = next[0]!;
        continue;
      }
      // Behind the end of a sequence its states stay, and its output is zero.
      const live = c.compare(lengths, 'gt', t);
      steps[t] = c.select(live, next[0]!, 0);
      states = next.map((s, k) => c.select(live, s, states[k]!));
    }
    outputs.push(steps);
    lasts.push(states);
  }
  const stacked = (values: readonly Value[], axis: number): Value =>
    c.concat(
      values.map((p) => {
        const shape = [...shapeOf(p)];
        shape.splice(axis, 0, 1);
        return c.reshape(p, shape);
      }),
      axis,
    );
  const y = stacked(
    outputs.map((steps) => stacked(steps, 0)),
    1,
  );
  const finals = initial.map((_, k) =>
    stacked(
      lasts.map((s) => s[k]!),
      0,
    ),
  );
  return batchFirst
    ? [c.transpose(y, [2, 0, 1, 3]), ...finals.map((f) => c.transpose(f, [1, 0, 2]))]
    : [y, ...finals];
}

/** `x · W + h · R + biases` of one gate, limited on request. */
function gateOf(
  e: Expansion,
  v: RecurrentView,
  cell: Cell,
  x: Value,
  h: Value,
  g: number,
  more?: Value,
): Value {
  const c = calculator(e);
  let sum = c.add(c.matmul(x, cell.w(g)), c.matmul(h, cell.r(g)));
  for (const b of [cell.wb(g), cell.rb(g), more]) if (b !== undefined) sum = c.add(sum, b);
  return limited(e, v, sum);
}
const limited = (e: Expansion, v: RecurrentView, x: Value): Value =>
  v.clip === undefined ? x : e.b.value(nn.clip, { input: x, min: -v.clip, max: v.clip });

const rnn = defineOnnxOp({
  name: 'RNN',
  versions: [7, 14, 22],
  summary: 'a plain recurrent layer',
  doc: 'Results: all outputs, and the last.',
  operands: sharedOperands,
  attrs: sharedAttrs,
  expand: (v, e) =>
    unroll(e, v, 1, ['Tanh'], [v.initial_h], (cell, x, [h]) => [cell.f[0]!(gateOf(e, v, cell, x, h!, 0))]),
});

const gru = defineOnnxOp({
  name: 'GRU',
  versions: [7, 14, 22],
  summary: 'a gated recurrent layer',
  doc: 'Gates in the order update, reset, hidden. Results: all outputs, and the last.',
  operands: sharedOperands,
  attrs: { ...sharedAttrs, linear_before_reset: defaultAttr(int, 0) },
  expand: (v, e) => {
    const c = calculator(e);
    return unroll(e, v, 3, ['Sigmoid', 'Tanh'], [v.initial_h], (cell, x, [state]) => {
      const h = state!;
      const update = cell.f[0]!(gateOf(e, v, cell, x, h, 0));
      const reset = cell.f[0]!(gateOf(e, v, cell, x, h, 1));
      const plus = (p: Value, b: Value | undefined): Value => (b === undefined ? p : c.add(p, b));
      const input = plus(c.matmul(x, cell.w(2)), cell.wb(2));
      const memory =
        v.linear_before_reset !== 0
          ? c.mul(reset, plus(c.matmul(h, cell.r(2)), cell.rb(2)))
          : plus(c.matmul(c.mul(reset, h), cell.r(2)), cell.rb(2));
      const proposal = cell.f[1]!(limited(e, v, c.add(input, memory)));
      return [c.add(c.mul(c.sub(1, update), proposal), c.mul(update, h))];
    });
  },
});

const lstm = defineOnnxOp({
  name: 'LSTM',
  versions: [7, 14, 22],
  summary: 'a long short-term memory layer',
  doc: 'Gates in the order input, output, forget, cell. Results: all outputs, the last, and the last cell state.',
  operands: {
    ...sharedOperands,
    initial_c: optional(modelTensor),
    P: optional(modelTensor, 'peepholes: input, output, forget'),
  },
  attrs: { ...sharedAttrs, input_forget: defaultAttr(int, 0) },
  expand: (v, e) => {
    const c = calculator(e);
    return unroll(
      e,
      v,
      4,
      ['Sigmoid', 'Tanh', 'Tanh'],
      [v.initial_h, v.initial_c],
      (cell, x, [state, memory]) => {
        const [h, before] = [state!, memory!];
        const peep = (g: number, at: Value): Value | undefined =>
          v.P === undefined
            ? undefined
            : c.mul(
                at,
                c.reshape(
                  c.part(
                    c.part(v.P, 0, cell.direction, cell.direction + 1),
                    1,
                    g * cell.hidden,
                    (g + 1) * cell.hidden,
                  ),
                  [cell.hidden],
                ),
              );
        const input = cell.f[0]!(gateOf(e, v, cell, x, h, 0, peep(0, before)));
        const forget =
          v.input_forget !== 0 ? c.sub(1, input) : cell.f[0]!(gateOf(e, v, cell, x, h, 2, peep(2, before)));
        const proposal = cell.f[1]!(gateOf(e, v, cell, x, h, 3));
        const next = c.add(c.mul(forget, before), c.mul(input, proposal));
        const output = cell.f[0]!(gateOf(e, v, cell, x, h, 1, peep(1, next)));
        return [c.mul(output, cell.f[2]!(next)), next];
      },
    );
  },
});

export const recurrentOps = [rnn, gru, lstm];
