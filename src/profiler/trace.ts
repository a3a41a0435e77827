/**
 * The trace model: columns of typed arrays, one row per zone, never one object per zone. Importers fill it
 * through `TraceBuilder`; statistics, layout and export read it. Every time is an integer number of
 * nanoseconds after `origin`, exact below 2^53 (104 days). 36 bytes per zone.
 */
import type { Diagnostic } from '../base/diagnostics';

export type TrackKind = 'thread' | 'queue' | 'async' | 'counter';

/** A row group of the timeline. `first` and `count` name its rows in `zones`, or in `counters` for a counter. */
export interface Track {
  readonly kind: TrackKind;
  readonly name: string;
  readonly process?: string;
  readonly first: number;
  readonly count: number;
  /** Greatest nesting depth plus one; 0 for counters and empty tracks. */
  readonly rows: number;
  /** Zones overlap without containing one another, as those of asynchronous work do. */
  readonly loose?: boolean;
  /** Unit of a counter's values, where recorded. */
  readonly unit?: string;
}

/** Rows are sorted by track, start, then longest first; so a parent always stands before its children. */
export interface ZoneColumns {
  readonly start: Float64Array;
  readonly duration: Float64Array;
  /** Index into `Trace.strings`. */
  readonly name: Uint32Array;
  readonly track: Uint16Array;
  readonly depth: Uint16Array;
  /** Index of the zone around this one, −1 at the top. */
  readonly parent: Int32Array;
  /** Index of an argument set, 0 for none. */
  readonly args: Uint32Array;
  /** The argument `iteration`, −1 for none; kept out of the sets so that equal ones are stored once. */
  readonly iteration: Int32Array;
}

export const ArgKind = { string: 0, number: 1, boolean: 2 } as const;

/** Argument sets: set `i` is the rows `offset[i] … offset[i + 1]`. A key that repeats within a set is a list. */
export interface ArgColumns {
  readonly offset: Uint32Array;
  readonly key: Uint32Array;
  /** A value of `ArgKind`. */
  readonly kind: Uint8Array;
  /** The number, 0 or 1 for booleans, or an index into `Trace.strings`. */
  readonly value: Float64Array;
}

export interface CounterColumns {
  readonly time: Float64Array;
  readonly value: Float64Array;
}

/** Row i is an arrow: zone `from[i]` caused zone `to[i]`, both rows of the zones. As recorded, in order of the time of `to`. */
export interface FlowColumns {
  readonly from: Uint32Array;
  readonly to: Uint32Array;
}

export interface Trace {
  readonly format: string;
  /** Absolute time of offset 0 on the clock of the recording, in nanoseconds. */
  readonly origin: bigint;
  /** End of the last event, in nanoseconds after `origin`. */
  readonly span: number;
  readonly strings: readonly string[];
  readonly tracks: readonly Track[];
  readonly zones: ZoneColumns;
  readonly args: ArgColumns;
  readonly counters: CounterColumns;
  readonly flows: FlowColumns;
  readonly warnings: readonly Diagnostic[];
}

/** A trace without its absolute time: what statistics and layout need, on either side of a message channel. */
export type TraceColumns = Omit<Trace, 'origin'>;

/** What our runner records with a zone; empty for traces of other tools. */
export interface ZoneFacts {
  /** Index into the dispatch table of the artifact. */
  readonly dispatch?: number;
  /** Names of the model nodes that the dispatch computes. */
  readonly origins?: readonly string[];
  /** Work of one call of the whole dispatch. */
  readonly flops?: number;
  /** Read and written. */
  readonly bytes?: number;
  readonly entry?: string;
  /** What the cost model predicted for the whole dispatch, in nanoseconds. */
  readonly predicted?: number;
  readonly schedule?: string;
  /** Why more ops were not fused into the dispatch. */
  readonly refused?: readonly string[];
  /** Part of the dispatch that this thread computed, 0 to 1; 1 where it is not recorded. */
  readonly part?: number;
  /** The zone stands for several calls that were recorded as a whole; times in nanoseconds. */
  readonly merged?: { readonly calls: number; readonly min: number; readonly max: number };
}

