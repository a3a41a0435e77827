/**
 * Whisper-tiny (Radford et al., 2022), speech to text, in the four parts that exporters make of it: the log-mel front
 * end, the encoder, the decoder, and the decoder with the keys and values of earlier tokens. Module names are those of
 * the transformers library.
 */
import { OnnxGraphBuilder, int, ints, string } from './onnxGraphBuilder';
import { convolution } from './convolutionLayers';
import { dftFilters, melFilters, samples, hop, taps, bins } from './melSpectrum';
import type { BuildOptions, ReferenceModel } from './referenceModel';
import { plainRun } from './referenceModel';
import { attend, embedding, gelu, layerNorm, linear, positions, splitHeads } from './transformerLayers';

const width = 384;
const heads = 6;
const headSize = width / heads;
const layers = 4;
const hidden = 1536;
const mels = 80;
const frames = samples / hop;
/** Positions of the encoder: its second convolution halves the frames. */
const states = frames / 2;
const tokens = 448;
const vocabulary = 51_865;
const branch = 1 / Math.sqrt(2 * layers);

/** 30 s of sound to its log-mel spectrum. */
function logMel({ batch = 1, seed = 0 }: BuildOptions = {}): OnnxGraphBuilder {
  const g = new OnnxGraphBuilder({ name: 'whisper_log_mel', seed });
  const at = '/log_mel';
  const sound = g.input('audio', 'f32', [batch, samples]);
  const wave = g.node(at, 'Unsqueeze', [sound, g.integers([1])]);
  const margin = taps / 2;
  const padded = g.node(at, 'Pad', [wave, g.integers([0, 0, margin, 0, 0, margin])], {
    attributes: { mode: string('reflect') },
  });
  const filters = g.buffer('dft.weight', [2 * bins, 1, taps], dftFilters);
  const waves = g.node(at, 'Conv', [padded, filters], {
    attributes: { kernel_shape: ints(taps), strides: ints(hop), pads: ints(0, 0) },
  });
  const part = (from: number, to: number, axis: number, x: string): string =>
    g.node(at, 'Slice', [x, ...[from, to, axis].map((v) => g.integers([v]))]);
  const kept = part(0, frames, 2, waves);
  const squares = g.node(at, 'Mul', [kept, kept]);
  const power = g.node(at, 'Add', [part(0, bins, 1, squares), part(bins, 2 * bins, 1, squares)]);
  const mel = g.node(at, 'MatMul', [
    g.buffer('mel.weight', [mels, bins], (values) => {
      melFilters(values, mels);
    }),
    power,
  ]);
  const audible = g.node(at, 'Clip', [mel, g.scalar('log_mel.least', 1e-10)]);
  const decades = g.node(at, 'Div', [g.node(at, 'Log', [audible]), g.scalar('log_mel.ln10', Math.LN10)]);
  const loudest = g.node(at, 'ReduceMax', [decades], { attributes: { axes: ints(1, 2), keepdims: int(1) } });
  const floor = g.node(at, 'Sub', [loudest, g.scalar('log_mel.range', 8)]);
  const clipped = g.node(at, 'Max', [decades, floor]);
  const four = g.scalar('log_mel.four', 4);
  g.node(at, 'Div', [g.node(at, 'Add', [clipped, four]), four], { output: 'input_features' });
  g.output('input_features', 'f32', [batch, mels, frames]);
  return g;
}

