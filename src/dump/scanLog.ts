/**
 * The entries of a log of any size: a stream of chunks searched for markers, of which only the lines around a marker
 * ever become text. Used by the readers of logs.
 */
import type { Cancellation } from '../base/cancellation';
import type { Diagnostic } from '../base/diagnostics';
import { formatBytes } from '../base/units';
import type { ByteSource } from './byteSource';
import { readRange } from './byteSource';
import { cleanLine, linePrefixOf } from './cleanLines';
import { crc32 } from '../base/crc32';
import type { DumpEntry } from './dump';
import type { SolidStretch } from './elide';
import { CHUNK } from './elide';
import type { Marker } from './marker';
import { firstOp, stripControls } from './marker';
import type { TimingReport } from './timingReport';
import { findTimingReport } from './timingReport';
import { dumpMessages } from './messages';

export interface LogScan {
  /** Bytes that every marker line holds. */
  readonly needle: string;
  readonly parse: (line: string) => Omit<Marker, 'style'> | undefined;
  /** Take op and symbol from the first op where the marker does not name them. */
  readonly firstOp: boolean;
}

export interface ScanContext {
  readonly cancellation: Cancellation;
  /** Bytes done so far; called once per chunk. */
  readonly onProgress?: (done: number, size: number) => void;
}

/** A marker line that begins in a chunk is read to its end though it lies in the next, options and all. */
const LINE = 64 << 10;
/** Prefixes of CI and unterminated lines before a marker. */
const LOOK_BACK = 4 << 10;
/** Timing reports come at the end. */
const REPORT = 4 << 20;
const NEWLINE = 10;
const QUOTE = 0x22;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface ScannedLog {
  readonly entries: readonly DumpEntry[];
  readonly warnings: readonly Diagnostic[];
  readonly timing?: TimingReport;
  readonly solid: readonly SolidStretch[];
}

