/**
 * Llama (Touvron et al., 2023) with a cache of keys and values, as exporters write it: tokens and the keys and values
 * before them in; logits, and keys and values including the new ones out. Sizes are those of llama2.c's stories models
 * and of TinyLlama.
 */
import { OnnxGraphBuilder, int } from './onnxGraphBuilder';
import type { ReferenceModel } from './referenceModel';
import { attend, embedding, linear, positions, rmsNorm, splitHeads } from './transformerLayers';
import type { Positions } from './transformerLayers';

interface Sizes {
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  /** Heads that keys and values have; several heads of queries share one. */
  readonly keyHeads: number;
  readonly hidden: number;
  /** The matrix from the last features to logits is the embedding's. */
  readonly tied: boolean;
}
const vocabulary = 32_000;

/** The architecture with any sizes; `parameters` is their number as published. */
export function llama(name: string, summary: string, sizes: Sizes, parameters: number): ReferenceModel {
  return {
    name,
    summary,
    parameters,
    variable: [],
    workloads: [
      { name: 'prefill', dims: { sequence: 128, past: 0 } },
      { name: 'decode', dims: { sequence: 1, past: 128 } },
    ],
    tolerance: 1e-4,
    graph: ({ batch = 1, seed = 0 } = {}) => {
      const { width, layers, heads, keyHeads, tied } = sizes;
      const size = width / heads;
      const g = new OnnxGraphBuilder({ name: name.replace(/\W/g, '_'), seed });
      const tokens = g.input('input_ids', 'i64', [batch, 'sequence']);
      const cached = (part: string, i: number): string =>
        g.input(`past_key_values.${i}.${part}`, 'f32', [batch, keyHeads, 'past', size]);
      const caches = Array.from({ length: layers }, (_, i) => ({
        k: cached('key', i),
        v: cached('value', i),
      }));
      const table = embedding(g, 'model.embed_tokens.weight', vocabulary, width);
      const where = positions(g, tokens, caches[0]!.k);
      const turns = rotations(g, where, size);
      g.output('logits', 'f32', [batch, 'sequence', vocabulary]);
      let x = g.node('/model/embed_tokens', 'Gather', [table, tokens], { attributes: { axis: int(0) } });
      caches.forEach((cache, i) => {
        x = layer(g, x, i, sizes, cache, where, turns);
        for (const part of ['key', 'value'])
          g.output(`present.${i}.${part}`, 'f32', [batch, keyHeads, 'past + sequence', size]);
      });
      x = rmsNorm(g, x, 'model/norm', width);
      const head = tied
        ? g.node('/lm_head', 'Transpose', [table])
        : g.weight('lm_head.weight', [width, vocabulary], (w, random) => {
            const bound = Math.sqrt(3 / width);
            for (let i = 0; i < w.length; i++) w[i] = random.between(-bound, bound);
          });
      g.node('/lm_head', 'MatMul', [x, head], { output: 'logits' });
      return g;
    },
  };
}

interface Rotations {
  readonly cos: string;
  readonly sin: string;
}

/** Angles of the rotary embedding: position times 10000^(-2i/size), twice side by side. */
function rotations(g: OnnxGraphBuilder, { queries }: Positions, size: number): Rotations {
  const at = '/model/rotary_emb';
  const frequencies = g.buffer('model.rotary_emb.inv_freq', [1, size / 2], (values) => {
    for (let i = 0; i < values.length; i++) values[i] = 10_000 ** ((-2 * i) / size);
  });
  const column = g.node(at, 'Unsqueeze', [queries, g.integers([1])]);
  const position = g.node(at, 'Cast', [column], { attributes: { to: int(1) } });
  const half = g.node(at, 'Mul', [position, frequencies]);
  const angles = g.node(at, 'Concat', [half, half], { attributes: { axis: int(-1) } });
  return { cos: g.node(at, 'Cos', [angles]), sin: g.node(at, 'Sin', [angles]) };
}

