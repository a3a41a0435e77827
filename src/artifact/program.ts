/**
 * `program.bin`: everything that the native runner needs, as fixed-size records. Encoded from and decoded to the model of
 * `contents.ts`; decoding checks every offset against the size of the file.
 */
import type {
  Architecture,
  Binding,
  DispatchStep,
  EntryPoint,
  ExternalRange,
  KernelLibrary,
  SizedFunction,
  Target,
  TensorSignature,
} from './contents';
import { symbolsOf } from './contents';
import {
  bindingAccesses,
  bindingRecord,
  bufferSpaces,
  constantRecord,
  elementTypes,
  entryPointRecord,
  formatVersion,
  functionRecord,
  kernelLibraryRecord,
  limits,
  nameOfCode,
  programHeader,
  programMagic,
  type range,
  type section,
  stepRecord,
  stringRef,
  tensorRecord,
  variantRecord,
} from './format';
import { decode, encode, LayoutError, type AnyStruct, type RecordOf } from './layout';

/** A constant as the program refers to it; embedded ones are ranges of `constants.bin`. */
export interface ConstantRange {
  readonly name: string;
  readonly location:
    { readonly offset: number; readonly length: number } | { readonly external: ExternalRange };
}

export interface Program {
  readonly target: Target;
  readonly model: string;
  readonly entryPoints: readonly EntryPoint[];
  readonly functions: readonly SizedFunction[];
  readonly constants: readonly ConstantRange[];
  readonly kernelLibraries: readonly (Pick<KernelLibrary, 'cpuFeatures'> & { readonly file: string })[];
}

/** A program that cannot be decoded; `what` names the record. The caller adds the file. */
export class ProgramError extends Error {
  override readonly name = 'ProgramError';
  constructor(
    readonly what: string,
    readonly reason: string,
    /** Set when the file is whole but of another format version. */
    readonly version?: number,
  ) {
    super(`${what}: ${reason}`);
  }
}

type StringRef = RecordOf<typeof stringRef>;
type Range = RecordOf<typeof range>;

class ProgramWriter {
  readonly #strings = new Map<string, StringRef>();
  readonly #stringParts: Buffer[] = [];
  #stringBytes = 0;
  readonly stringLists: StringRef[] = [];
  readonly dims: number[] = [];
  readonly tensors: RecordOf<typeof tensorRecord>[] = [];
  readonly entryPoints: RecordOf<typeof entryPointRecord>[] = [];
  readonly steps: RecordOf<typeof stepRecord>[] = [];
  readonly bindings: RecordOf<typeof bindingRecord>[] = [];
  readonly functions: RecordOf<typeof functionRecord>[] = [];
  readonly variants: RecordOf<typeof variantRecord>[] = [];