/** Arguments that `factsOf` turns into facts. */
export const FACT_ARGUMENTS: ReadonlySet<string> = new Set([
  'dispatch',
  'entry',
  'origins',
  'flops',
  'bytes',
  'bytes_read',
  'bytes_written',
  'predicted_ns',
  'schedule',
  'refused',
  'units',
  'extent',
  'calls',
]);

export type ArgValue = string | number | boolean;

/** The columns of a trace that hold strings and arguments; what the accessors below need. */
export type ArgSource = Pick<Trace, 'strings' | 'args'>;

/** The arguments of set `id` in recorded order; a key may repeat. */
export function argsOf(trace: ArgSource, id: number): readonly (readonly [string, ArgValue])[] {
  const { offset, key, kind, value } = trace.args;
  const out: [string, ArgValue][] = [];
  for (let i = offset[id] ?? 0; i < (offset[id + 1] ?? 0); i++) {
    const v = value[i]!;
    const decoded =
      kind[i] === ArgKind.string ? (trace.strings[v] ?? '') : kind[i] === ArgKind.boolean ? v !== 0 : v;
    out.push([trace.strings[key[i]!] ?? '', decoded]);
  }
  return out;
}

/** Origins that a writer joined into one string; a JSON list, or names separated by line breaks or `;`. */
function splitOrigins(text: string): readonly string[] {
  if (text.startsWith('[')) {
    try {
      const parsed: unknown = JSON.parse(text);
      if (Array.isArray(parsed)) return parsed.map(String);
    } catch {
      return [text];
    }
  }
  return text
    .split(/[\n;]/)
    .map((s) => s.trim())
    .filter((s) => s !== '');
}

/** The typed facts of argument set `id`. Arguments of another type than expected are left out. */
export function factsOf(trace: ArgSource, id: number): ZoneFacts {
  const numbers = new Map<string, number>();
  const texts = new Map<string, string>();
  const origins = new Set<string>();
  for (const [key, v] of argsOf(trace, id)) {
    if (key === 'origins' && typeof v === 'string') for (const origin of splitOrigins(v)) origins.add(origin);
    else if (typeof v === 'number') numbers.set(key, v);
    else if (typeof v === 'string') texts.set(key, v);
  }
  const [read, written] = [numbers.get('bytes_read'), numbers.get('bytes_written')];
  const moved = read === undefined && written === undefined ? undefined : (read ?? 0) + (written ?? 0);
  const [units, extent] = [numbers.get('units'), numbers.get('extent')];
  const [calls, min, max] = [numbers.get('calls'), numbers.get('min_ns'), numbers.get('max_ns')];
  return present({
    dispatch: numbers.get('dispatch'),
    origins: origins.size === 0 ? undefined : [...origins],
    flops: numbers.get('flops'),
    bytes: numbers.get('bytes') ?? moved,
    entry: texts.get('entry'),
    predicted: numbers.get('predicted_ns'),
    schedule: texts.get('schedule'),
    refused: texts.get('refused')?.split('\n'),
    part:
      units === undefined || extent === undefined || extent <= 0 ? undefined : Math.min(1, units / extent),
    merged: calls === undefined ? undefined : { calls, min: min ?? NaN, max: max ?? NaN },
  });
}

type Present<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

const present = <T extends object>(facts: T): Present<T> =>
  Object.fromEntries(Object.entries(facts).filter(([, v]) => v !== undefined)) as Present<T>;

/** Facts of every argument set, read once: sets are shared, so this is far shorter than the zones. */
export function allFacts(trace: ArgSource): readonly ZoneFacts[] {
  return Array.from({ length: Math.max(1, trace.args.offset.length - 1) }, (_, id) => factsOf(trace, id));
}
