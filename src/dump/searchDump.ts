/** Search over all IR of a dump as a stream of bytes: the first hits come at once, whatever the size. */
import type { Cancellation } from '../base/cancellation';
import { neverCancelled } from '../base/cancellation';
import { cleanLine } from './cleanLines';
import type { Dump, DumpEntry } from './dump';

export interface SearchHit {
  readonly entry: number;
  /** Byte offset in the source of the entry. */
  readonly offset: number;
  /** The line, cut around the hit where it is long. */
  readonly line: string;
}

const CHUNK = 8 << 20;
const LONGEST = 400;

/** Lines of entries that hold `text`, at most one hit per line, in the order of the dump. Nothing is read after a `break`. */
export async function* searchDump(
  dump: Dump,
  text: string,
  cancellation: Cancellation = neverCancelled,
): AsyncGenerator<SearchHit> {
  const needle = Buffer.from(text);
  if (needle.length === 0) return;
  const bySource = new Map<number, DumpEntry[]>();
  for (const entry of dump.entries) {
    const list = bySource.get(entry.source);
    if (list === undefined) bySource.set(entry.source, [entry]);
    else list.push(entry);
  }
  const buffer = Buffer.allocUnsafe(CHUNK);
  const margin = needle.length - 1 + LONGEST;
  for (const [index, entries] of bySource) {
    const source = dump.sources[index]!;
    let k = 0;
    let resume = 0;
    for (let position = 0; position < source.size; position += CHUNK - 2 * margin) {
      cancellation.throwIfCancelled();
      const bytes = buffer.subarray(0, await source.readInto(buffer, position));
      const last = position + bytes.length >= source.size;
      const limit = last ? bytes.length : bytes.length - margin;
      for (let at = bytes.indexOf(needle, Math.max(0, resume - position)); at >= 0 && at < limit;) {
        const offset = position + at;
        while (k < entries.length && entries[k]!.end <= offset) k++;
        const entry = entries[k];
        const newline = bytes.indexOf(10, at);
        if (entry !== undefined && offset >= entry.start) {
          const from = Math.max(bytes.lastIndexOf(10, at) + 1, at - LONGEST / 2);
          const to = Math.min(newline < 0 ? bytes.length : newline, at + needle.length + LONGEST / 2);
          yield {
            entry: entry.index,
            offset,
            line: cleanLine(bytes.toString('utf8', from, to), entry.linePrefix).trim(),
          };
        }
        // The rest of the line gives no other hit; of a line longer than the chunk only the needle is passed.
        resume = position + (newline < 0 ? at + needle.length : newline + 1);
        at = bytes.indexOf(needle, resume - position);
      }
      if (last) break;
    }
  }
}
