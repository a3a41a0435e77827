/**
 * Reads the planned host functions as data: which kernel runs on which buffers. Every buffer is a place in an input,
 * an output, a constant or the arena; views cost nothing.
 */
import type { Attribute, Operation, Value, types } from '../../../ir';
import { modelNodesOf, numbersOf } from '../../../ir';
import * as func from '../../../ir/dialects/func';
import * as memref from '../../../ir/dialects/memref';
import { isContiguous, layoutOf } from '../../../ir/dialects/memrefLayout';
import { DYNAMIC_INDEX } from '../../../ir/dialects/mixedIndices';
import { byteSize, storageBytes } from '../../../ir/types';
import type {
  TargetBinding,
  TargetConstant,
  TargetEntryPoint,
  TargetFunction,
  TargetProgram,
  TargetStep,
  TargetTensor,
} from '../targetProgram';
import { copyKernel } from './copyKernel';
import type { EmittedKernel } from './emitKernels';
import { emitKernels } from './emitKernels';
import type { KernelFunction } from './kernelFunctions';
import { accessOf, dispatchFacts, functionsOf } from './kernelFunctions';
import { cpuMessages } from './messages';

const arenaAlignment = 64;

/** Where a buffer of the host lies. */
interface Place {
  readonly space: TargetBinding['space'];
  readonly index: number;
  /** Bytes. */
  readonly offset: number;
}

/** `emitted` are the kernels of the module's C; they are made when left out. */
export function hostProgram(
  module: Operation,
  emitted: readonly EmittedKernel[] = emitKernels(module).kernels,
): TargetProgram {
  const { kernels, hosts } = functionsOf(module);
  const constants = new Constants(module);
  const scratch = new Map(emitted.map((k) => [k.name, k.scratchBytes]));
  const scratchOf = (k: KernelFunction): number => scratch.get(k.name) ?? 0;
  const entryPoints = hosts.map((h) => new HostReader(h, kernels, constants, scratchOf).read());
  return { entryPoints, functions: sizedFunctions(hosts, entryPoints), constants: constants.list };
}

/** Hosts that say which function of the model they are (`strata.function`), and for which sizes (`strata.sizes`). */
function sizedFunctions(
  hosts: readonly Operation[],
  entryPoints: readonly TargetEntryPoint[],
): readonly TargetFunction[] {
  const functions = new Map<
    string,
    { inputs: TargetFunction['inputs']; variants: TargetFunction['variants'][number][] }
  >();
  hosts.forEach((host, h) => {
    const name = host.attr('strata.function');
    const given = host.attr('strata.sizes');
    if (name?.kind !== 'string' || given?.kind !== 'dictionary') return;
    const entry = entryPoints[h]!;
    const inputs = entry.inputs.map(({ name: own, element, shape }, i) => {
      const dims = argumentAttribute(host, i, 'strata.dims');
      const symbols = dims?.kind === 'array' ? dims.elements : [];
      return {
        name: own,
        element,
        shape: shape.map((d, k) => {
          const symbol = symbols[k];
          return symbol?.kind === 'string' ? symbol.value : d;
        }),
      };
    });
    const symbols = new Set(inputs.flatMap((t) => t.shape.filter((d) => typeof d === 'string')));
    const sizes = Object.fromEntries(
      [...symbols].map((s) => {
        const size = given.entries.get(s);
        return [
          s,
          size?.kind === 'integer' ? Number(size.value) : fail(host, `strata.sizes has no size of "${s}"`),
        ];
      }),
    );
    const known = functions.get(name.value) ?? { inputs, variants: [] };
    functions.set(name.value, known);
    known.variants.push({ entry: entry.name, sizes });
  });
  return [...functions].map(([name, f]) => ({ name, ...f }));
}

function fail(op: Operation, problem: string): never {
  throw cpuMessages.error('STR0563', { op: op.name, problem });
}
const bufferType = (op: Operation, v: Value): types.MemRefType =>
  v.type.kind === 'memref' ? v.type : fail(op, `${v.type.text} is no buffer`);
const bytesOf = (op: Operation, type: types.MemRefType): number =>
  byteSize(type) ?? fail(op, `the size of ${type.text} is known only at run time`);
const tensorOf = (name: string, type: types.MemRefType, bytes: number): TargetTensor => ({
  name,
  element: type.element.text,
  shape: type.shape,
  bytes,
});

/** The constants of all entry points, each once, in order of first use. */
class Constants {
  readonly list: TargetConstant[] = [];
  readonly #indices = new Map<string, number>();
  readonly #globals = new Map<string, Operation>();

