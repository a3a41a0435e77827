/** `FlexAttention` as its function body in ONNX operators, with the two subgraphs that a model may give. */
import { elementTypeInfo } from '../../frontend/elementType';
import { graphOf } from './controlNodes';
import { intAttribute, intOf, int64s, intsAttribute } from './hostTensors';
import type { Ref } from './ref';
import type { HostFunction } from './stagedRun';

export const flexAttention: HostFunction = async ({ node, inputs, run, scope }) => {
  const [q, k, v] = inputs as readonly [Ref, Ref, Ref];
  const [query, key, value] = [await run.tensor(q), await run.tensor(k), await run.tensor(v)];
  const emit = (
    opType: string,
    args: readonly Ref[],
    attributes = [] as Parameters<typeof run.emit>[3],
  ): Ref => run.emit(node, opType, args, attributes);
  const sizes = (list: readonly number[]): Ref => run.hold(int64s(list));
  const cast = (x: Ref, to: number): Ref => emit('Cast', [x], [intAttribute('to', to)]);
  const elements = elementTypeInfo(query.elementType).onnx;

  /** Heads of keys and values are repeated where there are fewer than of queries. */
  const repeated = (x: Ref, shape: readonly number[]): Ref => {
    const [batch, heads, length, width] = shape as readonly [number, number, number, number];
    const times = query.shape[1]! / heads;
    if (times === 1) return x;
    const spread = emit('Expand', [
      emit('Reshape', [x, sizes([batch, heads, 1, length, width])]),
      sizes([batch, heads, times, length, width]),
    ]);
    return emit('Reshape', [spread, sizes([batch, heads * times, length, width])]);
  };
  const given = node.attribute.find((a) => a.name === 'scale')?.f;
  const scale = Math.fround(Math.sqrt(Math.fround(given ?? 1 / Math.sqrt(query.shape[3]!))));
  const root = run.hold({
    elementType: 'f32',
    shape: [],
    bytes: new Uint8Array(Float32Array.of(scale).buffer),
  });
  const factor = cast(root, elements);
  const scaled = (x: Ref): Ref => emit('Mul', [x, factor]);
  const keys = emit('Transpose', [scaled(repeated(k, key.shape))], [intsAttribute('perm', [0, 1, 3, 2])]);

  // The softmax is done in a type of at least 32 bits, unless the model says in which.
  const wide = elementTypeInfo(query.elementType).bits < 32 ? elementTypeInfo('f32').onnx : elements;
  const precision = intOf(node, 'softmax_precision', wide);
  const through = async (name: string, x: Ref): Promise<Ref> =>
    node.attribute.some((a) => a.name === name)
      ? cast((await run.subgraph(graphOf(node, name), [x], scope))[0]!, precision)
      : x;
  const scores = await through('score_mod', cast(emit('MatMul', [scaled(q), keys]), precision));
  const weights = await through('prob_mod', emit('Softmax', [scores], [intAttribute('axis', -1)]));
  const result = emit('MatMul', [weights, cast(repeated(v, value.shape), precision)]);
  return [cast(result, elementTypeInfo(value.elementType).onnx)];
};
