/** Reads a trace file of any known format; what the command line and the editor call. */
import { gunzipSync } from 'node:zlib';
import { Decompress } from 'fzstd';
import { chromeImporter } from './importers/chrome';
import { cpuProfileImporter } from './importers/cpuProfile';
import { firefoxImporter } from './importers/firefox';
import type { Importer, ReadProgress } from './importers/importer';
import { ireePerfImporter } from './importers/ireePerf';
import { mlirTimingImporter } from './importers/mlirTiming';
import { perfScriptImporter } from './importers/perfScript';
import { perfettoImporter } from './importers/perfetto';
import { speedscopeImporter } from './importers/speedscope';
import { tracyCsvImporter } from './importers/tracyCsv';
import { traceMessages } from './messages';
import type { Trace } from './trace';

/** Every importer; the one with the highest score reads the file, so their order does not matter. */
export const importers: readonly Importer[] = [
  perfettoImporter,
  chromeImporter,
  tracyCsvImporter,
  cpuProfileImporter,
  speedscopeImporter,
  perfScriptImporter,
  firefoxImporter,
  mlirTimingImporter,
  ireePerfImporter,
];

const HEAD = 64 * 1024;
const MAX_EXPANDED = 2 ** 31;
/** Below this an importer only guesses. */
const SURE_ENOUGH = 0.1;

const startsWith = (bytes: Uint8Array, magic: readonly number[]): boolean =>
  magic.every((b, i) => bytes[i] === b);
const GZIP = [0x1f, 0x8b];
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd];
/** What Tracy's own captures start with, in the order of its history. */
const TRACY_CAPTURES = ['tracy\0', 'tlZ\u0004', 'tZst', 'tr\u00fdP'].map((magic) =>
  Array.from(magic, (c) => c.charCodeAt(0)),
);

/** Whether the bytes are a capture of Tracy, which `readTraceFile` has exported by Tracy's own tool. */
export const isTracyCapture = (bytes: Uint8Array): boolean =>
  TRACY_CAPTURES.some((magic) => startsWith(bytes, magic));

function expand(bytes: Uint8Array, fileName: string): Uint8Array {
  const gzip = startsWith(bytes, GZIP);
  if (!gzip && !startsWith(bytes, ZSTD)) return bytes;
  try {
    return gzip ? gunzipSync(bytes, { maxOutputLength: MAX_EXPANDED }) : unzstd(bytes);
  } catch (e) {
    if (e instanceof RangeError) throw traceMessages.error('STR0808', { file: fileName, limit: '2 GiB' });
    throw traceMessages.error('STR0805', {
      file: fileName,
      reason: e instanceof Error ? e.message : String(e),
    });
  }
}

/** Throws a RangeError beyond `MAX_EXPANDED`, other errors where the data is damaged. */
function unzstd(bytes: Uint8Array): Uint8Array {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let ended = false;
  const stream = new Decompress((chunk, final) => {
    size += chunk.length;
    if (size > MAX_EXPANDED) throw new RangeError('too large');
    chunks.push(chunk);
    ended ||= final === true;
  });
  const STEP = 1 << 20;
  for (let at = 0; at < bytes.length; at += STEP)
    stream.push(bytes.subarray(at, at + STEP), at + STEP >= bytes.length);
  if (!ended) throw new Error('unexpected end of file');
  return Buffer.concat(chunks, size);
}

/** The importer for the (expanded) bytes, or undefined where none is sure enough. */
export function importerFor(bytes: Uint8Array, fileName: string): Importer | undefined {
  const head = bytes.subarray(0, HEAD);
  const scored = importers.map((importer) => ({ importer, score: importer.score(head, fileName) }));
  const best = scored.reduce((a, b) => (b.score > a.score ? b : a));
  return best.score >= SURE_ENOUGH ? best.importer : undefined;
}

/**
 * Reads a trace, expanding gzip and zstd. `fileName` serves messages and detection; nothing is opened. Throws STR08xx; what a
 * damaged file still holds is kept, with warnings in `Trace.warnings`.
 */
export function readTrace(bytes: Uint8Array, fileName: string, onProgress?: ReadProgress): Trace {
  const expanded = expand(bytes, fileName);
  if (isTracyCapture(expanded)) throw traceMessages.error('STR0816', { file: fileName });
  const importer = importerFor(expanded, fileName);
  if (importer === undefined) {
    const head = Array.from(expanded.subarray(0, 8), (b) => b.toString(16).padStart(2, '0')).join(' ');
    throw traceMessages.error('STR0801', {
      file: fileName,
      head: head === '' ? 'nothing: it is empty' : `bytes ${head}`,
      formats: importers.map((i) => i.format),
    });
  }
  return importer.read(expanded, fileName, onProgress);
}
