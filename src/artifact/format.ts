/**
 * The artifact format, described once. A `*.strata` file is a zip of stored entries whose data is aligned to 64 bytes, so
 * that the runner maps it. The TypeScript reader and writer use these declarations directly;
 * `native-runner/include/strata/artifact_format.h` is generated from them by `cppHeader.ts`.
 *
 * Zip records: PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16.
 */
import { f64, nested, struct, u16, u32, u64, u8 } from './layout';

/** Raised whenever a reader of the old version would misread a new file. Readers accept exactly this version. */
export const formatVersion = 4;

/** First bytes of `program.bin`: `STRA` as a little-endian number. */
export const programMagic = 0x41525453;

/** Alignment of the data of every zip entry, of every embedded constant and of the arena, in bytes. */
export const dataAlignment = 64;

export const entryNames = {
  manifest: 'manifest.json',
  program: 'program.bin',
  constants: 'constants.bin',
  hostModel: 'host/model.onnx',
} as const;
/** Followed by a number from 1 and `.bin`: programs for machines that lack a feature which those before require. */
export const fallbackProgramPrefix = 'program-';
export const programFile = (index: number): string =>
  index === 0 ? entryNames.program : `${fallbackProgramPrefix}${index}.bin`;
/** Libraries are numbered through all programs. */
export const kernelFile = (index: number): string => `kernels/${index}.so`;
export const kernelSourceFile = (index: number): string => `kernels/${index}.c`;
/** The source of a file of `kernelFile`. */
export const kernelSourceOf = (kernels: string): string => kernels.replace(/\.so$/, '.c');
export const irFolder = 'ir/';

/** Upper bounds that readers enforce before they allocate. */
export const limits = {
  maxRank: 64,
  maxBindings: 256,
  maxStringBytes: 16 * 1024 * 1024,
  maxZipEntries: 65534,
} as const;

/** Code in the file and size in bytes of each element type. `i1` is 0 or 1; types below 8 bits take a byte each. */
export const elementTypes = {
  f32: { code: 1, bytes: 4 },
  f16: { code: 2, bytes: 2 },
  bf16: { code: 3, bytes: 2 },
  f64: { code: 4, bytes: 8 },
  i8: { code: 5, bytes: 1 },
  u8: { code: 6, bytes: 1 },
  i16: { code: 7, bytes: 2 },
  u16: { code: 8, bytes: 2 },
  i32: { code: 9, bytes: 4 },
  u32: { code: 10, bytes: 4 },
  i64: { code: 11, bytes: 8 },
  u64: { code: 12, bytes: 8 },
  i1: { code: 13, bytes: 1 },
  f8E4M3FN: { code: 14, bytes: 1 },
  f8E4M3FNUZ: { code: 15, bytes: 1 },
  f8E5M2: { code: 16, bytes: 1 },
  f8E5M2FNUZ: { code: 17, bytes: 1 },
  f8E8M0FNU: { code: 18, bytes: 1 },
  f4E2M1FN: { code: 19, bytes: 1 },
  i4: { code: 20, bytes: 1 },
  u4: { code: 21, bytes: 1 },
  i2: { code: 22, bytes: 1 },
  u2: { code: 23, bytes: 1 },
} as const;
export type ElementType = keyof typeof elementTypes;

export const bufferSpaces = { input: 1, output: 2, arena: 3, constant: 4 } as const;
export type BufferSpace = keyof typeof bufferSpaces;

export const bindingAccesses = { read: 1, write: 2, readwrite: 3 } as const;
export type BindingAccess = keyof typeof bindingAccesses;

/** Codes are closed sets: the name of `code` in `table`, or undefined for a code that this version does not know. */
export function nameOfCode<T extends Readonly<Record<string, number | { readonly code: number }>>>(
  table: T,
  code: number,
): (keyof T & string) | undefined {
  return Object.keys(table).find((name) => {
    const entry = table[name]!;
    return (typeof entry === 'number' ? entry : entry.code) === code;
  });
}

