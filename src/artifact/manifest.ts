/**
 * `manifest.json`: what an artifact holds, for people and for tools other than the runner. It says the same as
 * `program.bin`, and names the files of the archive besides.
 */
import type { EntryPoint, HostFile, HostModel, SizedFunction, Target } from './contents';
import { requiredCpuFeatures, symbolsOf } from './contents';
import { formatVersion, kernelSourceOf } from './format';
import type { ConstantRange, Program } from './program';

/** One program of the archive. */
export interface ProgramManifest {
  readonly entryPoints: readonly (EntryPoint & { readonly symbols: readonly string[] })[];
  readonly functions: readonly (SizedFunction & { readonly symbols: readonly string[] })[];
  readonly constants: readonly ConstantRange[];
  readonly kernelLibraries: readonly {
    readonly file: string;
    readonly source: string;
    readonly cpuFeatures: readonly string[];
  }[];
}

export interface ListedIr {
  /** The IR after each pass, in order. Texts that are equal share a file. */
  readonly ir: readonly { readonly pass: string; readonly file: string }[];
}

/** A host model whose file is an entry of the archive, or lies elsewhere. */
export type DescribedHost = Omit<HostModel, 'model'> & {
  readonly model: { readonly file: string } | HostFile;
};

export interface Manifest extends ProgramManifest, ListedIr {
  readonly format: 'strata';
  readonly formatVersion: number;
  readonly producer: string;
  readonly model: string;
  /** With the features that the first program requires. */
  readonly target: Target & { readonly cpuFeatures: readonly string[] };
  /** Programs for machines that lack some of these features, in the order in which they are tried. */
  readonly fallbacks: readonly (ProgramManifest & ListedIr & { readonly cpuFeatures: readonly string[] })[];
  readonly host?: DescribedHost;
}

/** The part of the manifest that the programs say too; readers compare both. */
export function manifestOf([program, ...fallbacks]: readonly [Program, ...Program[]]): Omit<
  Manifest,
  'producer' | 'ir' | 'fallbacks' | 'host'
> & { readonly fallbacks: readonly Omit<Manifest['fallbacks'][number], 'ir'>[] } {
  return {
    format: 'strata',
    formatVersion,
    model: program.model,
    target: {
      name: program.target.name,
      architecture: program.target.architecture,
      cpuFeatures: requiredCpuFeatures(program),
    },
    ...programManifest(program),
    fallbacks: fallbacks.map((fallback) => ({
      cpuFeatures: requiredCpuFeatures(fallback),
      ...programManifest(fallback),
    })),
  };
}

function programManifest(program: Program): ProgramManifest {
  return {
    entryPoints: program.entryPoints.map(({ name, inputs, outputs, arenaBytes, steps }) => ({
      name,
      symbols: symbolsOf({ inputs }),
      inputs,
      outputs,
      arenaBytes,
      // Said even where there is none: the program does not tell 0 from left out.
      steps: steps.map((step) => ({ ...step, scratchBytes: step.scratchBytes ?? 0 })),
    })),
    functions: program.functions.map((f) => ({ ...f, symbols: symbolsOf(f) })),
    constants: program.constants,
    kernelLibraries: program.kernelLibraries.map(({ file, cpuFeatures }) => ({
      file,
      source: kernelSourceOf(file),
      cpuFeatures,
    })),
  };
}
