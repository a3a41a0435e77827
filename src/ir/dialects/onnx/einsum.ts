/** ONNX `Einsum`: a product of aligned operands, summed. */
import { text } from '../../constraints';
import { InferenceError, attr, variadic } from '../../opDefinition';
import type { Value } from '../../operation';
import { DYNAMIC } from '../../types';
import * as nn from '../nn';
import { rowMajorStrides } from '../nn/shapes';
import { i64Tensor, shapeOf } from './build';
import { calculator } from './calculator';
import type { Expansion } from './defineOnnxOp';
import { NotSupported, defineOnnxOp, modelTensor } from './defineOnnxOp';
import { boxPositions } from './windows';

/** Labels of one term; an ellipsis becomes a label per axis that it stands for, counted from the last. */
function labelsOf(term: string, rank: number): readonly string[] {
  const [before, after, more] = term.split('...');
  if (more !== undefined) throw new InferenceError(`"${term}" has two ellipses`);
  const left = [...(before ?? '')];
  if (after === undefined) {
    if (left.length !== rank) throw new InferenceError(`"${term}" does not fit an operand of rank ${rank}`);
    return left;
  }
  const right = [...after];
  const between = rank - left.length - right.length;
  if (between < 0) throw new InferenceError(`"${term}" does not fit an operand of rank ${rank}`);
  return [...left, ...Array.from({ length: between }, (_, i) => `.${between - i}`), ...right];
}

/** Repeated labels of an operand take the diagonal. */
function diagonal(e: Expansion, x: Value, labels: readonly string[]): readonly [Value, readonly string[]] {
  const kept = [...new Set(labels)];
  if (kept.length === labels.length) return [x, labels];
  const c = calculator(e);
  const shape = shapeOf(x);
  if (shape.includes(DYNAMIC)) throw new NotSupported('a diagonal of a dynamic size');
  const strides = rowMajorStrides(shape);
  const sizes = kept.map((l) => shape[labels.indexOf(l)]!);
  const steps = kept.map((l) => strides.reduce((p, s, i) => (labels[i] === l ? p + s : p), 0));
  const indices = boxPositions(sizes).map((at) => at.reduce((p, i, d) => p + i * steps[d]!, 0));
  const taken = e.b.value(nn.gather, {
    input: c.reshape(x, [DYNAMIC]),
    indices: i64Tensor(e, indices),
    axis: 0,
  });
  return [c.reshape(taken, sizes), kept];
}

const einsum = defineOnnxOp({
  name: 'Einsum',
  versions: [12],
  summary: 'sums of products by labelled axes, as numpy.einsum',
  operands: { inputs: variadic(modelTensor) },
  attrs: { equation: attr(text) },
  expand: ({ inputs, equation }, e) => {
    const c = calculator(e);
    const [left = '', right] = equation.replace(/\s/g, '').split('->');
    const terms = left.split(',');
    if (terms.length !== inputs.length)
      throw new InferenceError(`"${equation}" has ${terms.length} terms for ${inputs.length} operands`);
    const labelled = inputs.map((x, i) => diagonal(e, x, labelsOf(terms[i]!, shapeOf(x).length)));
    const all = inputs.flatMap((x, i) => labelsOf(terms[i]!, shapeOf(x).length));
    const open = [...new Set(all.filter((l) => l.startsWith('.')))].sort(
      (p, q) => Number(q.slice(1)) - Number(p.slice(1)),
    );
    const result =
      right === undefined
        ? [...open, ...all.filter((l) => !l.startsWith('.') && all.indexOf(l) === all.lastIndexOf(l)).sort()]
        : right.split('...').flatMap((part, i) => [...(i > 0 ? open : []), ...part]);
    const summed = [...new Set(all)].filter((l) => !result.includes(l));
    const order = [...result, ...summed];
    const aligned = labelled.map(([x, labels]) => {
      const own = order.filter((l) => labels.includes(l));
      const sizes = shapeOf(x);
      const turned = c.transpose(
        x,
        own.map((l) => labels.indexOf(l)),
      );
      return c.reshape(
        turned,
        order.map((l) => (labels.includes(l) ? sizes[labels.indexOf(l)]! : 1)),
      );
    });
    const product = aligned.reduce((p, q) => c.mul(p, q));
    const axes = summed.map((_, i) => result.length + i);
    return [axes.length === 0 ? product : c.sum(product, axes, false)];
  },
});

export const einsumOps = [einsum];