  constructor(module: Operation) {
    for (const op of module.region().blocks[0]!.ops)
      if (op.name === memref.global.name) this.#globals.set(memref.global.view(op).sym_name, op);
  }
  index(use: Operation, name: string): number {
    let index = this.#indices.get(name);
    if (index !== undefined) return index;
    const op = this.#globals.get(name) ?? fail(use, `there is no memref.global @${name}`);
    const { type, initial_value } = memref.global.view(op);
    const buffer = type as types.MemRefType;
    const tensor = tensorOf(name, buffer, bytesOf(op, buffer));
    index = this.list.length;
    this.#indices.set(name, index);
    if (initial_value?.kind === 'dense_resource') this.list.push({ ...tensor, resource: initial_value.key });
    else if (initial_value?.kind === 'dense')
      this.list.push({ ...tensor, data: repeated(initial_value.bytes, initial_value.splat, tensor.bytes) });
    else fail(op, `@${name} has no initial value`);
    return index;
  }
}
function repeated(bytes: Uint8Array, splat: boolean, total: number): Uint8Array {
  if (!splat) return bytes;
  const out = new Uint8Array(total);
  for (let i = 0; i < total; i += bytes.length) out.set(bytes, i);
  return out;
}

class HostReader {
  readonly #places = new Map<Value, Place>();
  readonly #steps: TargetStep[] = [];
  #arenaBytes = 0;

  constructor(
    readonly host: Operation,
    readonly kernels: ReadonlyMap<string, KernelFunction>,
    readonly constants: Constants,
    readonly scratchOf: (kernel: KernelFunction) => number,
  ) {}

  read(): TargetEntryPoint {
    const { host } = this;
    if (host.region().blocks.length !== 1) fail(host, 'it has several blocks');
    const inputs: TargetTensor[] = [];
    const outputs: TargetTensor[] = [];
    const block = host.region().blocks[0]!;
    block.args.forEach((arg, i) => {
      const type = bufferType(host, arg);
      if (!isContiguous(type) || layoutOf(type)?.offset !== 0)
        fail(host, `argument ${i} must be row-major, found ${type.text}`);
      const isOutput = this.#isOutput(arg, i);
      const list = isOutput ? outputs : inputs;
      const name = argumentAttribute(host, i, 'strata.name');
      const label = name?.kind === 'string' ? name.value : `${isOutput ? 'output' : 'input'}${list.length}`;
      this.#places.set(arg, { space: isOutput ? 'output' : 'input', index: list.length, offset: 0 });
      list.push(tensorOf(label, type, bytesOf(host, type)));
    });
    for (const op of block.ops) this.#op(op);
    return {
      name: func.symbolNameOf(host),
      inputs,
      outputs,
      arenaBytes: this.#arenaBytes,
      steps: this.#steps,
    };
  }

