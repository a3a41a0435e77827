/** ONNX `Attention` and `RotaryEmbedding`. */
import { int, number32, text } from '../../constraints';
import { InferenceError, defaultAttr, one, optional, optionalAttr } from '../../opDefinition';
import type { Value } from '../../operation';
import { DYNAMIC, f32, i1, i64, tensor } from '../../types';
import * as nn from '../nn';
import { constantTensor, i64Tensor, scalarLike, shapeOf, typeOf } from './build';
import { calculator } from './calculator';
import type { Expansion } from './defineOnnxOp';
import { NotSupported, defineOnnxOp, modelTensor } from './defineOnnxOp';
import { elementTypeOfOnnx } from './elementTypes';

type Calculator = ReturnType<typeof calculator>;

/** Batch × sequence × hidden as batch × heads × sequence × head size; four axes stay. */
function byHead(c: Calculator, x: Value, heads: number | undefined, what: string): Value {
  const [n, length, hidden, more] = shapeOf(x);
  if (more !== undefined) return x;
  if (n === undefined || length === undefined || hidden === undefined)
    throw new InferenceError(`${what} must have rank 3 or 4`);
  if (heads === undefined || heads < 1 || hidden % heads !== 0)
    throw new InferenceError(`${hidden} columns of ${what} do not divide into ${heads} heads`);
  return c.transpose(c.reshape(x, [n, length, heads, hidden / heads]), [0, 2, 1, 3]);
}
/** Each head repeated in place, so that groups of queries find theirs. */
function repeatHeads(c: Calculator, x: Value, times: number): Value {
  if (times === 1) return x;
  const [n, heads, length, size] = shapeOf(x) as readonly [number, number, number, number];
  const spread = c.broadcast(c.reshape(x, [n, heads, 1, length, size]), [n, heads, times, length, size]);
  return c.reshape(spread, [n, heads * times, length, size]);
}

const attention = defineOnnxOp({
  name: 'Attention',
  versions: [23, 24, 25],
  summary: 'scaled dot-product attention, with masks, grouped heads and a cache',
  doc: 'A query row that may attend no key gives zeros.',
  operands: {
    Q: one(modelTensor),
    K: one(modelTensor),
    V: one(modelTensor),
    attn_mask: optional(modelTensor, 'booleans, or what is added to the scores'),
    past_key: optional(modelTensor),
    past_value: optional(modelTensor),
    nonpad_kv_seqlen: optional(modelTensor, 'since 24: valid keys of each batch'),
  },
  attrs: {
    is_causal: defaultAttr(int, 0),
    kv_num_heads: optionalAttr(int, 'for inputs of rank 3'),
    q_num_heads: optionalAttr(int, 'for inputs of rank 3'),
    left_window_size: defaultAttr(int, -1, 'since 25'),
    right_window_size: defaultAttr(int, -1, 'since 25'),
    qk_matmul_output_mode: defaultAttr(int, 0),
    scale: optionalAttr(number32),
    softcap: defaultAttr(number32, 0),
    softmax_precision: optionalAttr(int, 'number of the type that the softmax computes in'),
  },
  expand: (v, e) => {
    const c = calculator(e);
    const { element } = typeOf(v.Q);
    const q = byHead(c, v.Q, v.q_num_heads, 'Q');
    const joined = (past: Value | undefined, x: Value): Value =>
      past === undefined ? x : c.concat([past, x], 2);
    const key = joined(v.past_key, byHead(c, v.K, v.kv_num_heads, 'K'));
    const value = joined(v.past_value, byHead(c, v.V, v.kv_num_heads, 'V'));
    const [, heads, queries, headSize] = shapeOf(q) as readonly [number, number, number, number];
    const [, keyHeads, keys] = shapeOf(key) as readonly [number, number, number, number];
    if ([heads, queries, headSize, keyHeads, keys].includes(DYNAMIC))
      throw new NotSupported('a dynamic length');
    const groups = Math.max(1, heads / keyHeads);
    const half = Math.sqrt(v.scale ?? 1 / Math.sqrt(headSize));
    const product = c.matmul(
      c.mul(q, half),
      c.mul(c.transpose(repeatHeads(c, key, groups), [0, 1, 3, 2]), half),
    );
    const capped = v.softcap > 0 ? c.mul(c.tanh(c.div(product, v.softcap)), v.softcap) : product;
    const bias = attentionBias(e, v, element, queries, keys);
    const biased = bias === undefined ? capped : c.add(capped, bias);

    const precision = v.softmax_precision === undefined ? undefined : elementTypeOfOnnx(v.softmax_precision);
    const scores = c.cast(biased, precision ?? element);
    let weights = e.b.value(nn.softmax, { input: scores, axis: 3 });
    if (bias !== undefined) {
      const rank = shapeOf(bias).length;
      const blocked = c.compare(c.largest(bias, [rank - 1]), 'eq', -Infinity);
      weights = c.select(blocked, 0, weights);
    }
    weights = c.cast(weights, element);
    let output = c.matmul(weights, repeatHeads(c, value, groups));
    if (shapeOf(v.Q).length === 3) {
      const [n, h, length, size] = shapeOf(output) as readonly [number, number, number, number];
      output = c.reshape(c.transpose(output, [0, 2, 1, 3]), [n, length, h * size]);
    }
    return [output, key, value, [product, capped, biased, weights][v.qk_matmul_output_mode] ?? product];
  },
});