function encoder({ batch = 1, seed = 0 }: BuildOptions = {}): OnnxGraphBuilder {
  const g = new OnnxGraphBuilder({ name: 'whisper_tiny_encoder', seed });
  const at = 'model/encoder';
  const spectrum = { name: g.input('input_features', 'f32', [batch, mels, frames]), channels: mels, gain: 1 };
  const signal = { channels: width, kernel: [3], bias: true };
  const first = { ...spectrum, ...convolution(g, spectrum, `${at}/conv1`, signal) };
  const active = { ...first, name: gelu(g, first.name, at), gain: 1.5 };
  const second = convolution(g, active, `${at}/conv2`, { ...signal, stride: [2] });
  const rows = g.node(`/${at}`, 'Transpose', [gelu(g, second.name, at)], {
    attributes: { perm: ints(0, 2, 1) },
  });
  let x = g.node(`/${at}`, 'Add', [
    rows,
    g.weight('model.encoder.embed_positions.weight', [states, width], sinusoids),
  ]);
  for (let i = 0; i < layers; i++) {
    const block = `${at}/layers.${i}`;
    const self = `${block}/self_attn`;
    const normal = layerNorm(g, x, `${self}_layer_norm`, width);
    const mixed = attend(
      g,
      { q: queries(g, normal, self), ...keysAndValues(g, normal, self), mask: undefined },
      self,
      width,
    );
    x = feedForward(g, joined(g, x, mixed, self, block), block);
  }
  const normal = layerNorm(g, x, `${at}/layer_norm`, width);
  g.node('', 'Identity', [normal], { output: 'last_hidden_state' });
  g.output('last_hidden_state', 'f32', [batch, states, width]);
  return g;
}

/** Sines, then cosines, of positions at frequencies from 1 to 1/10000. */
function sinusoids(values: Float64Array): void {
  const half = width / 2;
  const step = Math.log(10_000) / (half - 1);
  for (let row = 0; row < states; row++)
    for (let i = 0; i < half; i++) {
      const angle = row * Math.exp(-step * i);
      values[row * width + i] = Math.sin(angle);
      values[row * width + half + i] = Math.cos(angle);
    }
}

const queries = (g: OnnxGraphBuilder, x: string, path: string): string => {
  const q = linear(g, x, `${path}/q_proj`, [width, width], { bias: true });
  const scaled = g.node(`/${path}`, 'Mul', [q, g.scalar('attention.scale', 1 / Math.sqrt(headSize))]);
  return splitHeads(g, scaled, path, heads, headSize);
};
const keysAndValues = (
  g: OnnxGraphBuilder,
  x: string,
  path: string,
): { readonly k: string; readonly v: string } => ({
  k: splitHeads(g, linear(g, x, `${path}/k_proj`, [width, width]), path, heads, headSize),
  v: splitHeads(g, linear(g, x, `${path}/v_proj`, [width, width], { bias: true }), path, heads, headSize),
});

/** The output projection of an attention, beside the shortcut. */
const joined = (g: OnnxGraphBuilder, x: string, mixed: string, path: string, block: string): string =>
  g.node(`/${block}`, 'Add', [
    x,
    linear(g, mixed, `${path}/out_proj`, [width, width], { bias: true, gain: branch }),
  ]);

function feedForward(g: OnnxGraphBuilder, x: string, block: string): string {
  const normal = layerNorm(g, x, `${block}/final_layer_norm`, width);
  const wide = linear(g, normal, `${block}/fc1`, [width, hidden], { bias: true });
  const active = gelu(g, wide, `${block}/activation_fn`);
  const narrow = linear(g, active, `${block}/fc2`, [hidden, width], { bias: true, gain: 2 * branch });
  return g.node(`/${block}`, 'Add', [x, narrow]);
}

