/** The commands by name. What they are made of is loaded when one runs, so that help and short commands start at once. */
import type { Command } from 'commander';

export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  /** Gives the command its arguments, options and action. */
  readonly load: () => Promise<(command: Command) => void>;
}

export const commands: readonly CommandEntry[] = [
  {
    name: 'models',
    summary: 'the reference models: published architectures with seeded weights',
    load: async () => (await import('./models')).configureModels,
  },
  {
    name: 'compile',
    summary: 'compile a model to an artifact, or print the IR of a stage',
    load: async () => (await import('./compile')).configureCompile,
  },
  {
    name: 'run',
    summary: 'run an artifact or model, and compare with a reference',
    load: async () => (await import('./run')).configureRun,
  },
  {
    name: 'bench',
    summary: 'measure latency, beside ONNX Runtime when it is installed',
    load: async () => (await import('./bench')).configureBench,
  },
  {
    name: 'profile',
    summary: 'run with a trace and print where the time went',
    load: async () => (await import('./profile')).configureProfile,
  },
  {
    name: 'bisect',
    summary: 'find the pass and the rewrite that made a result wrong or slow',
    load: async () => (await import('./bisect')).configureBisect,
  },
  {
    name: 'reduce',
    summary: 'shrink IR of any dialect while a command still holds',
    load: async () => (await import('./reduce')).configureReduce,
  },
  {
    name: 'opt',
    summary: 'run passes on IR text and print the result',
    load: async () => (await import('./opt')).configureOpt,
  },
  {
    name: 'trace',
    summary: 'read and compare traces: Perfetto, Chrome, Tracy CSV and more',
    load: async () => (await import('./trace')).configureTrace,
  },
  {
    name: 'conformance',
    summary: 'ONNX backend cases through the interpreter or generated code',
    load: async () => (await import('./conformance')).configureConformance,
  },
  {
    name: 'dump',
    summary: 'read IR dumps of other compilers, pass by pass',
    load: async () => (await import('./dump')).configureDump,
  },
  {
    name: 'lsp',
    summary: 'the language server for IR text, on stdio, for other editors',
    load: async () => (await import('./lsp')).configureLsp,
  },
  {
    name: 'ir',
    summary: 'what our passes did to each op of a model, from source to dispatch',
    load: async () => (await import('./ir')).configureIr,
  },
  {
    name: 'doctor',
    summary: 'what is installed, what is missing, and the command that fixes it',
    load: async () => (await import('./doctor')).configureDoctor,
  },
];
