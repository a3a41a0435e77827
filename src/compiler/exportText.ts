/**
 * IR as text that other compilers read by itself: in IREE's form of ONNX, or in upstream dialects alone, with all weights
 * in the text.
 */
import type { Attribute, Operation, ResourceStore } from '../ir';
import { arrayAttr, dictionaryAttr, keyText, printOp } from '../ir';
import { toTorch } from '../frontend/torchOnnx/toTorch';
import type { ExportForm } from './exportForms';
import { compilerMessages } from './messages';

/** A text holds less than 2^29 characters, and a byte takes two. */
const largestWeights = 2 ** 27 + 2 ** 26;

/** Throws STR0350 for what the form cannot say, STR0588 for weights that no text holds. */
export function exportText(module: Operation, resources: ResourceStore, form: ExportForm): string {
  const exported = form === 'iree' ? toTorch(module, resources) : withoutOwnAttributes(module.clone());
  const text = printOp(exported, { locations: 'alias' });
  const keys = new Set<string>();
  exported.walk((op) => {
    for (const [, value] of op.attributes) if (value.kind === 'dense_resource') keys.add(value.key);
  });
  const blobs = [...keys].sort().map((key) => [key, resources.blob(key)] as const);
  const bytes = blobs.reduce((sum, [, blob]) => sum + blob.byteLength, 0);
  if (bytes > largestWeights) throw compilerMessages.error('STR0588', { form, bytes, limit: largestWeights });
  if (blobs.length === 0) return text;
  const entries = blobs.map(([key, blob]) => {
    const hex = Buffer.from(blob.read()).toString('hex').toUpperCase();
    return `      ${keyText(key)}: "0x${alignment}${hex}"`;
  });
  return `${text.trimEnd()}\n\n{-#\n  dialect_resources: {\n    builtin: {\n${entries.join(',\n')}\n    }\n  }\n#-}\n`;
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