  string(text: string): StringRef {
    const known = this.#strings.get(text);
    if (known !== undefined) return known;
    const bytes = Buffer.from(text);
    const ref = { offset: this.#stringBytes, length: bytes.length };
    this.#stringParts.push(bytes);
    this.#stringBytes += bytes.length;
    this.#strings.set(text, ref);
    return ref;
  }

  strings(): Buffer {
    return Buffer.concat(this.#stringParts);
  }

  stringList(texts: readonly string[]): Range {
    return append(
      this.stringLists,
      texts.map((text) => this.string(text)),
    );
  }

  tensorList(tensors: readonly TensorSignature[], symbols: readonly string[]): Range {
    return append(
      this.tensors,
      tensors.map(({ name, shape, elementType }) => ({
        name: this.string(name),
        shape: append(
          this.dims,
          shape.map((dim) => (typeof dim === 'string' ? -1 - symbols.indexOf(dim) : dim)),
        ),
        elementType: elementTypes[elementType].code,
        reserved: 0,
      })),
    );
  }

  stepList(steps: readonly DispatchStep[]): Range {
    return append(
      this.steps,
      steps.map((step) => ({
        name: this.string(step.name),
        symbol: this.string(step.symbol),
        schedule: this.string(step.schedule),
        refused: this.string(step.refused),
        origins: this.stringList(step.origins),
        bindings: append(this.bindings, step.bindings.map(encodeBinding)),
        kernelLibrary: step.kernelLibrary,
        reserved: 0,
        extent: step.extent,
        grain: step.grain,
        flops: step.flops,
        bytesRead: step.bytesRead,
        bytesWritten: step.bytesWritten,
        scratchBytes: step.scratchBytes ?? 0,
        predictedNs: step.predictedNs ?? -1,
      })),
    );
  }

  entryPoint(entry: EntryPoint): void {
    const symbols = symbolsOf(entry);
    this.entryPoints.push({
      name: this.string(entry.name),
      inputs: this.tensorList(entry.inputs, symbols),
      outputs: this.tensorList(entry.outputs, symbols),
      symbols: this.stringList(symbols),
      steps: this.stepList(entry.steps),
      arenaBytes: entry.arenaBytes,
    });
  }

  sizedFunction({ name, inputs, variants }: SizedFunction, entries: readonly EntryPoint[]): void {
    const symbols = symbolsOf({ inputs });
    this.functions.push({
      name: this.string(name),
      inputs: this.tensorList(inputs, symbols),
      symbols: this.stringList(symbols),
      variants: append(
        this.variants,
        variants.map(({ entry, sizes }) => ({
          entryPoint: entries.findIndex((e) => e.name === entry),
          reserved: 0,
          sizes: append(this.dims, sizes),
        })),
      ),
    });
  }
}

function append<T>(table: T[], records: readonly T[]): Range {
  const first = table.length;
  for (const record of records) table.push(record);
  return { first, count: records.length };
}

function encodeBinding(binding: Binding): RecordOf<typeof bindingRecord> {
  const arena = binding.space === 'arena';
  return {
    space: bufferSpaces[binding.space],
    access: bindingAccesses[binding.access],
    reserved: 0,
    index: arena ? 0 : binding.index,
    offset: arena ? binding.offset : 0,
    length: arena ? binding.length : 0,
  };
}

function table<S extends AnyStruct>(
  type: S,
  records: readonly RecordOf<S>[],
): { bytes: Uint8Array; count: number } {
  const bytes = new Uint8Array(type.size * records.length);
  const view = new DataView(bytes.buffer);
  records.forEach((record, i) => encode(type, view, i * type.size, record));
  return { bytes, count: records.length };
}

const alignTo8 = (n: number): number => Math.ceil(n / 8) * 8;

/** The caller has checked the contents with `checkContents`. Throws `LayoutError` for tables beyond 4 GiB. */
export function encodeProgram(program: Program): Uint8Array {
  const writer = new ProgramWriter();
  const { target, model } = program;
  const texts = {
    target: writer.string(target.name),
    architecture: writer.string(target.architecture),
    model: writer.string(model),
  };
  program.entryPoints.forEach((entry) => writer.entryPoint(entry));
  program.functions.forEach((f) => writer.sizedFunction(f, program.entryPoints));
  const constants = program.constants.map(({ name, location }) => {
    const { offset, length } = 'external' in location ? location.external : location;
    const externalPath = writer.string('external' in location ? location.external.path : '');
    return { name: writer.string(name), externalPath, offset, length };
  });
  const kernelLibraries = program.kernelLibraries.map(({ file, cpuFeatures }) => ({
    file: writer.string(file),
    cpuFeatures: writer.stringList(cpuFeatures),
  }));
  const strings = writer.strings();
  const tables = {
    strings: { bytes: strings, count: strings.length },
    stringLists: table(stringRef, writer.stringLists),
    dims: {
      bytes: new Uint8Array(BigInt64Array.from(writer.dims, BigInt).buffer),
      count: writer.dims.length,
    },
    tensors: table(tensorRecord, writer.tensors),
    entryPoints: table(entryPointRecord, writer.entryPoints),
    steps: table(stepRecord, writer.steps),
    bindings: table(bindingRecord, writer.bindings),
    constants: table(constantRecord, constants),
    kernelLibraries: table(kernelLibraryRecord, kernelLibraries),
    functions: table(functionRecord, writer.functions),
    variants: table(variantRecord, writer.variants),
  };
  let position = alignTo8(programHeader.size);
  const place = ({ bytes, count }: { bytes: Uint8Array; count: number }): RecordOf<typeof section> => {
    const offset = position;
    position = alignTo8(position + bytes.length);
    return { offset, count };
  };
  const sections = {
    strings: place(tables.strings),
    stringLists: place(tables.stringLists),
    dims: place(tables.dims),
    tensors: place(tables.tensors),
    entryPoints: place(tables.entryPoints),
    steps: place(tables.steps),
    bindings: place(tables.bindings),
    constants: place(tables.constants),
    kernelLibraries: place(tables.kernelLibraries),
    functions: place(tables.functions),
    variants: place(tables.variants),
  };
  const file = new Uint8Array(position);
  encode(programHeader, new DataView(file.buffer), 0, {
    magic: programMagic,
    version: formatVersion,
    headerBytes: programHeader.size,
    reserved: 0,
    fileBytes: position,
    ...texts,
    ...sections,
  });
  for (const name of Object.keys(tables) as (keyof typeof tables)[])
    file.set(tables[name].bytes, sections[name].offset);
  return file;
}

class ProgramReader {
  readonly #view: DataView;
  readonly header: RecordOf<typeof programHeader>;

  constructor(readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < 8) throw new ProgramError('header', `the file has only ${bytes.length} bytes`);
    if (this.#view.getUint32(0, true) !== programMagic)
      throw new ProgramError('header', 'the magic number is wrong');
    const version = this.#view.getUint32(4, true);
    if (version !== formatVersion) throw new ProgramError('header', `version ${version}`, version);
    if (bytes.length < programHeader.size)
      throw new ProgramError('header', `the file has only ${bytes.length} bytes`);
    this.header = decode(programHeader, this.#view, 0);
    if (this.header.headerBytes !== programHeader.size || this.header.fileBytes !== bytes.length)
      throw new ProgramError('header', `the file has ${bytes.length} bytes, not ${this.header.fileBytes}`);
  }

  #bounds(where: RecordOf<typeof section>, recordSize: number, what: string): void {
    if (where.offset % 8 !== 0 || where.offset + where.count * recordSize > this.bytes.length)
      throw new ProgramError(what, 'the table lies outside the file');
  }

  records<S extends AnyStruct>(type: S, where: RecordOf<typeof section>): readonly RecordOf<S>[] {
    this.#bounds(where, type.size, type.name);
    return Array.from({ length: where.count }, (_, i) =>
      decode(type, this.#view, where.offset + i * type.size),
    );
  }

  dims(): readonly number[] {
    const where = this.header.dims;
    this.#bounds(where, 8, 'dims');
    return Array.from({ length: where.count }, (_, i) =>
      Number(this.#view.getBigInt64(where.offset + i * 8, true)),
    );
  }

  string({ offset, length }: StringRef): string {
    const { strings } = this.header;
    this.#bounds(strings, 1, 'strings');
    if (offset + length > strings.count || length > limits.maxStringBytes)
      throw new ProgramError('strings', 'a text lies outside the string section');
    const start = strings.offset + offset;
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + start, length).toString('utf8');
  }
}

function slice<T>(records: readonly T[], { first, count }: Range, what: string): readonly T[] {
  if (first + count > records.length) throw new ProgramError(what, `there is no record ${first + count - 1}`);
  return records.slice(first, first + count);
}

function known<T extends string>(name: T | undefined, what: string, code: number): T {
  if (name === undefined) throw new ProgramError(what, `${code} is no known code`);
  return name;
}

/** Throws `ProgramError`. The caller still checks the result with `checkContents`. */
export function decodeProgram(bytes: Uint8Array): Program {
  try {
    return decodeRecords(new ProgramReader(bytes));
  } catch (error) {
    if (error instanceof LayoutError) throw new ProgramError('records', error.message);
    throw error;
  }
}

function decodeRecords(reader: ProgramReader): Program {
  const { header } = reader;
  const lists = reader.records(stringRef, header.stringLists);
  const stringList = (where: Range): readonly string[] =>
    slice(lists, where, 'stringLists').map((ref) => reader.string(ref));
  const dims = reader.dims();
  const tensors = reader.records(tensorRecord, header.tensors);
  const steps = reader.records(stepRecord, header.steps);
  const bindings = reader.records(bindingRecord, header.bindings);
  const variants = reader.records(variantRecord, header.variants);

  const tensorList = (where: Range, symbols: readonly string[]): readonly TensorSignature[] =>
    slice(tensors, where, 'tensors').map((tensor) => ({
      name: reader.string(tensor.name),
      elementType: known(nameOfCode(elementTypes, tensor.elementType), 'element type', tensor.elementType),
      shape: slice(dims, tensor.shape, 'dims').map((dim) => {
        const symbol = dim < 0 ? symbols[-1 - dim] : dim;
        if (symbol === undefined) throw new ProgramError('dims', `there is no symbol ${-1 - dim}`);
        return symbol;
      }),
    }));

  const decodeStep = (step: RecordOf<typeof stepRecord>): DispatchStep => ({
    name: reader.string(step.name),
    symbol: reader.string(step.symbol),
    kernelLibrary: step.kernelLibrary,
    extent: step.extent,
    grain: step.grain,
    bindings: slice(bindings, step.bindings, 'bindings').map(decodeBinding),
    flops: step.flops,
    bytesRead: step.bytesRead,
    bytesWritten: step.bytesWritten,
    ...(step.scratchBytes === 0 ? {} : { scratchBytes: step.scratchBytes }),
    origins: stringList(step.origins),
    schedule: reader.string(step.schedule),
    refused: reader.string(step.refused),
    ...(step.predictedNs === -1 ? {} : { predictedNs: step.predictedNs }),
  });

  const entryPoints = reader.records(entryPointRecord, header.entryPoints).map((entry) => {
    const symbols = stringList(entry.symbols);
    return {
      name: reader.string(entry.name),
      inputs: tensorList(entry.inputs, symbols),
      outputs: tensorList(entry.outputs, symbols),
      arenaBytes: entry.arenaBytes,
      steps: slice(steps, entry.steps, 'steps').map(decodeStep),
    };
  });

  const decodeFunction = (record: RecordOf<typeof functionRecord>): SizedFunction => {
    const symbols = stringList(record.symbols);
    return {
      name: reader.string(record.name),
      inputs: tensorList(record.inputs, symbols),
      variants: slice(variants, record.variants, 'variants').map(({ entryPoint, sizes }) => {
        const entry = entryPoints[entryPoint]?.name;
        if (entry === undefined) throw new ProgramError('variants', `there is no entry point ${entryPoint}`);
        return { entry, sizes: slice(dims, sizes, 'dims') };
      }),
    };
  };

  return {
    target: {
      name: reader.string(header.target),
      architecture: reader.string(header.architecture) as Architecture,
    },
    model: reader.string(header.model),
    entryPoints,
    functions: reader.records(functionRecord, header.functions).map(decodeFunction),
    constants: reader
      .records(constantRecord, header.constants)
      .map(({ name, externalPath, offset, length }) => {
        const path = reader.string(externalPath);
        return {
          name: reader.string(name),
          location: path === '' ? { offset, length } : { external: { path, offset, length } },
        };
      }),
    kernelLibraries: reader.records(kernelLibraryRecord, header.kernelLibraries).map((library) => ({
      file: reader.string(library.file),
      cpuFeatures: stringList(library.cpuFeatures),
    })),
  };
}

function decodeBinding(record: RecordOf<typeof bindingRecord>): Binding {
  const space = known(nameOfCode(bufferSpaces, record.space), 'buffer space', record.space);
  const access = known(nameOfCode(bindingAccesses, record.access), 'binding access', record.access);
  return space === 'arena'
    ? { space, access, offset: record.offset, length: record.length }
    : { space, access, index: record.index };
}