/** `withPast`: keys and values of earlier tokens, and those of the encoder's states, are inputs. */
function decoder(withPast: boolean, { batch = 1, seed = 0 }: BuildOptions = {}): OnnxGraphBuilder {
  const g = new OnnxGraphBuilder({
    name: withPast ? 'whisper_tiny_decoder_with_past' : 'whisper_tiny_decoder',
    seed,
  });
  const at = 'model/decoder';
  const ids = g.input('input_ids', 'i64', [batch, 'sequence']);
  const past = (i: number, side: string, count: number | string) => {
    const input = (part: string): string =>
      g.input(`past_key_values.${i}.${side}.${part}`, 'f32', [batch, heads, count, headSize]);
    return { k: input('key'), v: input('value') };
  };
  const sound = withPast ? undefined : g.input('encoder_hidden_states', 'f32', [batch, states, width]);
  const caches = Array.from({ length: withPast ? layers : 0 }, (_, i) => ({
    self: past(i, 'decoder', 'past'),
    cross: past(i, 'encoder', states),
  }));
  g.output('logits', 'f32', [batch, 'sequence', vocabulary]);
  const present = (
    i: number,
    side: string,
    count: number | string,
  ): { readonly k: string; readonly v: string } => {
    const output = (part: string): string => {
      g.output(`present.${i}.${side}.${part}`, 'f32', [batch, heads, count, headSize]);
      return `present.${i}.${side}.${part}`;
    };
    return { k: output('key'), v: output('value') };
  };
  const where = positions(g, ids, caches[0]?.self.k);
  const table = embedding(g, 'model.decoder.embed_tokens.weight', vocabulary, width);
  const places = embedding(g, 'model.decoder.embed_positions.weight', tokens, width, 0.1);
  let x = g.node(`/${at}`, 'Add', [
    g.node(`/${at}/embed_tokens`, 'Gather', [table, ids], { attributes: { axis: int(0) } }),
    g.node(`/${at}/embed_positions`, 'Gather', [places, where.queries], { attributes: { axis: int(0) } }),
  ]);
  for (let i = 0; i < layers; i++) {
    const block = `${at}/layers.${i}`;
    const self = `${block}/self_attn`;
    const cross = `${block}/encoder_attn`;
    const cache = caches[i];
    const normal = layerNorm(g, x, `${self}_layer_norm`, width);
    const fresh = keysAndValues(g, normal, self);
    const total = present(i, 'decoder', withPast ? 'past + sequence' : 'sequence');
    const own = {
      k: extended(g, cache?.self.k, fresh.k, self, total.k),
      v: extended(g, cache?.self.v, fresh.v, self, total.v),
    };
    x = joined(
      g,
      x,
      attend(g, { q: queries(g, normal, self), ...own, mask: where.mask }, self, width),
      self,
      block,
    );

    const second = layerNorm(g, x, `${cross}_layer_norm`, width);
    const heard = cache?.cross ?? keysAndValues(g, sound!, cross);
    if (!withPast) {
      const kept = present(i, 'encoder', states);
      g.node(`/${cross}`, 'Identity', [heard.k], { output: kept.k });
      g.node(`/${cross}`, 'Identity', [heard.v], { output: kept.v });
    }
    const mixed = attend(g, { q: queries(g, second, cross), ...heard, mask: undefined }, cross, width);
    x = feedForward(g, joined(g, x, mixed, cross, block), block);
  }
  const normal = layerNorm(g, x, `${at}/layer_norm`, width);
  g.node('/proj_out', 'MatMul', [normal, g.node('/proj_out', 'Transpose', [table])], { output: 'logits' });
  return g;
}

/** `fresh` after `past`, as the output `name`. */
function extended(
  g: OnnxGraphBuilder,
  past: string | undefined,
  fresh: string,
  path: string,
  name: string,
): string {
  return past === undefined
    ? g.node(`/${path}`, 'Identity', [fresh], { output: name })
    : g.node(`/${path}`, 'Concat', [past, fresh], { attributes: { axis: int(2) }, output: name });
}

export const whisperTiny: readonly ReferenceModel[] = [
  {
    ...plainRun,
    name: 'whisper-log-mel',
    summary: 'The front end of Whisper: 30 s of sound at 16 kHz to 80 mel bands in 3000 frames',
    parameters: 0,
    variable: [],
    graph: logMel,
  },
  {
    ...plainRun,
    name: 'whisper-tiny-encoder',
    summary: 'Whisper-tiny, speech to text: 80 mel bands in 3000 frames to 1500 states',
    parameters: 8_208_384,
    variable: [],
    graph: encoder,
  },
  {
    ...plainRun,
    name: 'whisper-tiny-decoder',
    summary: "Whisper-tiny's decoder, first tokens",
    parameters: 29_552_256,
    variable: [],
    workloads: [{ name: 'prefill', dims: { sequence: 4 } }],
    graph: (options) => decoder(false, options),
  },
  {
    ...plainRun,
    name: 'whisper-tiny-decoder-with-past',
    summary: "Whisper-tiny's decoder, further tokens, with a cache of keys and values",
    parameters: 28_371_072,
    variable: [],
    workloads: [{ name: 'decode', dims: { sequence: 1, past: 32 } }],
    graph: (options) => decoder(true, options),
  },
];