/** What is added to the scores: zero, or minus infinity where a query may not look. */
function attentionBias(
  e: Expansion,
  v: {
    readonly attn_mask: Value | undefined;
    readonly past_key: Value | undefined;
    readonly nonpad_kv_seqlen: Value | undefined;
    readonly is_causal: number;
    readonly left_window_size: number;
    readonly right_window_size: number;
  },
  element: ReturnType<typeof typeOf>['element'],
  queries: number,
  keys: number,
): Value | undefined {
  const c = calculator(e);
  let bias: Value | undefined;
  const add = (more: Value): void => {
    bias = bias === undefined ? more : c.add(bias, more);
  };
  const zero = constantTensor(e, [0], tensor([], element));
  const allow = (condition: Value): void => {
    add(c.select(condition, zero, scalarLike(e, zero, -Infinity)));
  };
  if (v.attn_mask !== undefined) {
    const shape = shapeOf(v.attn_mask);
    const short = keys - shape[shape.length - 1]!;
    const isBool = typeOf(v.attn_mask).element === i1;
    const mask =
      short <= 0
        ? v.attn_mask
        : e.b.value(nn.pad, {
            input: v.attn_mask,
            low: shape.map(() => 0),
            high: shape.map((_, i) => (i === shape.length - 1 ? short : 0)),
            value: isBool ? 0 : -Infinity,
            mode: 'constant',
          });
    if (isBool) allow(mask);
    else add(mask);
  }
  const column = (count: number): Value =>
    i64Tensor(
      e,
      Array.from({ length: count }, (_, i) => i),
    );
  const key = c.reshape(column(keys), [1, 1, 1, keys]);
  const valid =
    v.nonpad_kv_seqlen === undefined
      ? undefined
      : c.reshape(c.cast(v.nonpad_kv_seqlen, i64), [DYNAMIC, 1, 1, 1]);
  const first =
    v.past_key !== undefined
      ? i64Tensor(e, [shapeOf(v.past_key)[2]!])
      : valid === undefined
        ? i64Tensor(e, [0])
        : c.sub(valid, queries);
  const position = c.add(c.reshape(column(queries), [1, 1, queries, 1]), first);
  if (v.is_causal !== 0) allow(c.compare(key, 'le', position));
  if (v.left_window_size >= 0) allow(c.compare(key, 'ge', c.sub(position, v.left_window_size)));
  if (v.right_window_size >= 0) allow(c.compare(key, 'le', c.add(position, v.right_window_size)));
  if (valid !== undefined) allow(c.compare(key, 'lt', valid));
  return bias;
}

const rotaryEmbedding = defineOnnxOp({
  name: 'RotaryEmbedding',
  versions: [23],
  summary: 'pairs of columns turned by angles that depend on the position',
  operands: {
    X: one(modelTensor),
    cos_cache: one(modelTensor),
    sin_cache: one(modelTensor),
    position_ids: optional(modelTensor),
  },
  attrs: {
    interleaved: defaultAttr(int, 0),
    num_heads: defaultAttr(int, 0, 'for an input of rank 3'),
    rotary_embedding_dim: defaultAttr(int, 0, 'columns that turn; all when zero'),
  },
  expand: (v, e) => {
    const c = calculator(e);
    const input = shapeOf(v.X);
    const x =
      input.length === 3
        ? c.reshape(v.X, [input[0]!, input[1]!, v.num_heads, input[2]! / v.num_heads])
        : c.transpose(v.X, [0, 2, 1, 3]);
    const [n, length, heads, size] = shapeOf(x) as readonly [number, number, number, number];
    if ([n, length, heads, size].includes(DYNAMIC)) throw new NotSupported('a dynamic size');
    const turning = v.rotary_embedding_dim === 0 ? size : v.rotary_embedding_dim;
    const half = turning / 2;
    const angles = (cache: Value): Value => {
      const rows =
        v.position_ids === undefined
          ? cache
          : e.b.value(nn.gather, { input: cache, indices: v.position_ids, axis: 0 });
      const shape = shapeOf(rows);
      return c.reshape(rows, [shape.length === 3 ? shape[0]! : 1, length, 1, half]);
    };
    const [cos, sin] = [angles(v.cos_cache), angles(v.sin_cache)];
    const paired = c.part(x, 3, 0, turning);
    const halfOf = (which: 0 | 1): Value =>
      v.interleaved !== 0
        ? c.part(paired, 3, which, turning, 2)
        : c.part(paired, 3, which * half, (which + 1) * half);
    const [a, b] = [halfOf(0), halfOf(1)];
    const real = c.sub(c.mul(cos, a), c.mul(sin, b));
    const imaginary = c.add(c.mul(sin, a), c.mul(cos, b));
    const turned =
      v.interleaved !== 0
        ? c.reshape(
            c.concat(
              [real, imaginary].map((p) => c.reshape(p, [n, length, heads, half, 1])),
              4,
            ),
            [n, length, heads, turning],
          )
        : c.concat([real, imaginary], 3);
    const whole = turning === size ? turned : c.concat([turned, c.part(x, 3, turning, size)], 3);
    return [input.length === 3 ? c.reshape(whole, input) : c.transpose(whole, [0, 2, 1, 3])];
  },
});

