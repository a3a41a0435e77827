/** Reference models as files: weights inside, or in a file beside the model when they are too many for one message. */
import { open, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Cancellation } from '../../base/cancellation';
import type { OnnxGraphBuilder } from './onnxGraphBuilder';

/** Above this the weights go to `FILE.data`; a protobuf message ends at 2 GiB. */
const largestInside = 1.5 * 2 ** 30;

export interface WriteOptions {
  /** Name of the model's file once it has its place; default: `file`. */
  readonly finalName?: string;
  readonly cancellation?: Cancellation;
  readonly onProgress?: (writtenBytes: number) => void;
}

/** The file that the weights of `model` go to when they are not inside. */
export const weightsFile = (model: string): string => `${model}.data`;

/** Writes the model and returns the bytes of all its files. Nothing is left behind when it fails or is cancelled. */
export async function writeModel(
  g: OnnxGraphBuilder,
  file: string,
  { finalName = file, cancellation, onProgress }: WriteOptions = {},
): Promise<number> {
  if (g.weightBytes <= largestInside) {
    const bytes = g.build();
    await writeFile(file, bytes);
    return bytes.byteLength;
  }
  const data = weightsFile(finalName);
  let total = 0;
  try {
    const handle = await open(data, 'w');
    try {
      const model = await g.buildExternal(path.basename(data), async (offset, tensor) => {
        cancellation?.throwIfCancelled();
        const bytes = tensor.bytes();
        for (let at = 0; at < bytes.byteLength;)
          at += (await handle.write(bytes, at, Math.min(bytes.byteLength - at, 2 ** 30), offset + at))
            .bytesWritten;
        total = offset + bytes.byteLength;
        onProgress?.(total);
      });
      await writeFile(file, model);
      return total + model.byteLength;
    } finally {
      await handle.close();
    }
  } catch (error) {
    await rm(data, { force: true });
    throw error;
  }
}
