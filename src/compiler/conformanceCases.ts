/**
 * Folders of ONNX backend cases: `model.onnx` and `test_data_set_N/{input,output}_N.pb`, each a `TensorProto`,
 * `SequenceProto` or `OptionalProto` by the type that the graph declares. Read by `conformance.ts`.
 */
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type {
  OptionalProto,
  SequenceProto,
  TypeProto,
  ValueInfoProto,
} from '../frontend/onnx/proto/onnxProto';
import { optionalCodec, sequenceCodec } from '../frontend/onnx/proto/onnxProto';
import type { OnnxModel } from '../frontend/onnx/readModel';
import { decodeTensorPb, hostTensor } from '../frontend/tensorFile';
import { conformanceMessages } from './conformanceMessages';
import type { HostValue, HostValues } from './hostValue';

export interface ConformanceCase {
  /** The folder's name: `test_relu`. */
  readonly name: string;
  readonly folder: string;
}

/** Largest difference: `atol + rtol · |expected|`. */
export interface Tolerance {
  readonly rtol: number;
  readonly atol: number;
}
const usualTolerance: Tolerance = { rtol: 1e-3, atol: 1e-7 };

/** All folders at or below `root` that hold a `model.onnx`, sorted by name. Throws STR0580 when there is none. */
export function findCases(root: string): readonly ConformanceCase[] {
  const cases: ConformanceCase[] = [];
  const visit = (folder: string, depth: number): void => {
    if (existsSync(path.join(folder, 'model.onnx'))) {
      cases.push({ name: path.basename(folder), folder });
      return;
    }
    if (depth === 0) return;
    for (const entry of readdirSync(folder)) {
      const below = path.join(folder, entry);
      if (statSync(below).isDirectory()) visit(below, depth - 1);
    }
  };
  if (statSync(root, { throwIfNoEntry: false })?.isDirectory() === true) visit(root, 3);
  if (cases.length === 0) throw conformanceMessages.error('STR0580', { folder: root });
  return cases.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

export function toleranceOf(folder: string): Tolerance {
  const file = path.join(folder, 'data.json');
  if (!existsSync(file)) return usualTolerance;
  const given = JSON.parse(readFileSync(file, 'utf8')) as Partial<Tolerance>;
  return { rtol: given.rtol ?? usualTolerance.rtol, atol: given.atol ?? usualTolerance.atol };
}

export interface DataSet {
  readonly inputs: HostValues;
  readonly outputs: HostValues;
}

/** The data sets of a case, named by the inputs and outputs of its graph. */
export function dataSetsOf(folder: string, model: OnnxModel): readonly DataSet[] {
  return readdirSync(folder)
    .filter((name) => /^test_data_set_\d+$/.test(name))
    .sort()
    .map((name) => {
      const values = (what: 'input' | 'output', infos: readonly ValueInfoProto[]) =>
        Object.fromEntries(
          infos.flatMap((info, i) => {
            const file = path.join(folder, name, `${what}_${i}.pb`);
            return existsSync(file) ? [[info.name, valueIn(file, info.type)] as const] : [];
          }),
        );
      return { inputs: values('input', model.graph.input), outputs: values('output', model.graph.output) };
    });
}

function valueIn(file: string, type: TypeProto | undefined): HostValue {
  const bytes = readFileSync(file);
  if (type?.sequenceType !== undefined) return sequenceValue(sequenceCodec.decode(bytes));
  if (type?.optionalType !== undefined) return optionalValue(optionalCodec.decode(bytes));
  return { kind: 'tensor', tensor: decodeTensorPb(bytes, file).tensor };
}
function sequenceValue(proto: SequenceProto): HostValue {
  const tensors = proto.tensorValues.map((t): HostValue => ({ kind: 'tensor', tensor: hostTensor(t) }));
  const nested = [...proto.sequenceValues.map(sequenceValue), ...proto.optionalValues.map(optionalValue)];
  return { kind: 'sequence', elements: [...tensors, ...nested] };
}
function optionalValue(proto: OptionalProto): HostValue {
  const { tensorValue, sequenceValue: sequence, optionalValue: optional } = proto;
  const value: HostValue | undefined =
    tensorValue !== undefined
      ? { kind: 'tensor', tensor: hostTensor(tensorValue) }
      : sequence !== undefined
        ? sequenceValue(sequence)
        : optional === undefined
          ? undefined
          : optionalValue(optional);
  return { kind: 'optional', value };
}
