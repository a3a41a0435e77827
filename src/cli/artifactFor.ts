/**
 * Commands that run something take an artifact or a model; a model is compiled first into a temporary artifact, which
 * is removed when the command ends.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ArtifactSession } from '../compiler/artifactSession';
import type { Compilation } from '../compiler/compilation';
import type { InputSource } from '../compiler/tensors';
import { compileFile } from './compileFile';
import type { ArtifactOptions } from './compileOptions';
import { compileOptions } from './compileOptions';
import { cliMessages } from './messages';
import { integerOption } from './options';
import type { CommandContext } from './output';
import { resourceRoot } from './resourceRoot';

interface ArtifactFor {
  readonly artifact: string;
  /** When a model was given. */
  readonly model: string | undefined;
  readonly compilation: Compilation | undefined;
}

/** An artifact in a running native runner. */
export interface OpenArtifact {
  readonly session: ArtifactSession;
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
  if (extension === '.strata') return body({ artifact: file, model: undefined, compilation: undefined });
  if (!['.onnx', '.tflite', '.mlir'].includes(extension)) {
    throw cliMessages.error('STR0005', { path: file, known: '.onnx, .tflite, .mlir and .strata files' });
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'strata-'));
  try {
    const artifact = path.join(folder, `${path.basename(file, extension)}.strata`);
    const compilation = await compileFile(
      {
        model: file,
        output: artifact,
        ...compileOptions(options),
        ...(options.resources === undefined ? {} : { resources: options.resources }),
      },
      context,
    );
    return await body({ artifact, model: file, compilation });
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
  return withArtifact(file, options, context, async ({ artifact, model, compilation }) => {
    const session = await ArtifactSession.open(artifact, {
      resourceRoot,
      cancellation: context.cancellation,
      onProgress: context.progress,
    });
    try {
      return await body({ session, artifact, model, compilation });
    } finally {
      await session.close();
    }
  });
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