  /** An output says so (`strata.output`), or is written by a launch. */
  #isOutput(arg: Value, i: number): boolean {
    if (argumentAttribute(this.host, i, 'strata.output') !== undefined) return true;
    const written = (v: Value): boolean =>
      [...v.uses].some(({ owner, index }) => {
        if (owner.name === memref.copy.name) return index === 1;
        const call = func.call.as(owner);
        if (call === undefined)
          return (
            owner.results.length === 1 && owner.result(0).type.kind === 'memref' && written(owner.result(0))
          );
        const parameter = this.kernels.get(call.callee)?.op.region().blocks[0]!.args[index];
        const access = parameter === undefined ? undefined : accessOf(parameter);
        return access === 'write' || access === 'readwrite';
      });
    return written(arg);
  }

  #place(op: Operation, v: Value): Place {
    return this.#places.get(v) ?? fail(op, 'an operand is not a buffer of the host');
  }
  #op(op: Operation): void {
    switch (op.name) {
      case 'arith.constant':
      case 'memref.dealloc':
        return;
      case 'func.return':
        if (op.operandCount > 0) fail(op, 'results must be buffers that are arguments');
        return;
      case 'memref.alloc':
      case 'memref.alloca': {
        // A buffer that no plan placed gets a place of its own.
        const bytes = bytesOf(op, bufferType(op, op.result(0)));
        this.#places.set(op.result(0), { space: 'arena', index: 0, offset: this.#arenaBytes });
        this.#arenaBytes = Math.ceil((this.#arenaBytes + bytes) / arenaAlignment) * arenaAlignment;
        return;
      }
      case 'memref.get_global':
        this.#places.set(op.result(0), {
          space: 'constant',
          index: this.constants.index(op, memref.getGlobal.view(op).name),
          offset: 0,
        });
        return;
      case 'memref.view': {
        const v = memref.view.view(op);
        const at = constantIndex(v.byteShift) ?? fail(op, 'the place in the arena is known only at run time');
        this.#move(op, v.source, at);
        return;
      }
      case 'memref.cast':
      case 'memref.expand_shape':
      case 'memref.collapse_shape':
      case 'memref.assume_alignment':
        this.#move(op, op.operand(0), 0);
        return;
      case 'memref.reinterpret_cast':
      case 'memref.subview':
        this.#slice(op);
        return;
      case 'func.call':
        this.#call(op);
        return;
      case 'memref.copy':
        this.#copy(op);
        return;
      default:
        fail(op, 'it is no launch, view or copy');
    }
  }
  #move(op: Operation, source: Value, bytes: number): void {
    const place = this.#place(op, source);
    this.#places.set(op.result(0), { ...place, offset: place.offset + bytes });
  }
  /** The place keeps the base; a static offset in the type is the kernel's to add. */
  #slice(op: Operation): void {
    const type = bufferType(op, op.result(0));
    const layout = layoutOf(type);
    if (
      layout?.offset === undefined ||
      layout.strides.includes(undefined) ||
      numbersOf(op.attr('static_offsets'))?.includes(DYNAMIC_INDEX) === true
    )
      fail(op, 'the slice is known only at run time');
    this.#move(op, op.operand(0), 0);
  }

  #binding(op: Operation, v: Value, access: TargetBinding['access']): TargetBinding {
    const place = this.#place(op, v);
    const length = spanOf(op, bufferType(op, v));
    return place.space === 'arena'
      ? { access, length, space: 'arena', offset: place.offset }
      : { access, length, space: place.space, index: place.index, offset: place.offset };
  }
  #call(op: Operation): void {
    const { callee, arguments: args } = func.call.view(op);
    const kernel = this.kernels.get(callee) ?? fail(op, `@${callee} is no kernel`);
    const parameters = kernel.op.region().blocks[0]!.args;
    const bindings = args.map((v, i) => this.#binding(op, v, accessOf(parameters[i]!) ?? 'read'));
    const facts = dispatchFacts(kernel.op);
    const moved = (what: 'read' | 'write'): number =>
      bindings.reduce((n, b) => (b.access === what || b.access === 'readwrite' ? n + b.length : n), 0);
    this.#steps.push({
      name: facts.name ?? kernel.name,
      symbol: kernel.symbol,
      extent: kernel.extent,
      grain: Math.max(1, facts.grain ?? 1),
      bindings,
      flops: facts.flops ?? 0,
      bytesRead: facts.bytesRead ?? moved('read'),
      bytesWritten: facts.bytesWritten ?? moved('write'),
      scratchBytes: this.scratchOf(kernel),
      origins: facts.origins ?? originsOf(op, kernel.op),
      schedule: facts.schedule,
      refused: facts.refused,
      predictedNs: facts.predictedNs,
    });
  }
  #copy(op: Operation): void {
    const [from, to] = op.operands.map((v) => bufferType(op, v));
    if (
      !isContiguous(from!) ||
      !isContiguous(to!) ||
      layoutOf(from!)?.offset !== 0 ||
      layoutOf(to!)?.offset !== 0
    )
      fail(op, 'a copy must be between row-major buffers');
    const bytes = bytesOf(op, to!);
    if (bytes === 0) return;
    const { symbol, extent } = copyKernel(bytes);
    this.#steps.push({
      name: `copy_${bytes}`,
      symbol,
      extent,
      grain: 1,
      bindings: [this.#binding(op, op.operand(0), 'read'), this.#binding(op, op.operand(1), 'write')],
      flops: 0,
      bytesRead: bytes,
      bytesWritten: bytes,
      scratchBytes: 0,
      origins: originsOf(op, op),
      schedule: '',
      refused: '',
      predictedNs: undefined,
    });
  }
}

/** Bytes from the base of a buffer to the end of its last element. */
function spanOf(op: Operation, type: types.MemRefType): number {
  const layout = layoutOf(type);
  if (layout?.offset === undefined) fail(op, `${type.text} begins at a place known only at run time`);
  if (type.shape.includes(0)) return 0;
  const last = layout.strides.reduce<number>(
    (at, s, d) =>
      at + (s ?? fail(op, `a stride of ${type.text} is known only at run time`)) * (type.shape[d]! - 1),
    layout.offset,
  );
  return (last + 1) * storageBytes(type.element);
}
function originsOf(call: Operation, kernel: Operation): readonly string[] {
  const nodes = modelNodesOf(call.location);
  return (nodes.length > 0 ? nodes : modelNodesOf(kernel.location)).map((n) => n.name);
}
function constantIndex(v: Value): number | undefined {
  const value: Attribute | undefined =
    v.definingOp?.name === 'arith.constant' ? v.definingOp.attr('value') : undefined;
  return value?.kind === 'integer' ? Number(value.value) : undefined;
}
function argumentAttribute(op: Operation, i: number, name: string): Attribute | undefined {
  const list = op.attr('arg_attrs');
  const entry = list?.kind === 'array' ? list.elements[i] : undefined;
  return entry?.kind === 'dictionary' ? entry.entries.get(name) : undefined;
}
