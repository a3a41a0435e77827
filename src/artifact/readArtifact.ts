/**
 * Reads artifacts. The file is untrusted: every length is checked against its size, checksums are verified, and the
 * manifest must say the same as the program that the runner would execute.
 */
import { isDeepStrictEqual } from 'node:util';
import { checkContents } from './checkContents';
import type { ArtifactContents, Constant } from './contents';
import { entryNames, formatVersion, irFolder, kernelFile, kernelSourceFile } from './format';
import { manifestOf, type Manifest } from './manifest';
import { messages } from './messages';
import { decodeProgram, ProgramError, type Program } from './program';
import { readZipDirectory, readZipEntry, withFileSource, type ByteSource, type ZipEntry } from './zip';

/** What is read at once when an artifact is opened; the bytes behind it are read on demand. */
export interface ArtifactSummary {
  readonly file: string;
  readonly bytes: number;
  readonly manifest: Manifest;
}

interface OpenArtifact {
  readonly source: ByteSource;
  readonly entries: ReadonlyMap<string, ZipEntry>;
  readonly manifest: Manifest;
  readonly program: Program;
}

async function openArtifact(source: ByteSource): Promise<OpenArtifact> {
  const { file } = source;
  const entries = await readZipDirectory(source);
  const program = await readProgram(source, entries);
  const problem = checkContents(program) ?? checkFiles(program, entries);
  if (problem !== undefined)
    throw messages.error('STR0604', { file, what: problem.where, reason: problem.reason });
  const manifest = parseManifest(file, await readText(source, entries, entryNames.manifest));
  const { producer: _producer, ir, ...described } = manifest;
  // JSON leaves out what is undefined, as the decoded program does.
  if (!isDeepStrictEqual(described, JSON.parse(JSON.stringify(manifestOf(program)))))
    throw messages.error('STR0604', {
      file,
      what: entryNames.manifest,
      reason: `it does not describe ${entryNames.program}`,
    });
  const lost = ir.find((text) => !entries.has(text.file));
  if (lost !== undefined)
    throw messages.error('STR0604', { file, what: lost.file, reason: 'there is no such entry' });
  return { source, entries, manifest, program };
}

async function readProgram(source: ByteSource, entries: ReadonlyMap<string, ZipEntry>): Promise<Program> {
  const { file } = source;
  try {
    return decodeProgram(await readNamed(source, entries, entryNames.program));
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    if (error.version !== undefined)
      throw messages.error('STR0603', { file, found: error.version, expected: formatVersion });
    throw messages.error('STR0604', {
      file,
      what: `${entryNames.program}, ${error.what}`,
      reason: error.reason,
    });
  }
}

/** The entries that the program refers to exist and are long enough. */
function checkFiles(
  program: Program,
  entries: ReadonlyMap<string, ZipEntry>,
): { where: string; reason: string } | undefined {
  for (const [i, { file }] of program.kernelLibraries.entries())
    if (file !== kernelFile(i) || !entries.has(file) || !entries.has(kernelSourceFile(i)))
      return { where: `kernel library ${i}`, reason: `there is no ${kernelFile(i)} with its source` };
  const embedded = entries.get(entryNames.constants)?.size ?? 0;
  for (const { name, location } of program.constants)
    if (!('external' in location) && location.offset + location.length > embedded)
      return { where: `constant "${name}"`, reason: `it lies outside ${entryNames.constants}` };
  return undefined;
}

async function readNamed(
  source: ByteSource,
  entries: ReadonlyMap<string, ZipEntry>,
  name: string,
): Promise<Uint8Array> {
  const entry = entries.get(name);
  if (entry === undefined)
    throw messages.error('STR0602', { file: source.file, reason: `it is a zip without ${name}` });
  return readZipEntry(source, entry);
}

async function readText(
  source: ByteSource,
  entries: ReadonlyMap<string, ZipEntry>,
  name: string,
): Promise<string> {
  const bytes = await readNamed(source, entries, name);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw messages.error(
      'STR0604',
      { file: source.file, what: name, reason: 'it is not UTF-8 text' },
      { cause },
    );
  }
}

function parseManifest(file: string, text: string): Manifest {
  const damaged = (reason: string, cause?: unknown) =>
    messages.error('STR0604', { file, what: entryNames.manifest, reason }, { cause });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw damaged('it is not JSON', cause);
  }
  if (!hasOwnManifestFields(value)) throw damaged('it lacks the producer or the list of IR texts');
  return value;
}

/** Checks what `manifestOf` does not determine; the rest is compared with the program. */
function hasOwnManifestFields(value: unknown): value is Manifest {
  if (typeof value !== 'object' || value === null) return false;
  const { producer, ir } = value as { producer?: unknown; ir?: unknown };
  return (
    typeof producer === 'string' &&
    Array.isArray(ir) &&
    ir.every(
      (item: unknown) =>
        typeof item === 'object' &&
        item !== null &&
        typeof (item as { pass?: unknown }).pass === 'string' &&
        typeof (item as { file?: unknown }).file === 'string' &&
        (item as { file: string }).file.startsWith(irFolder),
    )
  );
}

/** Everything in the artifact, constants and kernels included. */
export async function readArtifactFrom(source: ByteSource): Promise<ArtifactContents> {
  const { entries, manifest, program } = await openArtifact(source);
  const kernelLibraries = [];
  for (const [i, { file, cpuFeatures }] of program.kernelLibraries.entries())
    kernelLibraries.push({
      bytes: await readNamed(source, entries, file),
      source: await readText(source, entries, kernelSourceFile(i)),
      cpuFeatures,
    });
  const embedded = entries.has(entryNames.constants)
    ? await readNamed(source, entries, entryNames.constants)
    : new Uint8Array();
  const constants = program.constants.map(({ name, location }): Constant =>
    'external' in location
      ? { name, external: location.external }
      : { name, bytes: embedded.subarray(location.offset, location.offset + location.length) },
  );
  const irTexts = [];
  for (const { pass, file } of manifest.ir)
    irTexts.push({ pass, text: await readText(source, entries, file) });
  return {
    producer: manifest.producer,
    model: program.model,
    target: program.target,
    entryPoints: program.entryPoints,
    constants,
    kernelLibraries,
    irTexts,
  };
}

/** Errors: STR0601 unreadable, STR0602 another kind of file, STR0603 other version, STR0604 damaged. */
export const readArtifact = (file: string): Promise<ArtifactContents> =>
  withFileSource(file, readArtifactFrom);

/** Reads only the description, for views and commands that do not need constants. Errors as `readArtifact`. */
export const readArtifactSummary = (file: string): Promise<ArtifactSummary> =>
  withFileSource(file, async (source) => {
    const { manifest } = await openArtifact(source);
    return { file, bytes: source.size, manifest };
  });

/** The IR after a pass of `manifest.ir`; undefined when no pass has this name. Errors as `readArtifact`. */
export const readArtifactIr = (file: string, pass: string): Promise<string | undefined> =>
  withFileSource(file, async (source) => {
    const { entries, manifest } = await openArtifact(source);
    const listed = manifest.ir.find((text) => text.pass === pass);
    return listed === undefined ? undefined : readText(source, entries, listed.file);
  });

/** The C source of a kernel library, by its index. Errors as `readArtifact`. */
export const readKernelSource = (file: string, kernelLibrary: number): Promise<string> =>
  withFileSource(file, async (source) => {
    const { entries } = await openArtifact(source);
    return readText(source, entries, kernelSourceFile(kernelLibrary));
  });
