/**
 * `manifest.json`: what an artifact holds, for people and for tools other than the runner. It says the same as
 * `program.bin`, and names the files of the archive besides.
 */
import type { EntryPoint, Target } from './contents';
import { symbolsOf } from './contents';
import { formatVersion, kernelSourceFile } from './format';
import type { ConstantRange, Program } from './program';

export interface Manifest {
  readonly format: 'strata';
  readonly formatVersion: number;
  readonly producer: string;
  readonly model: string;
  readonly target: Target & { readonly cpuFeatures: readonly string[] };
  readonly entryPoints: readonly (EntryPoint & { readonly symbols: readonly string[] })[];
  readonly constants: readonly ConstantRange[];
  readonly kernelLibraries: readonly {
    readonly file: string;
    readonly source: string;
    readonly cpuFeatures: readonly string[];
  }[];
  /** The IR after each pass, in order. Passes that changed nothing share a file. */
  readonly ir: readonly { readonly pass: string; readonly file: string }[];
}

/** The part of the manifest that `program.bin` says too; readers compare both. */
export function manifestOf(program: Program): Omit<Manifest, 'producer' | 'ir'> {
  const cpuFeatures = [...new Set(program.kernelLibraries.flatMap((library) => library.cpuFeatures))].sort();
  return {
    format: 'strata',
    formatVersion,
    model: program.model,
    target: { name: program.target.name, architecture: program.target.architecture, cpuFeatures },
    entryPoints: program.entryPoints.map(({ name, inputs, outputs, arenaBytes, steps }) => ({
      name,
      symbols: symbolsOf({ inputs }),
      inputs,
      outputs,
      arenaBytes,
      steps,
    })),
    constants: program.constants,
    kernelLibraries: program.kernelLibraries.map(({ file, cpuFeatures: features }, i) => ({
      file,
      source: kernelSourceFile(i),
      cpuFeatures: features,
    })),
  };
}
