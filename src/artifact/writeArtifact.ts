/** Packages compiled programs: `ArtifactContents` to one `*.strata` file. Equal contents give equal bytes. */
import { createHash, randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CancelledError } from '../base/cancellation';
import { checkContents } from './checkContents';
import type { ArtifactContents, Constant, ProgramContents } from './contents';
import { dataAlignment, entryNames, irFolder, kernelFile, kernelSourceFile, programFile } from './format';
import { LayoutError } from './layout';
import { manifestOf, type Manifest } from './manifest';
import { messages } from './messages';
import { encodeProgram, type ConstantRange, type Program } from './program';
import { encodeZip, type ZipInput } from './zip';

interface PlacedConstants {
  /** By program. */
  readonly ranges: readonly (readonly ConstantRange[])[];
  readonly parts: readonly Uint8Array[];
}

/**
 * Assigns every embedded constant its aligned place in `constants.bin`. Where there are several programs, or entry
 * points of one function, equal bytes have one place.
 */
function placeConstants(programs: readonly ProgramContents[]): PlacedConstants {
  const parts: Uint8Array[] = [];
  const places = new Map<string, number>();
  let position = 0;
  const mayRepeat = programs.length > 1 || programs.some((p) => p.functions.length > 0);
  const place = (bytes: Uint8Array): number => {
    const key = mayRepeat ? createHash('sha256').update(bytes).digest('base64') : undefined;
    const known = key === undefined ? undefined : places.get(key);
    if (known !== undefined) return known;
    const offset = position;
    const padding = (dataAlignment - (bytes.length % dataAlignment)) % dataAlignment;
    parts.push(bytes, new Uint8Array(padding));
    position += bytes.length + padding;
    if (key !== undefined) places.set(key, offset);
    return offset;
  };
  const ranges = programs.map(({ constants }) =>
    constants.map((constant): ConstantRange => {
      const { name } = constant;
      return 'external' in constant
        ? { name, location: { external: constant.external } }
        : { name, location: { offset: place(constant.bytes), length: constant.bytes.length } };
    }),
  );
  return { ranges, parts };
}

/** Bytes of one write: systems take less than 2 GiB. */
const mostAtOnce = 2 ** 30;

const fileNameOf = (pass: string): string => pass.replace(/[^\w.-]+/g, '-').slice(0, 80) || 'pass';

interface PlacedIr {
  /** By program. */
  readonly listed: readonly Manifest['ir'][];
  readonly inputs: readonly ZipInput[];
}

/** Files of the IR texts: `ir/00-import.mlir`, `ir/1-05-….mlir` of the first fallback; equal texts are stored once. */
function placeIrTexts(programs: readonly ProgramContents[]): PlacedIr {
  const fileOfText = new Map<string, string>();
  const listed = programs.map(({ irTexts }, p) => {
    const digits = Math.max(2, String(irTexts.length - 1).length);
    return irTexts.map(({ pass, text }, i) => {
      const number = `${p === 0 ? '' : `${p}-`}${String(i).padStart(digits, '0')}`;
      const file = fileOfText.get(text) ?? `${irFolder}${number}-${fileNameOf(pass)}.mlir`;
      fileOfText.set(text, file);
      return { pass, file };
    });
  });
  return { listed, inputs: [...fileOfText].map(([text, name]) => ({ name, parts: [Buffer.from(text)] })) };
}

/**
 * The bytes of the artifact as a list of chunks. `file` names it in errors. Throws STR0605 when the contents break a rule
 * of `checkContents` and STR0607 when they do not fit.
 */
export function encodeArtifact(contents: ArtifactContents, file = 'the artifact'): readonly Uint8Array[] {
  const { target, model } = contents;
  const all = [contents, ...contents.fallbacks] as const;
  const problem = checkContents(contents) ?? firstOf(all, (p) => checkExternalRanges(p.constants));
  if (problem !== undefined) throw messages.error('STR0605', problem);
  const { ranges, parts } = placeConstants(all);
  let libraries = 0;
  const describe = (p: ProgramContents, i: number): Program => ({
    target,
    model,
    entryPoints: p.entryPoints,
    functions: p.functions,
    constants: ranges[i]!,
    kernelLibraries: p.kernelLibraries.map(({ cpuFeatures }) => ({
      file: kernelFile(libraries++),
      cpuFeatures,
    })),
  });
  const programs = [
    describe(contents, 0),
    ...contents.fallbacks.map((f, i) => describe(f, i + 1)),
  ] as const satisfies readonly Program[];
  const ir = placeIrTexts(all);
  const described = manifestOf(programs);
  const { host } = contents;
  const manifest: Manifest = {
    ...described,
    producer: contents.producer,
    ir: ir.listed[0]!,
    fallbacks: described.fallbacks.map((f, i) => ({ ...f, ir: ir.listed[i + 1]! })),
    ...(host === undefined
      ? {}
      : { host: { ...host, model: 'bytes' in host.model ? { file: entryNames.hostModel } : host.model } }),
  };
  return encodeZip(file, [
    { name: entryNames.manifest, parts: [Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`)] },
    ...programs.map((program, i) => ({ name: programFile(i), parts: [encodeProgramOf(program)] })),
    ...all
      .flatMap((p) => p.kernelLibraries)
      .flatMap(({ bytes, source }, i) => [
        { name: kernelFile(i), parts: [bytes] },
        { name: kernelSourceFile(i), parts: [Buffer.from(source)] },
      ]),
    { name: entryNames.constants, parts },
    ...(host !== undefined && 'bytes' in host.model
      ? [{ name: entryNames.hostModel, parts: [host.model.bytes] }]
      : []),
    ...ir.inputs,
  ]);
}

function firstOf<T, R>(items: readonly T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function encodeProgramOf(program: Program): Uint8Array {
  try {
    return encodeProgram(program);
  } catch (error) {
    if (!(error instanceof LayoutError)) throw error;
    throw messages.error('STR0605', { where: 'program', reason: error.message }, { cause: error });
  }
}

function checkExternalRanges(constants: readonly Constant[]): { where: string; reason: string } | undefined {
  for (const constant of constants) {
    if (!('external' in constant)) continue;
    const { path, offset, length } = constant.external;
    const sound =
      path !== '' && !path.includes('\0') && [offset, length].every((n) => Number.isSafeInteger(n) && n >= 0);
    if (!sound)
      return {
        where: `constant "${constant.name}"`,
        reason: `bytes ${offset} to ${offset + length} of "${path}" are no range of a file`,
      };
  }
  return undefined;
}

export interface WrittenArtifact {
  readonly file: string;
  readonly bytes: number;
}

/**
 * Writes the artifact atomically: readers see the old file or the whole new one, and a failure (STR0606) or cancellation
 * (`CancelledError`) leaves nothing behind.
 */
export async function writeArtifact(
  file: string,
  contents: ArtifactContents,
  options: { readonly signal?: AbortSignal } = {},
): Promise<WrittenArtifact> {
  const chunks = encodeArtifact(contents, file);
  const temporary = join(dirname(file), `.${basename(file)}.${randomBytes(6).toString('hex')}.tmp`);
  let bytes = 0;
  try {
    const handle = await open(temporary, 'wx');
    try {
      for (const chunk of chunks) {
        if (options.signal?.aborted === true) throw new CancelledError();
        let written = 0;
        while (written < chunk.length)
          written += (await handle.write(chunk, written, Math.min(chunk.length - written, mostAtOnce)))
            .bytesWritten;
        bytes += chunk.length;
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    if (error instanceof CancelledError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw messages.error('STR0606', { file, reason }, { cause: error });
  }
  return { file, bytes };
}
