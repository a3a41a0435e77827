/** What results should be: by the interpreter on the model as written, by ONNX Runtime, or from files. */
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { threeDigits } from '../base/units';
import type { Tensors } from '../compiler/artifactSession';
import { OrtReference } from '../compiler/onnxRuntime';
import { compilerMessages } from '../compiler/messages';
import { readTensorFile } from '../frontend/tensorFile';
import { bisectMessages } from './messages';
import type { Tolerance } from './tolerance';
import { compareTensors, identical, worstOf } from './tolerance';

/** `interpreter`, `onnxruntime`, or the path of a tensor file or of a folder with one for each output. */
export type ReferenceName = string;

export interface Reference {
  readonly name: string;
  readonly outputs: Tensors;
  /** Something to know about it: that two runs differ a little. */
  readonly note?: string;
}

export interface ReferenceSources {
  readonly model: string;
  readonly inputs: Tensors;
  /** Outputs of the imported module; `known`: results of ops may be taken from earlier runs, and are kept for later ones. */
  readonly interpret: (known: boolean) => Tensors;
  readonly tolerance: Tolerance;
}

/** Throws STR1101 when the reference disagrees with itself beyond tolerance: nothing can be judged by it. */
export async function makeReference(name: ReferenceName, sources: ReferenceSources): Promise<Reference> {
  if (name === 'interpreter') {
    const first = sources.interpret(true);
    return steady('the interpreter', first, sources.interpret(false), sources.tolerance);
  }
  if (name === 'onnxruntime') return onnxRuntime(sources);
  const expected = sources.interpret(true);
  return { name: path.basename(name), outputs: fromFiles(name, expected) };
}

async function onnxRuntime({ model, inputs, tolerance }: ReferenceSources): Promise<Reference> {
  const fail = (problem: string) => compilerMessages.error('STR0595', { reference: 'onnxruntime', problem });
  if (!model.endsWith('.onnx')) throw fail('it takes .onnx models only');
  const ort = await OrtReference.load(model, 1, 'results');
  if (ort === undefined) throw fail('the package onnxruntime-node is not installed');
  try {
    const first = await ort.run(inputs);
    return steady(`ONNX Runtime ${ort.version}`, first, await ort.run(inputs), tolerance);
  } finally {
    await ort.release();
  }
}

/** Takes what two runs gave, and says so when they are not the same. */
export function steady(name: string, first: Tensors, second: Tensors, tolerance: Tolerance): Reference {
  if (identical(first, second)) return { name, outputs: first };
  const statistics = compareTensors(second, first, tolerance);
  const [worst] = [...statistics].sort((a, b) => b.worst - a.worst);
  if (worstOf(statistics) > 1)
    throw bisectMessages.error('STR1101', {
      reference: name,
      output: worst!.name,
      error: threeDigits(worst!.maxAbsolute),
    });
  return {
    name,
    outputs: first,
    note: `${name} is not deterministic: two runs differ by ${worst!.maxAbsolute.toExponential(1)}, within tolerance`,
  };
}

function fromFiles(place: string, expected: Tensors): Tensors {
  const names = Object.keys(expected);
  if (!existsSync(place) || !statSync(place).isDirectory()) {
    const { tensor } = readTensorFile(place);
    return checked(names.length === 1 ? { [names[0]!]: tensor } : {}, expected);
  }
  const outputs: Record<string, Tensors[string]> = {};
  for (const name of names) {
    const base = path.join(place, name.replace(/[^\w.-]+/g, '_'));
    const file = [`${base}.npy`, `${base}.pb`].find((f) => existsSync(f));
    if (file !== undefined) outputs[name] = readTensorFile(file).tensor;
  }
  return checked(outputs, expected);
}

function checked(found: Tensors, expected: Tensors): Tensors {
  for (const [name, e] of Object.entries(expected)) {
    const f = found[name];
    const text = (t: Tensors[string]): string => `${t.elementType} [${t.shape.join(', ')}]`;
    if (f === undefined || text(f) !== text(e))
      throw bisectMessages.error('STR1102', {
        what: name,
        expected: text(e),
        found: f === undefined ? 'nothing' : text(f),
      });
  }
  return found;
}