const updateRules = ['linear', 'gated', 'delta', 'gated_delta'];
const linearAttention = defineOnnxOp({
  name: 'LinearAttention',
  versions: [27],
  summary: 'attention by a state that each key and value adds to, unrolled over the sequence',
  doc: 'Computed in f32. Results: the output, and the state after the last position.',
  operands: {
    query: one(modelTensor),
    key: one(modelTensor),
    value: one(modelTensor),
    past_state: optional(modelTensor, 'batch × heads × key size × value size'),
    decay: optional(modelTensor, 'logarithms; for the gated rules'),
    beta: optional(modelTensor, 'for the delta rules'),
  },
  attrs: {
    chunk_size: defaultAttr(int, 64, 'a hint'),
    kv_num_heads: defaultAttr(int, 1),
    q_num_heads: defaultAttr(int, 1),
    scale: defaultAttr(number32, 0, '0: one over the square root of the key size'),
    update_rule: defaultAttr(text, 'gated_delta'),
  },
  expand: (v, e) => {
    const c = calculator(e);
    if (!updateRules.includes(v.update_rule))
      throw new InferenceError(`update_rule is "${v.update_rule}", expected ${updateRules.join(', ')}`);
    const gated = v.update_rule.startsWith('gated');
    const corrects = v.update_rule.endsWith('delta');
    if (gated !== (v.decay !== undefined) || corrects !== (v.beta !== undefined))
      throw new InferenceError(`update_rule "${v.update_rule}" does not fit the inputs decay and beta`);
    const { element } = typeOf(v.query);
    const heads = (x: Value, count: number, what: string): Value => byHead(c, c.cast(x, f32), count, what);
    const q = heads(v.query, v.q_num_heads, 'query');
    const k = heads(v.key, v.kv_num_heads, 'key');
    const x = heads(v.value, v.kv_num_heads, 'value');
    const [batch, , length, keySize] = shapeOf(q) as readonly [number, number, number, number];
    const valueSize = shapeOf(x)[3]!;
    if ([batch, length, keySize, valueSize].includes(DYNAMIC)) throw new NotSupported('a dynamic length');
    const scale = v.scale === 0 ? 1 / Math.sqrt(keySize) : v.scale;
    const perHead = (p: Value): Value => heads(p, Math.min(v.kv_num_heads, shapeOf(p)[2]!), 'a gate');
    const decay = v.decay === undefined ? undefined : c.exp(perHead(v.decay));
    const beta = v.beta === undefined ? undefined : perHead(v.beta);
    const stateShape = [batch, v.kv_num_heads, keySize, valueSize];
    let state =
      v.past_state === undefined
        ? constantTensor(e, [0], tensor(stateShape, f32))
        : c.cast(v.past_state, f32);
    const outputs = Array.from({ length }, (_, t) => {
      const row = (p: Value): Value => c.part(p, 2, t, t + 1);
      const column = (p: Value): Value => c.transpose(row(p), [0, 1, 3, 2]);
      if (decay !== undefined) state = c.mul(state, column(decay));
      let added = row(x);
      if (beta !== undefined) added = c.mul(c.sub(added, c.matmul(row(k), state)), row(beta));
      state = c.add(state, c.mul(column(k), added));
      return c.mul(c.matmul(row(q), repeatHeads(c, state, v.q_num_heads / v.kv_num_heads)), scale);
    });
    const joined = c.transpose(c.concat(outputs, 2), [0, 2, 1, 3]);
    return [
      c.cast(c.reshape(joined, [batch, length, v.q_num_heads * valueSize]), element),
      c.cast(state, v.past_state === undefined ? element : typeOf(v.past_state).element),
    ];
  },
});

export const attentionOps = [attention, rotaryEmbedding, linearAttention];
