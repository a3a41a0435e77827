/** What the processor of this machine offers to kernels. */
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { cpuFeatures, type Architecture } from '../artifact/cpuFeatures';

export interface HostCpu {
  /** Undefined on an architecture that no kernels are generated for. */
  readonly architecture: Architecture | undefined;
  readonly model: string;
  /** Threads that this process may use. */
  readonly threads: number;
  /** Names of `cpuFeatures`, in the order of that table. Empty where the system does not list them. */
  readonly features: readonly string[];
}

const architectures: Readonly<Record<string, Architecture>> = {
  x64: 'x86_64',
  arm64: 'aarch64',
  arm: 'arm',
  riscv64: 'riscv64',
};

export const hostArchitecture = (): Architecture | undefined => architectures[process.arch];

/** Reads `/proc/cpuinfo`. Where cores differ, only features that all of them have count. */
export function parseCpuInfo(text: string, architecture: Architecture): Pick<HostCpu, 'model' | 'features'> {
  const values = (key: RegExp): readonly string[] =>
    [...text.matchAll(new RegExp(`^(?:${key.source})[ \\t]*:[ \\t]*(.*)$`, 'gm'))].map((match) => match[1]!);
  const cores = (
    architecture === 'riscv64'
      ? values(/isa/).map((isa) => [...(isa.split('_')[0]?.replace(/^rv64/, '') ?? '')])
      : values(/flags|Features/).map((flags) => flags.split(/\s+/))
  ).map((words) => new Set(words));
  const features = cpuFeatures
    .filter(
      (f) =>
        f.architecture === architecture && cores.length > 0 && cores.every((core) => core.has(f.cpuinfo)),
    )
    .map((f) => f.name);
  const model = values(/model name|Hardware|Processor|uarch/)[0] ?? architecture;
  return { model, features };
}

export async function hostCpu(): Promise<HostCpu> {
  const architecture = hostArchitecture();
  const threads = availableParallelism();
  const text = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
  if (architecture === undefined) return { architecture, model: process.arch, threads, features: [] };
  return { architecture, threads, ...parseCpuInfo(text, architecture) };
}
