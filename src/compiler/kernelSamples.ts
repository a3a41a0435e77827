/**
 * Where kernels spend their time, line by line: samples of a run joined to its dispatches by thread and time, and to lines of the
 * generated C by the line tables of the kernel library. Plain data; the command line and the editor show it.
 */
import type { FunctionLines } from '../lowering/targets/cpu/sourceLines';
import type { DispatchId } from '../profiler/dispatchId';
import type { TraceColumns } from '../profiler/trace';
import { allFacts } from '../profiler/trace';
import type { AddressLine } from '../runner/addressLines';
import { addressOfOffset } from '../runner/elfSegments';
import type { PerfSamples, Sample } from '../runner/perfSampler';

/** Samples of a line of the generated C. */
export interface LineSamples {
  /** From 0, in the C of all kernels. */
  readonly line: number;
  readonly samples: number;
}

/** Samples within the zones of one dispatch. */
export interface DispatchSamples extends DispatchId {
  readonly samples: number;
  /** Most samples first. */
  readonly lines: readonly LineSamples[];
  /** Not in lines of the C: functions of libraries and of the system, most samples first. */
  readonly elsewhere: readonly { readonly name: string; readonly samples: number }[];
}

export interface KernelSamples {
  readonly entryPoint: string;
  readonly threads: number;
  /** What was counted between samples: `cycles`, or `cpu-clock` where the machine has no counters. */
  readonly event: string;
  /** All that were taken; those of waiting and of other work are in no dispatch. */
  readonly taken: number;
  /** Most samples first. */
  readonly dispatches: readonly DispatchSamples[];
}

/** Of an address of the process in the kernel library as linked; undefined elsewhere. `file` is how the runner maps it. */
export function libraryAddresses(
  { mappings }: PerfSamples,
  library: Uint8Array,
  isLibrary: (file: string) => boolean,
): (address: bigint) => bigint | undefined {
  const own = mappings.filter((m) => isLibrary(m.file));
  return (address) => {
    const found = own.find((m) => address >= m.start && address < m.end);
    return found === undefined
      ? undefined
      : addressOfOffset(library, found.fileOffset + address - found.start);
  };
}

interface ThreadZones {
  readonly start: Float64Array;
  readonly end: Float64Array;
  /** Rows of `SampledDispatches`. */
  readonly dispatch: Int32Array;
}

/** Dispatches that a trace has zones of, of all entry points that ran: the stages of a model may be many. */
interface SampledDispatches {
  readonly ids: readonly DispatchId[];
  readonly threads: ReadonlyMap<number, ThreadZones>;
}

/** Zones of dispatches by the number of their thread; of one thread they follow one another. */
function threadZones(trace: TraceColumns, entries: ReadonlySet<string>): SampledDispatches {
  const ids: DispatchId[] = [];
  const rowOfId = new Map<string, number>();
  const rowOfFacts = allFacts(trace).map(({ dispatch, entry }) => {
    if (dispatch === undefined || entry === undefined || !entries.has(entry)) return -1;
    const key = `${dispatch} ${entry}`;
    let row = rowOfId.get(key);
    if (row === undefined) rowOfId.set(key, (row = ids.push({ entryPoint: entry, index: dispatch }) - 1));
    return row;
  });
  const { zones } = trace;
  const found = new Map<number, ThreadZones>();
  for (const track of trace.tracks) {
    const number = /^thread (\d+)/.exec(track.name)?.[1];
    if (track.kind !== 'thread' || number === undefined) continue;
    const rows: number[] = [];
    for (let i = track.first; i < track.first + track.count; i++)
      if (rowOfFacts[zones.args[i]!]! >= 0) rows.push(i);
    found.set(Number(number), {
      start: Float64Array.from(rows, (i) => zones.start[i]!),
      end: Float64Array.from(rows, (i) => zones.start[i]! + zones.duration[i]!),
      dispatch: Int32Array.from(rows, (i) => rowOfFacts[zones.args[i]!]!),
    });
  }
  return { ids, threads: found };
}

/** The dispatch whose zone holds the time, −1 for none. */
function dispatchAt({ start, end, dispatch }: ThreadZones, time: number): number {
  let [low, high] = [0, start.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (start[middle]! <= time) low = middle + 1;
    else high = middle;
  }
  return low > 0 && time < end[low - 1]! ? dispatch[low - 1]! : -1;
}

