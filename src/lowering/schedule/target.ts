/**
 * What the schedule chooser knows about the machine that code is made for: the attribute `strata.target` of the
 * module, with what is usual for the architecture where it is silent.
 *
 * `strata.target = {arch = "x86_64", features = ["avx2", "fma"], vector_bytes = 32 : i64, registers = 16 : i64,
 * l1 = 32768 : i64, l2 = 1048576 : i64, threads = 2 : i64, gflops = 100.0 : f64, gbytes = 20.0 : f64}`; all optional.
 */
import type { Attribute, Operation } from '../../ir';
import { loopMessages } from '../loops/messages';

export interface Target {
  /** `x86_64`, `aarch64`, … */
  readonly arch: string;
  readonly features: ReadonlySet<string>;
  /** Bytes of a vector register. */
  readonly vectorBytes: number;
  /** Number of vector registers. */
  readonly registers: number;
  /** Data cache sizes in bytes, per core. */
  readonly l1: number;
  readonly l2: number;
  readonly threads: number;
  /** Peak of one core, in f32 GFLOP/s. */
  readonly gflops: number;
  /** Read bandwidth of one core, in GB/s. */
  readonly gbytes: number;
  /** Whether a fused multiply-add is one instruction. */
  readonly fma: boolean;
}

/** The target of the module that `op` is in (or is). */
export function targetOf(op: Operation): Target {
  let module = op;
  while (module.parentOp !== undefined) module = module.parentOp;
  return readTarget(module.attr('strata.target'));
}

export function readTarget(attribute: Attribute | undefined): Target {
  if (attribute !== undefined && attribute.kind !== 'dictionary') {
    throw loopMessages.error('STR0544', { found: attribute.text, expected: 'a dictionary' });
  }
  const get = (name: string): Attribute | undefined => attribute?.entries.get(name);
  const number = (name: string, fallback: number): number => {
    const a = get(name);
    if (a === undefined) return fallback;
    const value = a.kind === 'integer' ? Number(a.value) : a.kind === 'float' ? a.value : NaN;
    if (!(value > 0))
      throw loopMessages.error('STR0544', { found: `${name} = ${a.text}`, expected: 'a positive number' });
    return value;
  };
  const archAttribute = get('arch');
  const arch = archAttribute?.kind === 'string' ? archAttribute.value : 'x86_64';
  const list = get('features');
  const features = new Set(
    list?.kind === 'array' ? list.elements.flatMap((e) => (e.kind === 'string' ? [e.value] : [])) : [],
  );
  const [bytes, registers] = vectorsOf(arch, features);
  const fma = arch === 'aarch64' || features.has('fma') || features.has('avx512f');
  return {
    arch,
    features,
    vectorBytes: number('vector_bytes', bytes),
    registers: number('registers', registers),
    l1: number('l1', 32 << 10),
    l2: number('l2', 1 << 20),
    threads: number('threads', 4),
    gflops: number('gflops', fma ? (bytes / 4) * 7 : (bytes / 4) * 3),
    gbytes: number('gbytes', 20),
    fma,
  };
}

/** Bytes of a vector register, and how many there are. */
function vectorsOf(arch: string, features: ReadonlySet<string>): readonly [number, number] {
  if (arch === 'aarch64') return [16, 32];
  if (arch !== 'x86_64') return [4, 16];
  if (features.has('avx512f')) return [64, 32];
  return [features.has('avx2') ? 32 : 16, 16];
}
