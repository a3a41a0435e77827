/** Rows of `npm run bench:cpu` for attention, and for ops that are bound by memory or by functions rather than by products. */
import type { AttributeValue } from '../../../src/frontend/zoo/onnxGraphBuilder';
import { OnnxGraphBuilder, int, ints, string } from '../../../src/frontend/zoo/onnxGraphBuilder';
import { attend, gelu, layerNorm } from '../../../src/frontend/zoo/transformerLayers';
import type { Work } from './work';

/** A model of one input `x` whose result `build` names; `outputShape` is that of the result. */
function unary(
  name: string,
  shape: readonly number[],
  outputShape: readonly number[],
  build: (g: OnnxGraphBuilder, x: string) => string,
): Work {
  return {
    name,
    model: () => {
      const g = new OnnxGraphBuilder({ name: name.replace(/\W+/g, '_'), seed: 0 });
      g.output(build(g, g.input('x', 'f32', shape)), 'f32', outputShape);
      return g.build();
    },
    goal: { kind: 'ratio', atMost: 1 },
  };
}

interface AttentionShape {
  readonly heads: number;
  readonly size: number;
  /** Tokens that ask, and tokens that are looked at. */
  readonly queries: number;
  readonly keys: number;
}
/** softmax(q · kᵀ) · v with the heads joined, in the operators that exporters write; nothing is constant. */
function attention(name: string, { heads, size, queries, keys }: AttentionShape): Work {
  return {
    name,
    model: () => {
      const g = new OnnxGraphBuilder({ name: `attention_${queries}_${keys}`, seed: 0 });
      const input = (which: string, tokens: number): string =>
        g.input(which, 'f32', [1, heads, tokens, size]);
      const values = { q: input('q', queries), k: input('k', keys), v: input('v', keys), mask: undefined };
      g.output(attend(g, values, 'attention', heads * size), 'f32', [1, queries, heads * size]);
      return g.build();
    },
    goal: { kind: 'ratio', atMost: 1 },
  };
}

const image = [1, 64, 112, 112] as const;
const halved = [1, 64, 56, 56] as const;
function pool(name: string, opType: string): Work {
  const attributes = { kernel_shape: ints(3, 3), strides: ints(2, 2), pads: ints(1, 1, 1, 1) };
  return unary(name, image, halved, (g, x) => g.node('', opType, [x], { attributes }));
}
function resize(mode: string, transformation: string): Work {
  const attributes: Record<string, AttributeValue> = {
    mode: string(mode),
    coordinate_transformation_mode: string(transformation),
    ...(mode === 'nearest' ? { nearest_mode: string('floor') } : {}),
  };
  return unary(`resize ${mode} 2× 64×56²`, halved, image, (g, x) =>
    g.node('', 'Resize', [x, '', '', g.integers(image)], { attributes }),
  );
}
function transpose(name: string, shape: readonly number[], ...perm: readonly number[]): Work {
  const moved = perm.map((d) => shape[d]!);
  return unary(`transpose ${name}`, shape, moved, (g, x) =>
    g.node('', 'Transpose', [x], { attributes: { perm: ints(...perm) } }),
  );
}

export const operatorWork: readonly Work[] = [
  attention('attention prefill 512', { heads: 12, size: 64, queries: 512, keys: 512 }),
  attention('attention step, 512 before', { heads: 12, size: 64, queries: 1, keys: 512 }),
  unary('softmax 1024×1024', [1024, 1024], [1024, 1024], (g, x) =>
    g.node('', 'Softmax', [x], { attributes: { axis: int(-1) } }),
  ),
  unary('layer norm 512×768', [512, 768], [512, 768], (g, x) => layerNorm(g, x, 'norm', 768)),
  unary('GELU 512×3072', [512, 3072], [512, 3072], (g, x) => gelu(g, x, 'gelu')),
  pool('average pool 3×3 64×112²', 'AveragePool'),
  pool('max pool 3×3 64×112²', 'MaxPool'),
  unary('global average pool 1280×7²', [1, 1280, 7, 7], [1, 1280, 1, 1], (g, x) =>
    g.node('', 'GlobalAveragePool', [x]),
  ),
  resize('linear', 'half_pixel'),
  resize('nearest', 'asymmetric'),
  transpose('1024²', [1024, 1024], 1, 0),
  transpose('to channels last 64×112²', image, 0, 2, 3, 1),
  transpose('of heads 512×12×64', [1, 512, 12, 64], 0, 2, 1, 3),
];
