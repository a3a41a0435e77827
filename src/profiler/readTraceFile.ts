/**
 * Reads a trace from a disk: files beyond the 2 GiB that Node reads in one piece, and captures of Tracy through the person's
 * own `tracy-csvexport`, which is the only reader of a capture's version. Used by the command line and the editor's worker.
 */
import { constants } from 'node:buffer';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { CancelledError } from '../base/cancellation';
import type { ReadProgress } from './importers/importer';
import { traceMessages } from './messages';
import { isTracyCapture, readTrace } from './readTrace';
import type { Trace } from './trace';

export interface ReadTraceOptions {
  readonly signal?: AbortSignal;
  /** Called with how far reading the file and its events is, 0 to 1, never falling. */
  readonly onProgress?: ReadProgress;
  /** Where `tracy-csvexport` lies; looked up on the path where not given. */
  readonly tracyCsvExport?: string;
}

const STEP = 64 << 20;
/** Parts of the time that the bytes take, and putting the events in order at the end. */
const BYTES_PART = 0.1;
const ORDER_PART = 0.2;
/** ASCII's own separator: names of zones hold commas, and Tracy quotes nothing. */
const UNIT_SEPARATOR = '\u001f';
/** What an export may write: 1 M zones are some 50 MB. */
const MAX_EXPORT = 4 * 2 ** 30;

/** Throws what opening the file throws, STR08xx, and `CancelledError`. */
export async function readTraceFile(file: string, options: ReadTraceOptions = {}): Promise<Trace> {
  const bytes = await readWhole(file, options);
  const { onProgress } = options;
  const events: ReadProgress = (part) => onProgress?.(BYTES_PART + (1 - BYTES_PART - ORDER_PART) * part);
  if (!isTracyCapture(bytes)) return readTrace(bytes, path.basename(file), events);
  return readTrace(await exportCapture(file, options), `${path.basename(file)}.csv`, events);
}

async function readWhole(file: string, { signal, onProgress }: ReadTraceOptions): Promise<Uint8Array> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    if (size > constants.MAX_LENGTH)
      throw traceMessages.error('STR0819', { file: path.basename(file), size, limit: constants.MAX_LENGTH });
    const bytes = Buffer.allocUnsafeSlow(size);
    let at = 0;
    while (at < size) {
      if (signal?.aborted === true) throw new CancelledError();
      const { bytesRead } = await handle.read(bytes, at, Math.min(STEP, size - at), at);
      if (bytesRead === 0) break; // it became shorter meanwhile
      at += bytesRead;
      onProgress?.((BYTES_PART * at) / size);
    }
    return bytes.subarray(0, at);
  } finally {
    await handle.close();
  }
}

/** The single zones of a capture as CSV. Throws STR0816 where the tool is not there, STR0820 where it fails. */
async function exportCapture(file: string, options: ReadTraceOptions): Promise<Uint8Array> {
  const tool = options.tracyCsvExport ?? 'tracy-csvexport';
  const result = await execa(tool, ['-u', '-s', UNIT_SEPARATOR, path.resolve(file)], {
    encoding: 'buffer',
    maxBuffer: MAX_EXPORT,
    reject: false,
    stripFinalNewline: false,
    stdin: 'ignore',
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
  });
  if (result.isCanceled) throw new CancelledError();
  const name = path.basename(file);
  if (result.code === 'ENOENT') throw traceMessages.error('STR0816', { file: name });
  if (result.failed) {
    const said = new TextDecoder().decode(result.stderr).trim();
    throw traceMessages.error('STR0820', {
      file: name,
      tool,
      reason: said || (result.shortMessage ?? 'it ended without a word'),
    });
  }
  return result.stdout;
}
