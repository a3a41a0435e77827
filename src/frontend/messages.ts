/** What can be wrong with a model file or tensor file (STR03xx). */
import { defineMessages, message } from '../base/diagnostics';

/** Names from a file are shortened: they may be megabytes long. */
export function quoted(name: string): string {
  const shown = name.length <= 120 ? name : `${name.slice(0, 117)}...`;
  return `"${shown.replace(/[\u0000-\u001f\u007f]/g, '?')}"`;
}

const shapeOf = (shape: readonly number[]): string =>
  `[${shape.slice(0, 16).join(', ')}${shape.length > 16 ? ', ...' : ''}]`;

export const modelFileMessages = defineMessages({
  STR0301: message<{ file: string; reason: string }>({
    text: (p) => `${p.file} cannot be read: ${p.reason}.`,
    next: () => 'Check the path and its permissions.',
  }),
  STR0302: message<{ file: string; found: string; next: string }>({
    text: (p) => `${p.file} is not an ONNX model: found ${p.found}.`,
    next: (p) => p.next,
  }),
  STR0303: message<{ file: string; at: number; size: number }>({
    text: (p) =>
      `${p.file} is cut short: the message at byte ${p.at} goes on after the end of the data (${p.size} bytes).`,
    next: () => 'Download or export the model again and compare the file size.',
  }),
  STR0304: message<{ file: string; reason: string; at: number }>({
    text: (p) => `${p.file} is not a well-formed ONNX file: ${p.reason} (byte ${p.at}).`,
    next: () => 'Export the model again, or check it with "python -m onnx.checker".',
  }),
  STR0305: message<{ file: string; missing: string }>({
    text: (p) => `${p.file} is incomplete: it has no ${p.missing}.`,
    next: () => 'The file may be cut short. Download or export the model again.',
  }),
  STR0306: message<{ file: string; size: number }>({
    text: (p) =>
      `${p.file} takes ${p.size} bytes; an ONNX file must be smaller than 2 GiB (2147483648 bytes).`,
    next: () => 'Save the weights as external data: onnx.save(model, path, save_as_external_data=True).',
  }),
  STR0307: message<{ file: string; found: number; newest: number }>({
    severity: 'warning',
    text: (p) => `${p.file} has IR version ${p.found}; versions up to ${p.newest} are known.`,
    next: () => 'What is new in it is ignored.',
  }),
  STR0308: message<{ file: string; found: number; oldest: number; newest: number }>({
    text: (p) =>
      `${p.file} uses opset ${p.found} of ai.onnx; opsets ${p.oldest} to ${p.newest} are supported.`,
    next: (p) =>
      `Convert it: onnx.version_converter.convert_version(model, ${p.newest > 17 ? 17 : p.newest}).`,
  }),
  STR0309: message<{ file: string; found: number; newest: number }>({
    severity: 'warning',
    text: (p) => `${p.file} uses opset ${p.found} of ai.onnx; opsets up to ${p.newest} are known.`,
    next: (p) => `Operators are read as in opset ${p.newest}.`,
  }),
  STR0310: message<{ file: string; where: string; node: string; domain: string; imported: string }>({
    text: (p) =>
      `${p.file}: ${p.where} node ${p.node} is of the domain ${quoted(p.domain)}, of which no opset is imported (imported: ${p.imported}).`,
    next: () => 'The file may be cut short, or its exporter is at fault. Export the model again.',
  }),
  STR0311: message<{ file: string; where: string; node: string }>({
    text: (p) => `${p.file}: ${p.where} node ${p.node} has no operator type.`,
    next: () => 'Export the model again.',
  }),
  STR0312: message<{ file: string; where: string; node: string; value: string }>({
    text: (p) =>
      `${p.file}: ${p.where} node ${p.node} reads ${quoted(p.value)}, which no input, initializer or node defines.`,
    next: () => 'Check the export with "python -m onnx.checker".',
  }),
  STR0313: message<{ file: string; where: string; node: string; value: string; producer: string }>({
    text: (p) =>
      `${p.file}: ${p.where} node ${p.node} reads ${quoted(p.value)} before node ${p.producer} computes it. Nodes must be in topological order without cycles.`,
    next: () => 'Sort the graph, for example with onnx-graphsurgeon toposort().',
  }),
  STR0314: message<{ file: string; where: string; value: string; first: string; second: string }>({
    text: (p) => `${p.file}: ${p.where} defines ${quoted(p.value)} twice: by ${p.first} and by ${p.second}.`,
    next: () => 'Value names must be unique. Export the model again.',
  }),
  STR0315: message<{ file: string; where: string; value: string }>({
    text: (p) =>
      `${p.file}: ${p.where} output ${quoted(p.value)} is defined by no node, input or initializer.`,
    next: () => 'The file may be cut short. Download or export the model again.',
  }),
  STR0316: message<{ file: string; where: string; what: string }>({
    text: (p) => `${p.file}: ${p.where} has ${p.what} without a name.`,
    next: () => 'Export the model again.',
  }),
  STR0317: message<{ file: string; value: string; found: string }>({
    text: (p) => `${p.file}: graph input ${quoted(p.value)} has ${p.found}; a type is required.`,
    next: () => 'Export the model again, or run onnx.shape_inference.infer_shapes on it.',
  }),
  STR0318: message<{ file: string; where: string; node: string; attribute: string; problem: string }>({
    text: (p) => `${p.file}: ${p.where} node ${p.node}, attribute ${quoted(p.attribute)}: ${p.problem}.`,
    next: () => 'Export the model again.',
  }),
  STR0319: message<{ file: string; name: string; problem: string }>({
    text: (p) => `${p.file}: function ${quoted(p.name)} ${p.problem}.`,
    next: () => 'Export the model again.',
  }),
  STR0320: message<{ tensor: string; found: number }>({
    text: (p) =>
      `Tensor ${p.tensor} has the element type number ${p.found}, which is not known (1 to 26 are).`,
    next: () => 'Export the model with an older version of onnx.',
  }),
  STR0321: message<{ tensor: string; shape: readonly number[]; problem: string }>({
    text: (p) => `Tensor ${p.tensor} has the shape ${shapeOf(p.shape)}: ${p.problem}.`,
    next: () => 'Export the model again.',
  }),
  STR0322: message<{
    tensor: string;
    shape: readonly number[];
    type: string;
    expected: number;
    found: number;
    where: string;
  }>({
    text: (p) =>
      `Tensor ${p.tensor} of shape ${shapeOf(p.shape)} and type ${p.type} needs ${p.expected} bytes; ${p.where} has ${p.found}.`,
    next: () => 'The file may be cut short. Download or export the model again.',
  }),
  STR0323: message<{ tensor: string; problem: string }>({
    text: (p) => `Tensor ${p.tensor}: ${p.problem}.`,
    next: () => 'Export the model again.',
  }),
  STR0324: message<{ tensor: string; location: string; problem: string }>({
    text: (p) => `Tensor ${p.tensor}: external data file ${quoted(p.location)} is refused: ${p.problem}.`,
    next: () => "Weights must be in regular files inside the model's folder.",
  }),
  STR0325: message<{ tensor: string; file: string; reason: string }>({
    text: (p) => `Tensor ${p.tensor}: external data file ${p.file} cannot be read: ${p.reason}.`,
    next: () => "Put it in the model's folder under the name that the model gives.",
  }),
  STR0326: message<{ tensor: string; file: string; offset: number; length: number; size: number }>({
    text: (p) =>
      `Tensor ${p.tensor}: external data file ${p.file} has ${p.size} bytes; ${p.length} bytes from offset ${p.offset} are needed.`,
    next: () => 'The file may be cut short. Download or export the model again.',
  }),
  STR0330: message<{ file: string; reason: string }>({
    text: (p) => `${p.file} is not a usable .npy file: ${p.reason}.`,
    next: () => 'Write it with numpy.save(path, array) from an array of a plain number type.',
  }),
  STR0331: message<{ file: string }>({
    text: (p) => `${p.file}: the format of a tensor file is told by its name; expected .npy or .pb.`,
    next: () => 'Rename or convert the file.',
  }),
  STR0332: message<{ file: string; type: string }>({
    text: (p) => `${p.file}: the .npy format has no element type ${p.type}.`,
    next: () => 'Use .pb for this tensor.',
  }),
  STR0333: message<{ file: string; reason: string }>({
    text: (p) => `${p.file} is not a serialised ONNX tensor: ${p.reason}.`,
    next: () => 'Write it with onnx.numpy_helper.from_array(array).SerializeToString().',
  }),
  STR0334: message<{ type: string; shape: readonly number[]; problem: string }>({
    text: (p) =>
      `No random tensor of type ${p.type} and shape ${shapeOf(p.shape)} can be made: ${p.problem}.`,
    next: () => 'Give the input as a file.',
  }),
  STR0339: message<{ file: string; problem: string }>({
    text: (p) => `'${p.file}' is not a usable safetensors file: ${p.problem}.`,
  }),
});
