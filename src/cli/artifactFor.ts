/**
 * Commands that run something take an artifact or a model; a model is compiled first into a temporary artifact, which
 * is removed when the command ends.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ModelSession } from '../compiler/artifactSession';
import type { Compilation } from '../compiler/compilation';
import { openSession } from '../compiler/openSession';
import { hostInputs } from '../compiler/staged/hostSignature';
import type { StagedSessionOptions } from '../compiler/staged/stagedSession';
import type { InputSource } from '../compiler/tensors';
import { readOnnxModel } from '../frontend/onnx/readModel';
import { readTensorFile } from '../frontend/tensorFile';
import { compileFile } from './compileFile';
import type { ArtifactOptions } from './compileOptions';
import { compileOptions, dimsOf } from './compileOptions';
import { cliMessages } from './messages';
import { integerOption } from './options';
import type { CommandContext } from './output';
import { resourceRoot } from './resourceRoot';

interface ArtifactFor {
  readonly artifact: string;
  readonly dims: ReadonlyMap<string, number>;
  /** When a model was given. */
  readonly model: string | undefined;
  readonly compilation: Compilation | undefined;
}

/** An artifact in a running native runner. */
export interface OpenArtifact {
  readonly session: ModelSession;
  /** Sizes of symbolic dimensions for inputs that are made up. */
  readonly dims: ReadonlyMap<string, number>;
  /** Path of its file, for as long as the session. */
  readonly artifact: string;
  /** When a model was given. */
  readonly model: string | undefined;
  readonly compilation: Compilation | undefined;
}

async function withArtifact<T>(
  file: string,
  options: ArtifactOptions,
  context: CommandContext,
  body: (target: ArtifactFor) => Promise<T>,
): Promise<T> {
  const extension = path.extname(file).toLowerCase();
  const { dims: given, sizes: several } = dimsOf(options.dim ?? []);
  if (extension === '.strata') {
    const dims = new Map(Object.entries(given));
    return body({ artifact: file, dims, model: undefined, compilation: undefined });
  }
  if (!['.onnx', '.tflite', '.mlir'].includes(extension)) {
    throw cliMessages.error('STR0005', { path: file, known: '.onnx, .tflite, .mlir and .strata files' });
  }
  // With lists, those decide what is compiled, and files which of them runs.
  const files = extension === '.onnx' && several === undefined ? sizesOfFiles(file, options.input ?? []) : {};
  const sizes = { ...files, ...given };
  const folder = mkdtempSync(path.join(tmpdir(), 'strata-'));
  try {
    const artifact = path.join(folder, `${path.basename(file, extension)}.strata`);
    const compilation = await compileFile(
      {
        model: file,
        output: artifact,
        // The model stays where it is for as long as the artifact.
        externalParameters: true,
        ...compileOptions(options),
        ...(options.resources === undefined ? {} : { resources: options.resources }),
        dims: sizes,
        ...(several === undefined ? {} : { sizes: several }),
      },
      context,
    );
    const dims = new Map(Object.entries({ ...compilation.host?.assumed, ...sizes }));
    return await body({ artifact, dims, model: file, compilation });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs `body` with the artifact or model in a runner, which is ended in any case. Check options before. */
export function withSession<T>(
  file: string,
  options: ArtifactOptions,
  context: CommandContext,
  body: (open: OpenArtifact) => Promise<T>,
): Promise<T> {
  return withArtifact(file, options, context, async ({ artifact, dims, model, compilation }) => {
    const session = await openSession(artifact, sessionOptions(options, context));
    try {
      return await body({ session, artifact, dims, model, compilation });
    } finally {
      await session.close();
    }
  });
}

export const sessionOptions = (options: ArtifactOptions, context: CommandContext): StagedSessionOptions => ({
  resourceRoot,
  cancellation: context.cancellation,
  onProgress: context.progress,
  compile: (request) =>
    compileFile(options.cache === false ? { ...request, kernelCache: false } : request, context),
});

/** Sizes that files have where the model has symbols, so that it is compiled for them at once. */
function sizesOfFiles(file: string, texts: readonly string[]): Record<string, number> {
  if (!texts.some((text) => !/(^|=)random:/.test(text))) return {};
  const sizes: Record<string, number> = {};
  const signatures = hostInputs(readOnnxModel(file)).flatMap(({ name, tensor }) =>
    tensor === undefined ? [] : [{ name, ...tensor }],
  );
  const sources = inputSources(
    texts,
    signatures.map((s) => s.name),
  );
  for (const { name, shape } of signatures) {
    const source = sources.get(name);
    if (source?.kind !== 'file') continue;
    const found = readTensorFile(source.path).tensor.shape;
    shape.forEach((d, i) => {
      // A size without a name has one that the model does not know.
      if (typeof d === 'string' && d !== `${name}.${i}` && found[i] !== undefined) sizes[d] = found[i];
    });
  }
  return sizes;
}

/** `NAME=FILE.npy`, `NAME=FILE.pb`, `NAME=random:SEED`. */
export function inputSources(
  texts: readonly string[],
  names: readonly string[],
): ReadonlyMap<string, InputSource> {
  const sources = new Map<string, InputSource>();
  for (const text of texts) {
    const eq = text.indexOf('=');
    const name = eq < 0 ? (names.length === 1 ? names[0]! : '') : text.slice(0, eq);
    const value = text.slice(eq + 1);
    if (!names.includes(name))
      throw cliMessages.error('STR0006', { name: eq < 0 ? text : name, known: names.join(', ') });
    const seed = /^random:(.*)$/.exec(value)?.[1];
    sources.set(
      name,
      seed === undefined
        ? { kind: 'file', path: value }
        : { kind: 'random', seed: integerOption('--input', seed, 0) },
    );
  }
  return sources;
}