export async function scanLog(
  source: ByteSource,
  sourceIndex: number,
  scan: LogScan,
  context: ScanContext,
): Promise<ScannedLog> {
  const needle = Buffer.from(scan.needle);
  const entries: Mutable<DumpEntry>[] = [];
  const warnings: Diagnostic[] = [];
  const solid: SolidStretch[] = [];
  const strings = new Map<string, string>();
  /** One string per distinct text: slices would keep the whole chunk's text alive. */
  const intern = (text: string): string => {
    const known = strings.get(text);
    if (known !== undefined) return known;
    const flat = Buffer.from(text).toString();
    strings.set(flat, flat);
    return flat;
  };
  const capacity = LOOK_BACK + Math.min(CHUNK, source.size) + LINE;
  const buffers = [Buffer.allocUnsafe(capacity), Buffer.allocUnsafe(capacity)];
  const load = async (position: number, which: number): Promise<{ bytes: Buffer; from: number }> => {
    const from = Math.max(0, position - LOOK_BACK);
    const target = buffers[which]!.subarray(0, Math.min(capacity, position + CHUNK + LINE - from));
    const filled = await source.readInto(target, from);
    return { bytes: target.subarray(0, filled), from };
  };

  /** Op and symbol at `start`, from the window where it reaches far enough. */
  const opAt = async (
    bytes: Buffer,
    from: number,
    start: number,
    prefix: string | undefined,
  ): Promise<ReturnType<typeof firstOp>> => {
    for (const length of [512, 8 << 10, LINE]) {
      const at = start - from;
      const inWindow = at + length <= bytes.length || from + bytes.length >= source.size;
      const piece = inWindow
        ? bytes.subarray(at, at + length)
        : await readRange(source, start, start + length);
      const next = piece.indexOf(needle);
      const whole = next < 0 && piece.length === length;
      const text = (next < 0 ? piece : piece.subarray(0, next)).toString('utf8');
      // The last line may be cut; it counts only when there is no more to read.
      const lines = whole ? text.slice(0, text.lastIndexOf('\n') + 1) : text;
      const found = firstOp(lines, (line) => cleanLine(line, prefix));
      if (found !== undefined || !whole) return found;
    }
    return undefined;
  };

  /** Where the last marker ends. */
  let consumed = 0;
  let pending = source.size > 0 ? load(0, 0) : undefined;
  for (let position = 0, which = 0; position < source.size; position += CHUNK) {
    context.cancellation.throwIfCancelled();
    const { bytes, from } = await pending!;
    which = 1 - which;
    pending = position + CHUNK < source.size ? load(position + CHUNK, which) : undefined;
    const limit = Math.min(position + CHUNK - from, bytes.length);
    let resume = position - from;
    for (let at = bytes.indexOf(needle, resume); at >= 0 && at < limit; at = bytes.indexOf(needle, resume)) {
      resume = at + needle.length;
      // A log whose lines were joined has several markers on one.
      const lineStart = Math.max(bytes.lastIndexOf(NEWLINE, at) + 1, at - LOOK_BACK, consumed - from);
      const newline = bytes.indexOf(NEWLINE, at);
      const lineEnd = newline < 0 || newline > at + LINE ? Math.min(bytes.length, at + LINE) : newline;
      // Latin-1 keeps offsets: a character is a byte.
      const raw = bytes.toString('latin1', lineStart, lineEnd);
      const marker = scan.parse(raw);
      const before = raw.slice(0, marker?.from ?? 0);
      // Tests of compilers quote markers.
      if (/\bCHECK|"[^"]*$/.test(before)) continue;
      if (marker === undefined) {
        if (warnings.length < 100 && /[/*]\s*$/.test(raw.slice(0, at - lineStart)))
          warnings.push(dumpMessages.diagnostic('STR0165', { path: source.path, line: raw.slice(0, 120) }));
        continue;
      }
      const previous = entries[entries.length - 1];
      const markerStart = from + lineStart + marker.from;
      if (previous !== undefined)
        previous.end = linePrefixOf(before) === undefined ? markerStart : from + lineStart;
      const rest = stripControls(raw.slice(marker.to)).trim();
      const start =
        rest === ''
          ? Math.min(from + lineEnd + 1, source.size)
          : from + lineStart + marker.to + (raw[marker.to] === ' ' ? 1 : 0);
      const linePrefix = linePrefixOf(before);
      const utf8 = (text: string): string => intern(Buffer.from(text, 'latin1').toString('utf8'));
      const entry: Mutable<DumpEntry> = {
        index: entries.length,
        when: marker.when,
        pass: utf8(marker.pass),
        source: sourceIndex,
        start,
        end: source.size,
      };
      if (marker.argument !== undefined) entry.argument = utf8(marker.argument);
      if (marker.options !== undefined) entry.options = utf8(marker.options);
      if (marker.op !== undefined) entry.op = utf8(marker.op);
      if (marker.symbol !== undefined) entry.symbol = utf8(marker.symbol);
      // MLIR names the op in the marker only when it prints the module around it.
      if (marker.op?.includes('.') === true && marker.op !== 'builtin.module') entry.moduleScope = true;
      if (marker.omitted !== undefined) entry.omitted = true;
      if (linePrefix !== undefined) entry.linePrefix = intern(linePrefix);
      if (scan.firstOp && marker.op === undefined) {
        const found = await opAt(bytes, from, start, linePrefix);
        if (found !== undefined) {
          entry.op = intern(found.op);
          if (found.symbol !== undefined) entry.symbol = intern(found.symbol);
        }
      }
      if (entries.length === 0) leadingNoise(source, from + lineStart, warnings);
      entries.push(entry);
      resume = Math.max(resume, lineStart + marker.to);
      consumed = from + lineStart + marker.to;
    }
    const own = bytes.subarray(position - from, limit);
    if (own.length === CHUNK && own.indexOf(NEWLINE) < 0) {
      const quotes = own.includes(QUOTE);
      solid.push({ source: sourceIndex, start: position, end: position + CHUNK, crc: crc32(own), quotes });
    }
    context.onProgress?.(Math.min(position + CHUNK, source.size), source.size);
  }
  const timing = await trailingReport(source);
  const last = entries[entries.length - 1];
  if (timing !== undefined && last !== undefined && timing.start >= last.start)
    last.end = Math.min(last.end, timing.start);
  return { entries, warnings, solid, ...(timing === undefined ? {} : { timing: timing.report }) };
}

function leadingNoise(source: ByteSource, bytes: number, warnings: Diagnostic[]): void {
  if (bytes > 0)
    warnings.push(dumpMessages.diagnostic('STR0162', { path: source.path, bytes: formatBytes(bytes) }));
}

async function trailingReport(
  source: ByteSource,
): Promise<{ readonly report: TimingReport; readonly start: number } | undefined> {
  const from = Math.max(0, source.size - REPORT);
  const tail = await readRange(source, from, source.size);
  if (tail.indexOf('xecution tim') < 0 && tail.indexOf('"user": {"duration"') < 0) return undefined;
  const text = tail.toString('latin1');
  const report = findTimingReport(text);
  return report === undefined ? undefined : { report, start: from + report.start };
}