/** x · cos + (−right half, left half) · sin. */
function rotated(g: OnnxGraphBuilder, x: string, path: string, size: number, turns: Rotations): string {
  const at = `/${path}`;
  const part = (from: number, to: number): string =>
    g.node(at, 'Slice', [x, ...[from, to, 3].map((v) => g.integers([v]))]);
  const [left, right] = [part(0, size / 2), part(size / 2, size)];
  const turned = g.node(at, 'Concat', [g.node(at, 'Neg', [right]), left], { attributes: { axis: int(-1) } });
  return g.node(at, 'Add', [g.node(at, 'Mul', [x, turns.cos]), g.node(at, 'Mul', [turned, turns.sin])]);
}

/** Attention and gated feed-forward, each after a normalisation and beside a shortcut. */
function layer(
  g: OnnxGraphBuilder,
  x: string,
  index: number,
  sizes: Sizes,
  cache: { readonly k: string; readonly v: string },
  where: Positions,
  turns: Rotations,
): string {
  const { width, heads, keyHeads, hidden, layers } = sizes;
  const size = width / heads;
  const branch = { gain: 1 / Math.sqrt(2 * layers) };
  const at = `model/layers.${index}`;
  const self = `${at}/self_attn`;
  const normal = rmsNorm(g, x, `${at}/input_layernorm`, width);
  const projected = (name: string, count: number): string =>
    splitHeads(g, linear(g, normal, `${self}/${name}`, [width, count * size]), self, count, size);
  const q = rotated(g, projected('q_proj', heads), self, size, turns);
  const joined = (fresh: string, old: string, output: string): string =>
    g.node(`/${self}`, 'Concat', [old, fresh], { attributes: { axis: int(2) }, output });
  const k = joined(
    rotated(g, projected('k_proj', keyHeads), self, size, turns),
    cache.k,
    `present.${index}.key`,
  );
  const v = joined(projected('v_proj', keyHeads), cache.v, `present.${index}.value`);
  const scaled = g.node(`/${self}`, 'Mul', [q, g.scalar('attention.scale', 1 / Math.sqrt(size))]);
  const mixed = attend(
    g,
    { q: scaled, k: shared(g, k, self, sizes), v: shared(g, v, self, sizes), mask: where.mask },
    self,
    width,
  );
  const y = g.node(`/${at}`, 'Add', [x, linear(g, mixed, `${self}/o_proj`, [width, width], branch)]);

  const mlp = `${at}/mlp`;
  const features = rmsNorm(g, y, `${at}/post_attention_layernorm`, width);
  const gate = linear(g, features, `${mlp}/gate_proj`, [width, hidden]);
  const active = g.node(`/${mlp}/act_fn`, 'Mul', [gate, g.node(`/${mlp}/act_fn`, 'Sigmoid', [gate])]);
  const gated = g.node(`/${mlp}`, 'Mul', [active, linear(g, features, `${mlp}/up_proj`, [width, hidden])]);
  return g.node(`/${at}`, 'Add', [y, linear(g, gated, `${mlp}/down_proj`, [hidden, width], branch)]);
}

/** Keys or values once per head of the queries. */
function shared(g: OnnxGraphBuilder, x: string, path: string, { heads, keyHeads, width }: Sizes): string {
  if (heads === keyHeads) return x;
  const at = `/${path}`;
  const apart = g.node(at, 'Unsqueeze', [x, g.integers([2])]);
  const repeated = g.node(at, 'Expand', [apart, g.integers([1, 1, heads / keyHeads, 1, 1])]);
  return g.node(at, 'Reshape', [repeated, g.integers([0, heads, -1, width / heads])]);
}

export const llamas: readonly ReferenceModel[] = [
  llama(
    'llama-15m',
    'Llama of 15 million parameters (stories15M), with a cache of keys and values',
    { width: 288, layers: 6, heads: 6, keyHeads: 6, hidden: 768, tied: true },
    15_191_712,
  ),
  llama(
    'llama-110m',
    'Llama of 110 million parameters (stories110M), with a cache of keys and values',
    { width: 768, layers: 12, heads: 12, keyHeads: 12, hidden: 2048, tied: true },
    109_529_856,
  ),
  llama(
    'tinyllama-1.1b',
    'TinyLlama 1.1B, with a cache of keys and values; weights in a file beside the model',
    { width: 2048, layers: 22, heads: 32, keyHeads: 4, hidden: 5632, tied: false },
    1_100_048_384,
  ),
];
