/** Reads a trace file of any known format; what the command line and the editor call. */
import { gunzipSync } from 'node:zlib';
import { chromeImporter } from './importers/chrome';
import type { Importer } from './importers/importer';
import { perfettoImporter } from './importers/perfetto';
import { traceMessages } from './messages';
import type { Trace } from './trace';

/** Every importer; the one with the highest score reads the file, so their order does not matter. */
export const importers: readonly Importer[] = [perfettoImporter, chromeImporter];

const HEAD = 64 * 1024;
const MAX_EXPANDED = 2 ** 31;
/** Below this an importer only guesses. */
const SURE_ENOUGH = 0.1;

function expand(bytes: Uint8Array, fileName: string): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_EXPANDED });
  } catch (e) {
    if (e instanceof RangeError) throw traceMessages.error('STR0808', { file: fileName, limit: '2 GiB' });
    throw traceMessages.error('STR0805', {
      file: fileName,
      reason: e instanceof Error ? e.message : String(e),
    });
  }
}

/** The importer for the (expanded) bytes, or undefined where none is sure enough. */
export function importerFor(bytes: Uint8Array, fileName: string): Importer | undefined {
  const head = bytes.subarray(0, HEAD);
  const scored = importers.map((importer) => ({ importer, score: importer.score(head, fileName) }));
  const best = scored.reduce((a, b) => (b.score > a.score ? b : a));
  return best.score >= SURE_ENOUGH ? best.importer : undefined;
}

/**
 * Reads a trace, expanding gzip. `fileName` serves messages and detection; nothing is opened. Throws STR08xx; what a
 * damaged file still holds is kept, with warnings in `Trace.warnings`.
 */
export function readTrace(bytes: Uint8Array, fileName: string): Trace {
  const expanded = expand(bytes, fileName);
  const importer = importerFor(expanded, fileName);
  if (importer === undefined) {
    const head = Array.from(expanded.subarray(0, 8), (b) => b.toString(16).padStart(2, '0')).join(' ');
    throw traceMessages.error('STR0801', {
      file: fileName,
      head: head === '' ? 'nothing: it is empty' : `bytes ${head}`,
      formats: importers.map((i) => i.format),
    });
  }
  return importer.read(expanded, fileName);
}