/** How the runner names its threads for the system; what carries no number is the main one. */
const threadOf = (name: string): number => Number(/^strata-(\d+)$/.exec(name)?.[1] ?? 0);

const count = <K>(counts: Map<K, number>, key: K): void => void counts.set(key, (counts.get(key) ?? 0) + 1);
const most = <K>(counts: ReadonlyMap<K, number>): readonly (readonly [K, number])[] =>
  [...counts].sort((a, b) => b[1] - a[1]);

export interface SampledRun {
  readonly sampled: PerfSamples;
  /** The zones of the run that was sampled, on the clock of the samples. */
  readonly trace: TraceColumns & { readonly origin: bigint };
  readonly entryPoint: string;
  /** Entry points whose kernels are in the library; others that ran have one of their own. */
  readonly entries: ReadonlySet<string>;
  readonly threads: number;
  /** Where in the kernel library a sample was; undefined for anywhere else. */
  readonly lineOf: (sample: Sample) => AddressLine | undefined;
  /** Of the C of all kernels, by compiled function. */
  readonly functions: ReadonlyMap<string, FunctionLines>;
}

/** Joins samples to dispatches and lines. A sample in no zone of a dispatch counts only in `taken`. */
export function attributeSamples(run: SampledRun): KernelSamples {
  const { sampled, trace, entryPoint, entries, threads, lineOf, functions } = run;
  const { ids, threads: zones } = threadZones(trace, entries);
  const lines = new Map<number, Map<number, number>>();
  const elsewhere = new Map<number, Map<string, number>>();
  const totals = new Map<number, number>();
  for (const sample of sampled.samples) {
    const thread = zones.get(threadOf(sample.thread));
    const dispatch = thread === undefined ? -1 : dispatchAt(thread, Number(sample.time - trace.origin));
    if (dispatch < 0) continue;
    count(totals, dispatch);
    const found = lineOf(sample);
    const line = found === undefined ? undefined : functions.get(found.symbol)?.lines[found.line - 1];
    if (line === undefined) {
      const name = `${sample.symbol} (${sample.object.replace(/^.*\//, '')})`;
      count(elsewhere.get(dispatch) ?? setOf(elsewhere, dispatch), name);
    } else count(lines.get(dispatch) ?? setOf(lines, dispatch), line);
  }
  return {
    entryPoint,
    threads,
    event: sampled.event,
    taken: sampled.samples.length,
    dispatches: most(totals).map(([row, samples]) => ({
      ...ids[row]!,
      samples,
      lines: most(lines.get(row) ?? new Map<number, number>()).map(([line, n]) => ({ line, samples: n })),
      elsewhere: most(elsewhere.get(row) ?? new Map<string, number>()).map(([name, n]) => ({
        name,
        samples: n,
      })),
    })),
  };
}

/** A loop of the generated C with the samples within it, those of inner loops included. */
export interface LoopSamples {
  /** From 0: the line that it begins on. */
  readonly line: number;
  readonly samples: number;
}

/** The loops around sampled lines, in order of the text. Generated C opens a block at the end of a line and indents what is in it. */
export function loopSamples(
  source: readonly string[],
  lines: readonly LineSamples[],
): readonly LoopSamples[] {
  const loops = new Map<number, number>();
  for (const { line, samples } of lines) {
    let depth = indentOf(source[line] ?? '');
    for (let i = line; i >= 0 && (depth > 0 || i === line); i--) {
      const text = source[i]!;
      const indent = text === '' ? Infinity : indentOf(text);
      const opens = /^\s*for \(.*\{$/.test(text);
      if (i === line ? opens : indent < depth && opens) loops.set(i, (loops.get(i) ?? 0) + samples);
      depth = Math.min(depth, indent);
    }
  }
  return [...loops].map(([line, samples]) => ({ line, samples })).sort((a, b) => a.line - b.line);
}
const indentOf = (text: string): number => /^ */.exec(text)![0].length;

function setOf<K, V>(maps: Map<K, Map<V, number>>, key: K): Map<V, number> {
  const made = new Map<V, number>();
  maps.set(key, made);
  return made;
}
