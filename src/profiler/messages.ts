/** What can go wrong while reading a trace (STR08xx). Used by the importers and by `readTrace`. */
import { defineMessages, message } from '../base/diagnostics';

const plural = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`;

export const traceMessages = defineMessages({
  STR0801: message<{ file: string; head: string; formats: readonly string[] }>({
    text: (p) => `${p.file}: not a trace in a known format (it starts with ${p.head}).`,
    next: (p) => `Expected one of: ${p.formats.join(', ')}.`,
  }),
  STR0802: message<{ file: string; format: string }>({
    text: (p) => `${p.file}: no event could be read from this ${p.format} trace.`,
    next: () => 'Check that the recording ended normally, and record it again.',
  }),
  STR0803: message<{ file: string; at: number; size: number; kept: number }>({
    severity: 'warning',
    text: (p) =>
      `${p.file}: the trace ends in the middle of an event at byte ${p.at} of ${p.size}; ${plural(p.kept, 'zone', 'zones')} before it were kept.`,
    next: () => 'The file was cut short or the recording process was killed.',
  }),
  STR0804: message<{ file: string; count: number; firstAt?: number }>({
    severity: 'warning',
    text: (p) =>
      `${p.file}: ${plural(p.count, 'damaged event was', 'damaged events were')} skipped${p.firstAt === undefined ? '' : `, the first at byte ${p.firstAt}`}.`,
  }),
  STR0805: message<{ file: string; reason: string }>({
    text: (p) => `${p.file}: the compressed data cannot be expanded: ${p.reason}.`,
    next: () => 'Expand it by hand (gzip -d, zstd -d) to see how much of it is intact.',
  }),
  STR0806: message<{ file: string; ends: number; begins: number }>({
    severity: 'warning',
    text: (p) =>
      `${p.file}: ${plural(p.ends, 'end has', 'ends have')} no begin and ${plural(p.begins, 'begin has', 'begins have')} no end; open zones were closed at the end of the trace.`,
  }),
  STR0807: message<{ file: string; count: number }>({
    severity: 'warning',
    text: (p) =>
      `${p.file}: ${plural(p.count, 'packet refers', 'packets refer')} to interned data from before the recording started and ${p.count === 1 ? 'was' : 'were'} dropped.`,
  }),
  STR0808: message<{ file: string; limit: string }>({
    text: (p) => `${p.file}: expands to more than ${p.limit}.`,
    next: () => 'Record a shorter run.',
  }),
  STR0809: message<{ file: string; tracks: number; limit: number }>({
    text: (p) => `${p.file}: ${p.tracks} tracks, at most ${p.limit} are supported.`,
  }),
  STR0810: message<{ file: string }>({
    text: (p) => `${p.file}: the events lie more than 104 days apart, which nanoseconds cannot hold exactly.`,
    next: () => 'Check the clocks of the recording: two of them were mixed.',
  }),
  STR0811: message<{ file: string; unit: string }>({
    severity: 'warning',
    text: (p) => `${p.file}: values are in '${p.unit}', not in time; each is shown as one nanosecond.`,
  }),
  STR0812: message<{ file: string }>({
    text: (p) => `${p.file}: a raw Gecko profile; the processed form is expected.`,
    next: () => 'Open it at profiler.firefox.com and save it from there.',
  }),
  STR0813: message<{ file: string }>({
    severity: 'warning',
    text: (p) => `${p.file}: a timing report as a list, whose rows overlap in time and have no parents.`,
    next: () => 'Record it with --mlir-timing-display=tree to see the passes nested.',
  }),
  STR0814: message<{ file: string; found: string; expected: number }>({
    severity: 'warning',
    text: (p) =>
      `${p.file}: schema version ${p.found}, version ${p.expected} is known; it was read all the same.`,
    next: () => 'Check the times against those of iree-profile.',
  }),
  STR0815: message<{ file: string; count: number }>({
    severity: 'warning',
    text: (p) =>
      `${p.file}: ${plural(p.count, 'event has', 'events have')} no time on the clock of the host and ${p.count === 1 ? 'was' : 'were'} left out.`,
  }),
  STR0816: message<{ file: string }>({
    text: (p) => `${p.file}: a capture of Tracy, which only the Tracy of the same version reads.`,
    next: () =>
      "Put its 'tracy-csvexport' on the path and try again, or run 'tracy-csvexport -u capture.tracy > zones.csv' where it is and open that.",
  }),
  STR0817: message<{ reason: string }>({
    text: (p) => `The query failed: ${p.reason}`,
    next: () => "'strata trace FILE query --tables' lists the tables and their columns.",
  }),
  STR0818: message<{ zones: number; limit: number }>({
    text: (p) => `The trace has ${p.zones} zones; queries hold at most ${p.limit}.`,
    next: () => 'Export the part of interest and open that.',
  }),
  STR0819: message<{ file: string; size: number; limit: number }>({
    text: (p) => `${p.file}: ${p.size} bytes, at most ${p.limit} can be held.`,
    next: () => 'Record a shorter run.',
  }),
  STR0820: message<{ file: string; tool: string; reason: string }>({
    text: (p) => `${p.file}: '${p.tool}' failed: ${p.reason}.`,
    next: () => 'A capture needs the tools of the Tracy version that wrote it.',
  }),
});