export const stringRef = struct('stringRef', 'UTF-8 text in the string section.', {
  offset: u32('Bytes from the start of the string section.'),
  length: u32('Bytes.'),
});

export const range = struct('range', 'Consecutive records of another table.', {
  first: u32('Index of the first record.'),
  count: u32('Number of records.'),
});

export const section = struct('section', 'Where a table lies in program.bin.', {
  offset: u32('Bytes from the start of the file, a multiple of 8.'),
  count: u32('Number of records; bytes for the string section.'),
});

export const programHeader = struct('programHeader', 'First record of program.bin.', {
  magic: u32('`programMagic`.'),
  version: u32('`formatVersion`. Checked before anything behind it is read.'),
  headerBytes: u32('Size of this record.'),
  reserved: u32('0.'),
  fileBytes: u64('Size of program.bin.'),
  target: nested(stringRef, 'Name of the compiler target.'),
  architecture: nested(stringRef, 'Instruction set of the kernels, such as x86_64.'),
  model: nested(stringRef, 'File name of the model.'),
  strings: nested(section, 'UTF-8 bytes of all texts.'),
  stringLists: nested(section, 'stringRef records.'),
  dims: nested(section, 'int64: an extent, or −1 − k for symbol k of the entry point.'),
  tensors: nested(section, 'tensorRecord records.'),
  entryPoints: nested(section, 'entryPointRecord records.'),
  steps: nested(section, 'stepRecord records.'),
  bindings: nested(section, 'bindingRecord records.'),
  constants: nested(section, 'constantRecord records.'),
  kernelLibraries: nested(section, 'kernelLibraryRecord records.'),
  functions: nested(section, 'functionRecord records.'),
  variants: nested(section, 'variantRecord records.'),
});

export const tensorRecord = struct('tensorRecord', 'Signature of an input or output.', {
  name: nested(stringRef, 'Unique among the inputs, or outputs, of the entry point.'),
  shape: nested(range, 'In `dims`.'),
  elementType: u32('ElementType.'),
  reserved: u32('0.'),
});

export const entryPointRecord = struct('entryPointRecord', 'One program over the shared constants.', {
  name: nested(stringRef, 'Unique in the artifact.'),
  inputs: nested(range, 'In `tensors`.'),
  outputs: nested(range, 'In `tensors`.'),
  symbols: nested(range, 'In `stringLists`: names of the symbolic dimensions.'),
  steps: nested(range, 'In `steps`, in order of execution.'),
  arenaBytes: u64('Size of the arena.'),
});

export const stepRecord = struct('stepRecord', 'One kernel launch.', {
  name: nested(stringRef, 'Name of the dispatch.'),
  symbol: nested(stringRef, 'C function in the kernel library.'),
  schedule: nested(stringRef, 'Schedule attribute as IR text.'),
  refused: nested(stringRef, 'Why more ops were not fused into it, a reason a line.'),
  origins: nested(range, 'In `stringLists`: model nodes.'),
  bindings: nested(range, 'In `bindings`.'),
  kernelLibrary: u32('Index in `kernelLibraries`.'),
  reserved: u32('0.'),
  extent: u64('Units of the parallel range, at least 1.'),
  grain: u64('Smallest sub-range worth giving to a thread, at least 1.'),
  flops: u64('Arithmetic operations of one execution.'),
  bytesRead: u64('Bytes.'),
  bytesWritten: u64('Bytes.'),
  scratchBytes: u64('Scratch memory of each thread.'),
  predictedNs: f64('Estimated time, or −1.'),
});

export const bindingRecord = struct('bindingRecord', 'A buffer that a dispatch is given.', {
  space: u8('BufferSpace.'),
  access: u8('BindingAccess.'),
  reserved: u16('0.'),
  index: u32('Which input, output or constant; 0 for the arena.'),
  offset: u64('Bytes from the start of the arena; else 0.'),
  length: u64('Bytes in the arena; else 0.'),
});

