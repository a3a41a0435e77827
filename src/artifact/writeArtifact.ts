/** Packages compiled programs: `ArtifactContents` to one `*.strata` file. Equal contents give equal bytes. */
import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CancelledError } from '../base/cancellation';
import { checkContents } from './checkContents';
import type { ArtifactContents, Constant } from './contents';
import { dataAlignment, entryNames, irFolder, kernelFile, kernelSourceFile } from './format';
import { LayoutError } from './layout';
import { manifestOf, type Manifest } from './manifest';
import { messages } from './messages';
import { encodeProgram, type ConstantRange, type Program } from './program';
import { encodeZip, type ZipInput } from './zip';

/** Assigns every embedded constant its aligned place in `constants.bin`. */
function placeConstants(constants: readonly Constant[]): { ranges: ConstantRange[]; parts: Uint8Array[] } {
  const ranges: ConstantRange[] = [];
  const parts: Uint8Array[] = [];
  let position = 0;
  for (const constant of constants) {
    if ('external' in constant) {
      ranges.push({ name: constant.name, location: { external: constant.external } });
      continue;
    }
    const { length } = constant.bytes;
    ranges.push({ name: constant.name, location: { offset: position, length } });
    const padding = (dataAlignment - (length % dataAlignment)) % dataAlignment;
    parts.push(constant.bytes, new Uint8Array(padding));
    position += length + padding;
  }
  return { ranges, parts };
}

const fileNameOf = (pass: string): string => pass.replace(/[^\w.-]+/g, '-').slice(0, 80) || 'pass';

/** Files of the IR texts: `ir/00-import.mlir`; a text that did not change is stored once. */
function placeIrTexts(contents: ArtifactContents): { listed: Manifest['ir']; inputs: ZipInput[] } {
  const fileOfText = new Map<string, string>();
  const listed = contents.irTexts.map(({ pass, text }, i) => {
    const digits = Math.max(2, String(contents.irTexts.length - 1).length);
    const file =
      fileOfText.get(text) ?? `${irFolder}${String(i).padStart(digits, '0')}-${fileNameOf(pass)}.mlir`;
    fileOfText.set(text, file);
    return { pass, file };
  });
  return { listed, inputs: [...fileOfText].map(([text, name]) => ({ name, parts: [Buffer.from(text)] })) };
}

/**
 * The bytes of the artifact as a list of chunks. `file` names it in errors. Throws STR0605 when the contents break a rule
 * of `checkContents` and STR0607 when they do not fit.
 */
export function encodeArtifact(contents: ArtifactContents, file = 'the artifact'): readonly Uint8Array[] {
  const problem = checkContents(contents) ?? checkExternalRanges(contents.constants);
  if (problem !== undefined) throw messages.error('STR0605', problem);
  const { ranges, parts } = placeConstants(contents.constants);
  const program: Program = {
    target: contents.target,
    model: contents.model,
    entryPoints: contents.entryPoints,
    constants: ranges,
    kernelLibraries: contents.kernelLibraries.map(({ cpuFeatures }, i) => ({
      file: kernelFile(i),
      cpuFeatures,
    })),
  };
  const ir = placeIrTexts(contents);
  const manifest: Manifest = { ...manifestOf(program), producer: contents.producer, ir: ir.listed };
  return encodeZip(file, [
    { name: entryNames.manifest, parts: [Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`)] },
    { name: entryNames.program, parts: [encodeProgramOf(program)] },
    ...contents.kernelLibraries.flatMap(({ bytes, source }, i) => [
      { name: kernelFile(i), parts: [bytes] },
      { name: kernelSourceFile(i), parts: [Buffer.from(source)] },
    ]),
    { name: entryNames.constants, parts },
    ...ir.inputs,
  ]);
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
          written += (await handle.write(chunk, written, chunk.length - written)).bytesWritten;
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
