/**
 * Reads artifacts. The file is untrusted: every length is checked against its size, checksums are verified, and the
 * manifest must say the same as the program that the runner would execute.
 */
import { isDeepStrictEqual } from 'node:util';
import { checkContents } from './checkContents';
import type { ArtifactContents, Constant, HostModel, ProgramContents } from './contents';
import {
  elementTypes,
  entryNames,
  formatVersion,
  irFolder,
  kernelFile,
  kernelSourceFile,
  kernelSourceOf,
  programFile,
} from './format';
import { manifestOf, type DescribedHost, type ListedIr, type Manifest } from './manifest';
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
  /** The program and its fallbacks. */
  readonly programs: readonly [Program, ...Program[]];
}

async function openArtifact(source: ByteSource): Promise<OpenArtifact> {
  const { file } = source;
  const entries = await readZipDirectory(source);
  const programs = await readPrograms(source, entries);
  const [program, ...fallbacks] = programs;
  const manifest = parseManifest(file, await readText(source, entries, entryNames.manifest));
  const { producer: _producer, ir, host, ...rest } = manifest;
  const problem = checkContents({ ...program, fallbacks, host }) ?? checkFiles(programs, entries);
  if (problem !== undefined)
    throw messages.error('STR0604', { file, what: problem.where, reason: problem.reason });
  const described = { ...rest, fallbacks: rest.fallbacks.map(({ ir: _ir, ...fallback }) => fallback) };
  // JSON leaves out what is undefined, as the decoded program does.
  if (!isDeepStrictEqual(described, JSON.parse(JSON.stringify(manifestOf(programs)))))
    throw messages.error('STR0604', {
      file,
      what: entryNames.manifest,
      reason: `it does not describe ${entryNames.program}`,
    });
  if (host !== undefined && 'file' in host.model && host.model.file !== entryNames.hostModel)
    throw messages.error('STR0604', {
      file,
      what: entryNames.manifest,
      reason: `the host program lies in ${host.model.file}`,
    });
  const hosted = host !== undefined && 'file' in host.model ? [{ file: host.model.file }] : [];
  const listed = [...hosted, ...ir, ...manifest.fallbacks.flatMap((fallback) => fallback.ir)];
  const lost = listed.find((text) => !entries.has(text.file));
  if (lost !== undefined)
    throw messages.error('STR0604', { file, what: lost.file, reason: 'there is no such entry' });
  return { source, entries, manifest, programs };
}

async function readPrograms(
  source: ByteSource,
  entries: ReadonlyMap<string, ZipEntry>,
): Promise<readonly [Program, ...Program[]]> {
  const first = await readProgram(source, entries, entryNames.program);
  const fallbacks: Program[] = [];
  while (entries.has(programFile(fallbacks.length + 1)))
    fallbacks.push(await readProgram(source, entries, programFile(fallbacks.length + 1)));
  return [first, ...fallbacks];
}

async function readProgram(
  source: ByteSource,
  entries: ReadonlyMap<string, ZipEntry>,
  name: string,
): Promise<Program> {
  const { file } = source;
  try {
    return decodeProgram(await readNamed(source, entries, name));
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    if (error.version !== undefined)
      throw messages.error('STR0603', { file, found: error.version, expected: formatVersion });
    throw messages.error('STR0604', {
      file,
      what: `${name}, ${error.what}`,
      reason: error.reason,
    });
  }
}

