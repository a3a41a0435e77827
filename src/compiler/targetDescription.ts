/**
 * Feature levels of CPU targets and the `strata.target` attribute that passes read: one table of what a level may
 * use, how wide its vectors are and how many registers it has.
 */
import type { Architecture } from '../artifact/cpuFeatures';
import type { DictionaryAttr, Operation } from '../ir';
import { arrayAttr, dictionaryAttr, i64Attr, stringAttr } from '../ir';
import { hostArchitecture, hostCpu } from '../runner/hostCpu';
import { compilerMessages } from './messages';

interface LevelDescription {
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
const levels = {
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

export interface TargetDescription {
  readonly level: CpuLevel;
  readonly architecture: Architecture;
  readonly cpuFeatures: readonly string[];
  readonly vectorBytes: number;
  readonly registers: number;
  readonly flags: readonly string[];
}

/** The given level, or the best one that this machine runs. */
export async function describeTarget(level?: CpuLevel): Promise<TargetDescription> {
  const chosen = level ?? (await bestLevel());
  const { features, ...rest } = levels[chosen];
  return { level: chosen, cpuFeatures: features, ...rest };
}

/**
 * That an artifact can carry code for `names` in this order: of one architecture, and each runs on machines that none
 * before it runs on. Throws STR0584.
 */
export function assertFallbacks(names: readonly CpuLevel[]): void {
  const first: LevelDescription = levels[names[0]!];
  for (const [i, name] of names.entries()) {
    const { architecture, features }: LevelDescription = levels[name];
    const refuse = (reason: string) => compilerMessages.error('STR0584', { level: name, reason });
    if (architecture !== first.architecture)
      throw refuse(`it is for ${architecture} and '${names[0]!}' for ${first.architecture}`);
    const shadow = names
      .slice(0, i)
      .find((before) => levels[before].features.every((f) => features.includes(f)));
    if (shadow !== undefined)
      throw refuse(`every machine that runs it runs '${shadow}', which is tried before`);
  }
}

async function bestLevel(): Promise<CpuLevel> {
  const architecture = hostArchitecture() ?? 'x86_64';
  const { features } = await hostCpu();
  const runs = (l: LevelDescription): boolean =>
    l.architecture === architecture && l.features.every((f) => features.includes(f));
  return cpuLevels.find((name) => runs(levels[name])) ?? 'baseline';
}

/** `{arch = "x86_64", features = […], level = "avx512", registers = 32, vector_bytes = 64}`. */
export const targetAttribute = (t: TargetDescription): DictionaryAttr =>
  dictionaryAttr([
    ['arch', stringAttr(t.architecture)],
    ['features', arrayAttr(t.cpuFeatures.map(stringAttr))],
    ['level', stringAttr(t.level)],
    ['registers', i64Attr(t.registers)],
    ['vector_bytes', i64Attr(t.vectorBytes)],
  ]);

/** The level that `strata.target` of a module says; undefined where it says none that is known. */
export function levelOf(module: Operation): CpuLevel | undefined {
  const target = module.attr('strata.target');
  const level = target?.kind === 'dictionary' ? target.entries.get('level') : undefined;
  return level?.kind === 'string' ? cpuLevels.find((l) => l === level.value) : undefined;
}
