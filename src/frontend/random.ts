/**
 * Seeded random numbers for the weights of reference models and for random inputs. The generator is
 * xoshiro128** (Blackman and Vigna, 2018), its state filled by splitmix32 from the seed and the name of the stream.
 * Only exactly rounded operations are used, so that a seed gives the same bytes on every machine.
 */
import type { FloatName } from '../ir/types';
import { minifloats } from '../ir/minifloat';
import { modelFileMessages } from './messages';
import type { ElementType, HostTensor } from './elementType';
import { elementCountOf, elementTypeInfo, storageSize } from './elementType';

export interface RandomStream {
  /** A uniform integer in [0, 2^32). */
  uint32(): number;
  /** Uniform in [0, 1), with 24 bits: exact in single precision. */
  uniform(): number;
  /** Uniform in [low, high). */
  between(low: number, high: number): number;
  /** Zero mean, unit variance, within ±3.47: the sum of four uniform numbers. */
  bell(): number;
}

/** Streams of one seed with different names are independent of one another. */
export function randomStream(seed: number, name = ''): RandomStream {
  let mix =
    fnv1a(name) ^ Math.imul(seed >>> 0, 0x9e3779b1) ^ Math.imul(Math.floor(seed / 2 ** 32) >>> 0, 0x85ebca6b);
  const splitmix32 = (): number => {
    mix = (mix + 0x9e3779b9) | 0;
    let z = mix;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
  let a = splitmix32();
  let b = splitmix32();
  let c = splitmix32();
  let d = splitmix32();
  if ((a | b | c | d) === 0) d = 1;
  const uint32 = (): number => {
    const scaled = Math.imul(b, 5);
    const result = Math.imul((scaled << 7) | (scaled >>> 25), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  const uniform = (): number => (uint32() >>> 8) / 2 ** 24;
  return {
    uint32,
    uniform,
    between: (low, high) => low + (high - low) * uniform(),
    bell: () => (uniform() + uniform() + uniform() + uniform() - 2) * Math.sqrt(3),
  };
}

/** FNV-1a over UTF-16 code units. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

/** Larger tensors are refused: they would not be an input that someone meant. */
const maximumBytes = 2 ** 31;

/**
 * A deterministic tensor: floats and complex parts from `bell`, integers of 8 bits and more from -10 to 10 (unsigned:
 * 0 to 20), smaller ones over their whole range, bools evenly. `stream` tells inputs of one seed apart.
 */
export function randomTensor(
  seed: number,
  shape: readonly number[],
  type: ElementType,
  stream = '',
): HostTensor {
  const info = elementTypeInfo(type);
  const refuse = (problem: string) => modelFileMessages.error('STR0334', { type, shape, problem });
  if (info.kind === 'string') throw refuse('strings have no random values');
  if (shape.some((d) => !Number.isInteger(d) || d < 0)) throw refuse('every size must be a whole number');
  const elements = elementCountOf(shape);
  if (storageSize(type, elements) > maximumBytes) throw refuse('it takes more than 2 GiB');
  const random = randomStream(seed, stream);
  const bytes = new Uint8Array(storageSize(type, elements));
  if (info.bits < 8) {
    for (let i = 0; i < bytes.length; i++) bytes[i] = random.uint32() & 255;
    const unused = bytes.length * 8 - elements * info.bits;
    if (unused > 0) bytes[bytes.length - 1]! &= 255 >> unused;
    return { elementType: type, shape, bytes };
  }
  const view = new DataView(bytes.buffer);
  const store = storer(type, view);
  const step = info.bits / 8 / (info.kind === 'complex' ? 2 : 1);
  for (let at = 0; at < bytes.length; at += step) store(at, random);
  return { elementType: type, shape, bytes };
}

function storer(type: ElementType, view: DataView): (at: number, random: RandomStream) => void {
  const { kind, bits } = elementTypeInfo(type);
  if (type === 'f32' || type === 'c64')
    return (at, r) => {
      view.setFloat32(at, r.bell(), true);
    };
  if (type === 'f64' || type === 'c128')
    return (at, r) => {
      view.setFloat64(at, r.bell(), true);
    };
  if (kind === 'float') {
    const format = minifloats[type as FloatName];
    if (format === undefined) throw new TypeError(`${type} has no format`);
    const positive = type === 'f8E8M0FNU';
    return (at, r) => {
      const v = positive ? 2 ** Math.floor(r.between(-2, 3)) : r.bell();
      if (bits === 16) view.setUint16(at, format.encode(v), true);
      else view.setUint8(at, format.encode(v));
    };
  }
  if (kind === 'bool')
    return (at, r) => {
      view.setUint8(at, r.uint32() >>> 31);
    };
  const low = kind === 'signed' ? -10 : 0;
  return (at, r) => {
    const v = low + Math.floor(r.uniform() * 21);
    if (bits === 8) view.setUint8(at, v);
    else if (bits === 16) view.setUint16(at, v, true);
    else if (bits === 32) view.setUint32(at, v, true);
    else view.setBigInt64(at, BigInt(v), true);
  };
}
