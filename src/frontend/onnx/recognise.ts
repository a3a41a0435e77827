/**
 * Tells what a file is that is not an ONNX model, from its first bytes, so that the error can say what to do with
 * it. Used by `readModel.ts` when the bytes do not look like a `ModelProto`.
 */
export interface Recognised {
  readonly found: string;
  readonly next: string;
}

interface Signature {
  readonly found: string;
  readonly next: string;
  readonly matches: (head: Uint8Array, text: string) => boolean;
}

const startsWith =
  (...bytes: readonly number[]) =>
  (head: Uint8Array): boolean =>
    head.length >= bytes.length && bytes.every((b, i) => head[i] === b);
const textStarts =
  (pattern: RegExp) =>
  (_head: Uint8Array, text: string): boolean =>
    pattern.test(text);

const exportFromTorch =
  'Load it in PyTorch and export it: torch.onnx.export(model, example_inputs, "model.onnx").';
const convertFromTensorFlow =
  'Convert it: python -m tf2onnx.convert --saved-model FOLDER --output model.onnx.';
const openOther = 'Choose an .onnx file.';

const signatures: readonly Signature[] = [
  {
    found: 'a Git LFS pointer, which stands for a file that was not downloaded',
    next: 'Run "git lfs pull" in the repository that it is from.',
    matches: textStarts(/^version https:\/\/git-lfs/),
  },
  {
    found: 'an HTML page',
    next: 'The download address shows a page; use the address of the file itself.',
    matches: textStarts(/^\s*(?:<!--[^>]*-->\s*)?<(?:!doctype\s+html|html|head|body)\b/i),
  },
  { found: 'XML text', next: openOther, matches: textStarts(/^\s*<\?xml\b/i) },
  {
    found: 'a zip archive, as PyTorch (.pt, .pth) and Keras (.keras) write it',
    next: exportFromTorch,
    matches: startsWith(0x50, 0x4b, 0x03, 0x04),
  },
  {
    found: 'a Python pickle, as PyTorch (.pt, .pth) and scikit-learn (.pkl) write it',
    next: exportFromTorch,
    matches: (head) => head[0] === 0x80 && head[1] !== undefined && head[1] >= 2 && head[1] <= 5,
  },
  {
    found: 'a GGUF file',
    next: 'Give it the ending .gguf to have it read as one.',
    matches: textStarts(/^GGUF/),
  },
  {
    found: 'a TensorFlow Lite model',
    next: 'Give it the ending .tflite to have it read as one.',
    matches: (_head, text) => text.slice(4, 8) === 'TFL3',
  },
  {
    found: 'a model in the format of ONNX Runtime (.ort)',
    next: 'Use the .onnx file that it was made from.',
    matches: (_head, text) => text.slice(4, 8) === 'ORTM',
  },
  {
    found: 'an HDF5 file, as Keras (.h5) writes it',
    next: convertFromTensorFlow,
    matches: startsWith(0x89, 0x48, 0x44, 0x46),
  },
  {
    found: 'a safetensors file, which holds weights but no graph',
    next: exportFromTorch,
    matches: (head, text) =>
      head.length > 9 && head[6] === 0 && head[7] === 0 && /^\{\s*"/.test(text.slice(8)),
  },
  {
    found: 'a NumPy array',
    next: 'Give it as an input: strata run MODEL --input NAME=FILE.npy.',
    matches: startsWith(0x93, 0x4e, 0x55, 0x4d),
  },
  {
    found: 'a gzip archive',
    next: 'Unpack it first: gunzip or tar -xzf.',
    matches: startsWith(0x1f, 0x8b),
  },
  { found: 'an ELF binary', next: openOther, matches: startsWith(0x7f, 0x45, 0x4c, 0x46) },
  {
    found: 'MLIR text',
    next: 'Give it the ending .mlir to have it read as such.',
    matches: textStarts(
      /^\s*(?:\/\/[^\n]*\n\s*)*(?:(?:builtin\.)?module\b|func\.func\b|#\w+ = |"builtin\.module")/,
    ),
  },
  {
    found: 'JSON text',
    next: openOther,
    matches: textStarts(/^\s*[{[]\s*(?:["{[]|$)/),
  },
];

/** How much of a file `recogniseOther` looks at. */
export const headSize = 4096;

/** What `head` (the first bytes of a file) is, or undefined when that is not known. */
export function recogniseOther(head: Uint8Array, fileName: string): Recognised | undefined {
  const text = Buffer.from(head.subarray(0, headSize)).toString('latin1');
  const known = signatures.find((s) => s.matches(head, text));
  if (known !== undefined) return { found: known.found, next: known.next };
  if (
    /saved_model\.pb$/.test(fileName) ||
    (head[0] === 0x08 && head[1] === 0x01 && /\bserve\b|saved_model/.test(text))
  )
    return { found: 'a TensorFlow SavedModel', next: convertFromTensorFlow };
  if (/\.pb$/.test(fileName) && head[0] === 0x0a && /Placeholder|Const/.test(text))
    return {
      found: 'a TensorFlow frozen graph',
      next: 'Convert it: python -m tf2onnx.convert --graphdef FILE --output model.onnx.',
    };
  const printable =
    head.length > 0 && head.every((b) => b === 9 || b === 10 || b === 13 || (b >= 32 && b < 127));
  return printable ? { found: 'plain text', next: openOther } : undefined;
}
