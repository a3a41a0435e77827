/** Feature levels of CPU targets: one table of what a level may use, how wide its vectors are and how many registers it has. */
import type { Architecture } from '../artifact/cpuFeatures';

export interface LevelDescription {
  readonly architecture: Architecture;
  /** What a machine must have; names of `cpuFeatures`. */
  readonly features: readonly string[];
  readonly vectorBytes: number;
  /** Vector registers. */
  readonly registers: number;
  /** C compiler flags beyond those of the features. */
  readonly flags: readonly string[];
}

const avx2 = ['sse3', 'ssse3', 'sse4.1', 'sse4.2', 'popcnt', 'avx', 'f16c', 'fma', 'bmi', 'bmi2', 'avx2'];
const avx512 = [...avx2, 'avx512f', 'avx512dq', 'avx512cd', 'avx512bw', 'avx512vl'];
const avx512vnni = [...avx512, 'avx512vnni'];
const avx512bf16 = [...avx512vnni, 'avx512bf16'];
const wide = {
  architecture: 'x86_64',
  vectorBytes: 64,
  registers: 32,
  flags: ['-ffp-contract=fast', '-mprefer-vector-width=512'],
} as const;

/** From the most to the least demanding of each architecture. */
export const levels = {
  avx512bf16: { ...wide, features: avx512bf16 },
  avx512vnni: { ...wide, features: avx512vnni },
  avx512: { ...wide, features: avx512 },
  avx2: {
    architecture: 'x86_64',
    features: avx2,
    vectorBytes: 32,
    registers: 16,
    flags: ['-ffp-contract=fast'],
  },
  baseline: {
    architecture: 'x86_64',
    features: [],
    vectorBytes: 16,
    registers: 16,
    flags: ['-ffp-contract=fast'],
  },
  dotprod: {
    architecture: 'aarch64',
    features: ['dotprod'],
    vectorBytes: 16,
    registers: 32,
    flags: ['-ffp-contract=fast'],
  },
  neon: {
    architecture: 'aarch64',
    features: [],
    vectorBytes: 16,
    registers: 32,
    flags: ['-ffp-contract=fast'],
  },
} as const satisfies Record<string, LevelDescription>;

export type CpuLevel = keyof typeof levels;
export const cpuLevels = Object.keys(levels) as readonly CpuLevel[];