export const constantRecord = struct('constantRecord', 'A parameter.', {
  name: nested(stringRef, 'For people.'),
  externalPath: nested(stringRef, 'Parameter file, or empty for constants.bin.'),
  offset: u64('Bytes from the start of that file.'),
  length: u64('Bytes.'),
});

export const kernelLibraryRecord = struct('kernelLibraryRecord', 'A shared library with kernels.', {
  file: nested(stringRef, 'Name of the zip entry.'),
  cpuFeatures: nested(range, 'In `stringLists`.'),
});

export const functionRecord = struct(
  'functionRecord',
  'A function of the model with an entry point for each of several sizes.',
  {
    name: nested(stringRef, 'Unique among functions and entry points.'),
    inputs: nested(range, 'In `tensors`, with symbolic dimensions.'),
    symbols: nested(range, 'In `stringLists`: names of the symbolic dimensions.'),
    variants: nested(range, 'In `variants`.'),
  },
);

export const variantRecord = struct('variantRecord', 'An entry point of a function.', {
  entryPoint: u32('Index in `entryPoints`.'),
  reserved: u32('0.'),
  sizes: nested(range, 'In `dims`: sizes of the symbols of the function, for which the entry point is.'),
});

export const zipLocalHeader = struct(
  'zipLocalHeader',
  'Precedes the data of a zip entry; followed by the name and the extra field.',
  {
    signature: u32('0x04034b50.'),
    versionNeeded: u16('10.'),
    flags: u16('0x0800: the name is UTF-8.'),
    method: u16('0: stored.'),
    time: u16('0, so that equal contents give equal bytes.'),
    date: u16('0x0021: 1980-01-01.'),
    crc32: u32('Of the data.'),
    compressedSize: u32('Bytes.'),
    size: u32('Bytes.'),
    nameLength: u16('Bytes.'),
    extraLength: u16('Bytes; holds the padding that aligns the data.'),
  },
  { packed: true },
);

export const zipCentralHeader = struct(
  'zipCentralHeader',
  'Directory record of a zip entry; followed by name, extra field and comment.',
  {
    signature: u32('0x02014b50.'),
    versionMadeBy: u16('10.'),
    versionNeeded: u16('10.'),
    flags: u16('As in the local header.'),
    method: u16('0: stored.'),
    time: u16('0.'),
    date: u16('0x0021.'),
    crc32: u32('Of the data.'),
    compressedSize: u32('Bytes.'),
    size: u32('Bytes.'),
    nameLength: u16('Bytes.'),
    extraLength: u16('0.'),
    commentLength: u16('0.'),
    disk: u16('0.'),
    internalAttributes: u16('0.'),
    externalAttributes: u32('0.'),
    localHeaderOffset: u32('Bytes from the start of the file.'),
  },
  { packed: true },
);

export const zipEnd = struct(
  'zipEnd',
  'End of central directory; the last bytes of the file, without a comment.',
  {
    signature: u32('0x06054b50.'),
    disk: u16('0.'),
    directoryDisk: u16('0.'),
    entriesOnDisk: u16('As `entries`.'),
    entries: u16('Number of entries.'),
    directorySize: u32('Bytes.'),
    directoryOffset: u32('Bytes from the start of the file.'),
    commentLength: u16('0.'),
  },
  { packed: true },
);

export const zipSignatures = {
  localHeader: 0x04034b50,
  centralHeader: 0x02014b50,
  end: 0x06054b50,
} as const;

/** Id of the extra field whose bytes are padding: `SA`, not assigned in APPNOTE 4.5.2. */
export const zipPaddingId = 0x4153;

/** Every record, in the order in which the C++ header declares it. */
export const structs = [
  stringRef,
  range,
  section,
  programHeader,
  tensorRecord,
  entryPointRecord,
  stepRecord,
  bindingRecord,
  constantRecord,
  kernelLibraryRecord,
  functionRecord,
  variantRecord,
  zipLocalHeader,
  zipCentralHeader,
  zipEnd,
] as const;
