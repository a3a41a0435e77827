// Which folder may import which: the one table that the layer test enforces and ARCHITECTURE.md shows.

export interface Layer {
  /** A folder or file of the repository. The longest that a file lies in is its layer. */
  readonly place: string;
  readonly holds: string;
  /** Layers it may import, as places of this table. */
  readonly imports: readonly string[];
  /** It belongs to this layer, with its rights, and the two may import one another; others may be let into the part alone. */
  readonly partOf?: string;
  /** Layers of which it may import types only (`import type`). */
  readonly types?: readonly string[];
  /** Packages that no layer without them may import. */
  readonly packages?: readonly string[];
}

const core = ['src/base', 'src/ir'] as const;
const all = [
  ...core,
  'src/frontend',
  'src/lowering',
  'src/artifact',
  'src/runner',
  'src/profiler',
  'src/dump',
  'src/language',
  'src/lsp',
  'src/protocol',
  'src/compiler',
  'src/bisect',
] as const;

export const layers: readonly Layer[] = [
  { place: 'src/base', holds: 'diagnostics, cancellation, branded units', imports: [] },
  {
    place: 'src/ir',
    holds:
      'operations, types, attributes, locations, dialects, parser, printer, verifier, interpreter, rewrites',
    imports: ['src/base'],
  },
  { place: 'src/frontend', holds: 'one folder per model format; the reference models', imports: core },
  { place: 'src/lowering', holds: 'passes, pipelines, schedules, targets', imports: core },
  { place: 'src/artifact', holds: 'the artifact format and the C++ header of it', imports: core },
  {
    place: 'src/runner',
    holds: 'toolchains; building, starting and talking to the native runner',
    imports: ['src/base', 'src/artifact'],
  },
  {
    place: 'src/profiler',
    holds: 'trace model, importers, statistics, comparison',
    imports: ['src/base', 'src/artifact'],
  },
  {
    place: 'src/profiler/layout',
    partOf: 'src/profiler',
    holds: 'layout of timeline and flame view as plain data, for the views',
    imports: [],
  },
  {
    place: 'src/dump',
    holds: "other compilers' IR dumps; what changed between two IRs, op by op",
    imports: core,
  },
  {
    place: 'src/dump/layout',
    partOf: 'src/dump',
    holds: 'graphs of ops as plain data, and where their nodes stand',
    imports: [],
  },
  {
    place: 'src/language',
    holds: 'hover, definition, references, outline, tokens, completion: text to plain data',
    imports: [...core, 'src/dump', 'src/profiler'],
  },
  {
    place: 'src/lsp',
    holds: 'the language server: `src/language` over the Language Server Protocol',
    imports: [...core, 'src/dump', 'src/language'],
  },
  {
    place: 'src/protocol',
    holds: 'typed interfaces between extension and webviews',
    imports: ['src/base'],
    types: ['src/ir', 'src/profiler', 'src/bisect', 'src/dump/layout'],
  },
  {
    place: 'src/compiler',
    holds: 'the driver: model file to artifact to run',
    imports: [...core, 'src/frontend', 'src/lowering', 'src/artifact', 'src/runner', 'src/profiler'],
  },
  {
    place: 'src/bisect',
    holds: 'numerics and performance bisect, reduction',
    imports: [
      ...core,
      'src/frontend',
      'src/lowering',
      'src/artifact',
      'src/runner',
      'src/profiler',
      'src/dump',
      'src/compiler',
    ],
  },
  { place: 'src/editor', holds: 'everything that knows VS Code', imports: all, packages: ['vscode'] },
  {
    place: 'src/extension.ts',
    holds: 'entry of the extension',
    imports: [...all, 'src/editor'],
    packages: ['vscode'],
  },
  { place: 'src/cli', holds: 'the commands', imports: all },
  { place: 'src/cli.ts', holds: 'entry of the command line', imports: [...all, 'src/cli'] },
  {
    place: 'webview',
    holds: 'drawing and input, one folder per view',
    imports: ['src/base', 'src/protocol', 'src/profiler/layout', 'src/dump/layout'],
  },
];

/** Folders whose sub-folders never import one another, each with the file that makes a sub-folder one of them. */
export const independent = [
  { place: 'src/lowering/targets', marker: undefined },
  // A folder of `webview` without it is shared by the views.
  { place: 'webview', marker: 'main.ts' },
] as const;

export interface Debt {
  readonly file: string;
  readonly imports: string;
  readonly why: string;
}

/** Imports against the table that are known and to be removed; the test fails when one is gone and still listed. */
export const debts: readonly Debt[] = [];
