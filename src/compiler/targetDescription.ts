/** What code is made for: a feature level of this machine or as asked, and the `strata.target` attribute that passes read. */
import type { Architecture } from '../artifact/cpuFeatures';
import type { DictionaryAttr, Operation } from '../ir';
import { arrayAttr, dictionaryAttr, i64Attr, stringAttr } from '../ir';
import { hostArchitecture, hostCpu } from '../runner/hostCpu';
import type { CpuLevel, LevelDescription } from './cpuLevels';
import { cpuLevels, levels } from './cpuLevels';
import { compilerMessages } from './messages';

export type { CpuLevel };
export { cpuLevels };

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