/** The entries that the programs refer to exist and are long enough. */
function checkFiles(
  programs: readonly [Program, ...Program[]],
  entries: ReadonlyMap<string, ZipEntry>,
): { where: string; reason: string } | undefined {
  const [{ target, model }, ...fallbacks] = programs;
  const other = fallbacks.findIndex((p) => !isDeepStrictEqual(p.target, target) || p.model !== model);
  if (other >= 0) return { where: programFile(other + 1), reason: 'it is of another model or target' };
  for (const [i, { file }] of programs.flatMap((program) => program.kernelLibraries).entries())
    if (file !== kernelFile(i) || !entries.has(file) || !entries.has(kernelSourceFile(i)))
      return { where: `kernel library ${i}`, reason: `there is no ${kernelFile(i)} with its source` };
  const embedded = entries.get(entryNames.constants)?.size ?? 0;
  for (const { name, location } of programs.flatMap((program) => program.constants))
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

/** Checks what `manifestOf` does not determine; the rest is compared with the programs. */
function hasOwnManifestFields(value: unknown): value is Manifest {
  if (typeof value !== 'object' || value === null) return false;
  const { producer, fallbacks, host } = value as { producer?: unknown; fallbacks?: unknown; host?: unknown };
  return (
    typeof producer === 'string' &&
    isHost(host) &&
    listsIr(value) &&
    Array.isArray(fallbacks) &&
    fallbacks.every(listsIr)
  );
}

function listsIr(value: unknown): value is ListedIr {
  if (typeof value !== 'object' || value === null) return false;
  const { ir } = value as { ir?: unknown };
  return (
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

/** Whether it is what `DescribedHost` says; absent is fine. */
function isHost(host: unknown): host is DescribedHost | undefined {
  if (host === undefined) return true;
  if (typeof host !== 'object' || host === null) return false;
  const { model, inputs, outputs, stages, cpuLevel, optLevel } = host as Record<string, unknown>;
  const texts = (of: unknown, ...fields: readonly string[]): boolean =>
    typeof of === 'object' &&
    of !== null &&
    fields.every((f) => typeof (of as Record<string, unknown>)[f] === 'string');
  const isShape = (shape: unknown): boolean =>
    Array.isArray(shape) &&
    shape.every((d) => typeof d === 'string' || (Number.isSafeInteger(d) && (d as number) >= 0));
  const isSignature = (s: unknown): boolean => {
    if (!texts(s, 'name')) return false;
    const { tensor } = s as { tensor?: unknown };
    return (
      tensor === undefined ||
      (texts(tensor, 'elementType') &&
        Object.hasOwn(elementTypes, (tensor as { elementType: string }).elementType) &&
        isShape((tensor as { shape?: unknown }).shape))
    );
  };
  return (
    (texts(model, 'file') || texts(model, 'path', 'sha256')) &&
    Array.isArray(inputs) &&
    inputs.every(isSignature) &&
    Array.isArray(outputs) &&
    outputs.every(isSignature) &&
    Array.isArray(stages) &&
    stages.every((s) => texts(s, 'entry', 'key')) &&
    typeof cpuLevel === 'string' &&
    typeof optLevel === 'number'
  );
}

/** Everything in the artifact, constants and kernels included. */
export async function readArtifactFrom(source: ByteSource): Promise<ArtifactContents> {
  const { entries, manifest, programs } = await openArtifact(source);
  const [program, ...fallbacks] = programs;
  const embedded = entries.has(entryNames.constants)
    ? await readNamed(source, entries, entryNames.constants)
    : new Uint8Array();
  const contentsOf = (p: Program, { ir }: ListedIr): Promise<ProgramContents> =>
    readProgramContents(source, entries, p, ir, embedded);
  const read = [];
  for (const [i, fallback] of fallbacks.entries())
    read.push(await contentsOf(fallback, manifest.fallbacks[i]!));
  return {
    producer: manifest.producer,
    model: program.model,
    target: program.target,
    ...(await contentsOf(program, manifest)),
    fallbacks: read,
    ...(manifest.host === undefined
      ? {}
      : { host: { ...manifest.host, model: await hostFile(source, entries, manifest.host) } }),
  };
}

async function readProgramContents(
  source: ByteSource,
  entries: ReadonlyMap<string, ZipEntry>,
  program: Program,
  ir: ListedIr['ir'],
  embedded: Uint8Array,
): Promise<ProgramContents> {
  const kernelLibraries = [];
  for (const { file, cpuFeatures } of program.kernelLibraries)
    kernelLibraries.push({
      bytes: await readNamed(source, entries, file),
      source: await readText(source, entries, kernelSourceOf(file)),
      cpuFeatures,
    });
  const constants = program.constants.map(({ name, location }): Constant =>
    'external' in location
      ? { name, external: location.external }
      : { name, bytes: embedded.subarray(location.offset, location.offset + location.length) },
  );
  const irTexts = [];
  for (const { pass, file } of ir) irTexts.push({ pass, text: await readText(source, entries, file) });
  const { entryPoints, functions } = program;
  return { entryPoints, functions, constants, kernelLibraries, irTexts };
}

async function hostFile(
  source: ByteSource,
  entries: ReadonlyMap<string, ZipEntry>,
  { model }: DescribedHost,
): Promise<HostModel['model']> {
  return 'file' in model ? { bytes: await readNamed(source, entries, model.file) } : model;
}

/** The host program of an artifact, with its model; undefined where entry points run by themselves. Errors as `readArtifact`. */
export const readHostModel = (file: string): Promise<HostModel | undefined> =>
  withFileSource(file, async (source) => {
    const { entries, manifest } = await openArtifact(source);
    const { host } = manifest;
    return host === undefined ? undefined : { ...host, model: await hostFile(source, entries, host) };
  });

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
