/**
 * IR as text that other compilers read by itself: in IREE's form of ONNX, or in upstream dialects alone, with all weights
 * in the text.
 */
import { open, rename, rm } from 'node:fs/promises';
import type { Cancellation } from '../base/cancellation';
import { CancelledError } from '../base/cancellation';
import { StrataError } from '../base/diagnostics';
import type { Attribute, Blob, Operation, ResourceStore } from '../ir';
import { arrayAttr, dictionaryAttr, keyText, printOp } from '../ir';
import { toTorch } from '../frontend/torchOnnx/toTorch';
import type { ExportForm } from './exportForms';
import type { LoadedModel } from './loadModel';
import { compilerMessages } from './messages';
import { reasonOf } from './readText';

/** A string holds less than 2^29 characters, and a byte takes two. */
const largestWeights = 2 ** 27 + 2 ** 26;
/** Bytes of weights that become text at once. */
const chunkBytes = 2 ** 22;

/** The whole text. Throws STR0350 for what the form cannot say, STR0588 for weights that no string holds. */
export function exportText(module: Operation, resources: ResourceStore, form: ExportForm): string {
  const { exported, blobs } = prepared(module, resources, form);
  const bytes = blobs.reduce((sum, [, blob]) => sum + blob.byteLength, 0);
  if (bytes > largestWeights) throw compilerMessages.error('STR0588', { form, bytes, limit: largestWeights });
  return [...chunks(exported, blobs)].join('');
}

/** Writes the text, whatever the size of the weights. Nothing is left behind when it fails (STR0591) or is cancelled. */
export async function writeExport(
  file: string,
  { module, resources }: Pick<LoadedModel, 'module' | 'resources'>,
  form: ExportForm,
  cancellation: Cancellation,
): Promise<void> {
  const { exported, blobs } = prepared(module, resources, form);
  const part = `${file}.${process.pid}.tmp`;
  try {
    const handle = await open(part, 'w');
    try {
      for (const chunk of chunks(exported, blobs)) {
        cancellation.throwIfCancelled();
        await handle.writeFile(chunk);
      }
    } finally {
      await handle.close();
    }
    await rename(part, file);
  } catch (cause) {
    await rm(part, { force: true });
    if (cause instanceof CancelledError || cause instanceof StrataError) throw cause;
    throw compilerMessages.error('STR0591', { file, problem: reasonOf(cause) }, { cause });
  }
}

type NamedBlob = readonly [name: string, blob: Blob];

function prepared(
  module: Operation,
  resources: ResourceStore,
  form: ExportForm,
): { readonly exported: Operation; readonly blobs: readonly NamedBlob[] } {
  const exported = form === 'iree' ? toTorch(module, resources) : withoutOwnAttributes(module.clone());
  const keys = new Set<string>();
  exported.walk((op) => {
    for (const [, value] of op.attributes) if (value.kind === 'dense_resource') keys.add(value.key);
  });
  return { exported, blobs: [...keys].sort().map((key) => [key, resources.blob(key)] as const) };
}

/** The text in parts: the IR, then the elements of one tensor after another. */
function* chunks(exported: Operation, blobs: readonly NamedBlob[]): Generator<string> {
  const text = printOp(exported, { locations: 'alias' });
  if (blobs.length === 0) {
    yield text;
    return;
  }
  yield `${text.trimEnd()}\n\n{-#\n  dialect_resources: {\n    builtin: {\n`;
  for (const [i, [key, blob]] of blobs.entries()) {
    yield `${i === 0 ? '' : ',\n'}      ${keyText(key)}: "0x${alignment}`;
    const bytes = blob.read();
    for (let at = 0; at < bytes.length; at += chunkBytes) {
      const { buffer, byteOffset, length } = bytes.subarray(at, at + chunkBytes);
      yield Buffer.from(buffer, byteOffset, length).toString('hex').toUpperCase();
    }
    yield '"';
  }
  yield '\n    }\n  }\n#-}\n';
}

/** 8, as a little-endian u32. */
const alignment = '08000000';

/** Attributes of dialects that only Strata knows say nothing to others. */
function withoutOwnAttributes(module: Operation): Operation {
  const own = (name: string): boolean => name.startsWith('strata.') || name.startsWith('onnx.');
  const cleaned = (a: Attribute): Attribute =>
    a.kind === 'dictionary'
      ? dictionaryAttr([...a.entries].filter(([name]) => !own(name)))
      : a.kind === 'array'
        ? arrayAttr(a.elements.map(cleaned))
        : a;
  module.walk((op) => {
    for (const [name, value] of [...op.attributes])
      if (own(name)) op.removeAttr(name);
      else if (name === 'arg_attrs' || name === 'res_attrs') op.setAttr(name, cleaned(value));
  });
  return module;
}
