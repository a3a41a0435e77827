/** Which functions are kernels, what their parallel range is, and how they use their buffers. */
import type { Operation, Value } from '../../../ir';
import * as func from '../../../ir/dialects/func';
import * as scf from '../../../ir/dialects/scf';
import { fusionRefused } from '../../rules/linalgGeneric';
import type { BufferAccess } from '../targetProgram';
import { cpuMessages } from './messages';

/** One dimension of the parallel range: `from`, `from + step`, … , `count` of them. */
export interface RangeDim {
  readonly from: number;
  readonly step: number;
  readonly count: number;
}
export interface KernelFunction {
  readonly op: Operation;
  /** Name in the IR. */
  readonly name: string;
  /** Name in C. */
  readonly symbol: string;
  /** The parallel loop; a kernel without one runs once. */
  readonly forall: Operation | undefined;
  readonly range: readonly RangeDim[];
  /** Units of the range in row-major order, at least 1. */
  readonly extent: number;
}

const topLevel = (op: Operation): readonly Operation[] => op.regions[0]?.blocks[0]?.ops ?? [];
const isKernel = (op: Operation): boolean =>
  op.name === func.func.name &&
  topLevel(op).length > 0 &&
  (op.attr('strata.dispatch') !== undefined || topLevel(op).some((o) => o.name === scf.forall.name));

/** The functions of a module in order. */
export function functionsOf(module: Operation): {
  readonly kernels: ReadonlyMap<string, KernelFunction>;
  readonly hosts: readonly Operation[];
} {
  const kernels = new Map<string, KernelFunction>();
  const hosts: Operation[] = [];
  const taken = new Set<string>();
  for (const op of topLevel(module)) {
    if (op.name !== func.func.name || topLevel(op).length === 0) continue;
    if (!isKernel(op)) {
      hosts.push(op);
      continue;
    }
    const name = func.symbolNameOf(op);
    kernels.set(name, readKernel(op, name, cSymbol(name, taken)));
  }
  return { kernels, hosts };
}

/** A C identifier that no other kernel has; the prefix keeps it apart from the C library and the prelude. */
function cSymbol(name: string, taken: Set<string>): string {
  const plain = `kernel_${name.replace(/[^A-Za-z0-9_]/g, '_')}`;
  let symbol = plain;
  for (let n = 2; taken.has(symbol); n++) symbol = `${plain}_${n}`;
  taken.add(symbol);
  return symbol;
}

function readKernel(op: Operation, name: string, symbol: string): KernelFunction {
  const fail = (problem: string): never => {
    throw cpuMessages.error('STR0562', { kernel: name, problem });
  };
  if (op.region().blocks.length !== 1) fail(`it has ${op.region().blocks.length} blocks, one is expected`);
  if (func.signatureOf(op).results.length > 0) fail('it has results; kernels write to buffers');
  const foralls = topLevel(op).filter((o) => o.name === scf.forall.name);
  if (foralls.length > 1) fail(`it has ${foralls.length} parallel loops, one is expected`);
  const [forall] = foralls;
  if (forall === undefined) return { op, name, symbol, forall, range: [], extent: 1 };
  const after = topLevel(op).slice(topLevel(op).indexOf(forall) + 1);
  if (after.length !== 1) fail(`${after[0]?.name ?? 'nothing'} stands behind the parallel loop`);
  if (forall.results.length > 0) fail('its parallel loop gives tensors');
  const range = scf.forallRange(forall);
  const dims = range.upper.map((upper, d): RangeDim => {
    const [from, step] = [range.lower[d], range.step[d]];
    if (typeof upper !== 'number' || typeof from !== 'number' || typeof step !== 'number')
      return fail('a bound of its parallel loop is known only at run time');
    return { from, step, count: Math.max(0, Math.ceil((upper - from) / step)) };
  });
  return {
    op,
    name,
    symbol,
    forall,
    range: dims,
    extent: Math.max(
      1,
      dims.reduce((n, d) => n * d.count, 1),
    ),
  };
}

const views = new Set([
  'memref.subview',
  'memref.view',
  'memref.reinterpret_cast',
  'memref.cast',
  'memref.expand_shape',
  'memref.collapse_shape',
  'memref.assume_alignment',
]);
/** Which operand a writing op writes to. */
const written: Readonly<Record<string, number>> = {
  'memref.store': 1,
  'memref.copy': 1,
  'vector.store': 1,
  'vector.maskedstore': 0,
  'vector.scatter': 0,
  'vector.transfer_write': 1,
};

/** How the code below the definition of `buffer` uses it; undefined when it does not. */
export function accessOf(buffer: Value): BufferAccess | undefined {
  let reads = false;
  let writes = false;
  const visit = (v: Value): void => {
    for (const use of v.uses) {
      const { owner, index } = use;
      if (views.has(owner.name)) visit(owner.result(0));
      else if (written[owner.name] === index) writes = true;
      else if (owner.name !== 'memref.dim' && owner.name !== 'memref.dealloc') reads = true;
    }
  };
  visit(buffer);
  return writes ? (reads ? 'readwrite' : 'write') : reads ? 'read' : undefined;
}

/** Facts of the dispatch that the kernel was made from, where its attribute `strata.dispatch` has them. */
export function dispatchFacts(op: Operation) {
  const info = op.attr('strata.dispatch');
  const get = (...names: readonly string[]) => {
    if (info?.kind !== 'dictionary') return undefined;
    for (const n of names) {
      const a = info.entries.get(n);
      if (a !== undefined) return a;
    }
    return undefined;
  };
  const number = (...names: readonly string[]): number | undefined => {
    const a = get(...names);
    return a?.kind === 'integer' ? Number(a.value) : a?.kind === 'float' ? a.value : undefined;
  };
  const texts = (name: string): readonly string[] | undefined => {
    const a = get(name);
    return a?.kind === 'array'
      ? a.elements.flatMap((e) => (e.kind === 'string' ? [e.value] : []))
      : undefined;
  };
  const name = get('name');
  const schedule = get('schedule') ?? op.attr('schedule');
  return {
    name: name?.kind === 'string' ? name.value : undefined,
    flops: number('flops'),
    bytesRead: number('bytes_read', 'bytesRead'),
    bytesWritten: number('bytes_written', 'bytesWritten'),
    predictedNs: number('predicted_ns', 'predictedNs'),
    grain: number('grain'),
    origins: texts('origins'),
    schedule: schedule?.kind === 'string' ? schedule.value : (schedule?.text ?? ''),
    refused: [...new Set(texts(fusionRefused))].join('\n'),
  };
}
