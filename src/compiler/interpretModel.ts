/**
 * Runs a model, or the IR of any stage, through the interpreter on host tensors: the reference that needs nothing
 * installed.
 */
import type { Cancellation } from '../base/cancellation';
import { neverCancelled } from '../base/cancellation';
import type { TensorSignature } from '../artifact/contents';
import type { HostTensor } from '../frontend/elementType';
import type { Operation, ResourceStore, Type } from '../ir';
import { types } from '../ir';
import { func, signatureOf } from '../ir/dialects/func';
import type { InterpreterOptions } from '../ir/interpreter/interpreter';
import { Interpreter } from '../ir/interpreter/interpreter';
import type { ShapedValue } from '../ir/interpreter/runtimeValue';
import { elementsFromBytes, makeMemRef, tensorFromBytes, tensorToBytes } from '../ir/interpreter/tensor';
import type { HostValue } from './hostValue';
import { tensorsOf } from './hostValue';
import { loadModel } from './loadModel';
import { compilerMessages } from './messages';
import { elementTypeName } from './elementNames';
import { needsHost, StagedModel } from './staged/stagedRun';
import type { Execute } from './staged/stageFunction';
import { elementBytes, hostTensorOf } from './tensors';

type Tensors = Readonly<Record<string, HostTensor>>;

/** Runs the entry function of a model file. Sizes that depend on data and control flow run as they are. */
export async function interpretModel(
  file: string,
  inputs: Tensors,
  cancellation: Cancellation = neverCancelled,
): Promise<Record<string, HostTensor>> {
  const { module, resources, host } = await loadModel({ model: file });
  if (host === undefined || !needsHost(host)) return interpretModule(module, resources, inputs, cancellation);
  const values = Object.fromEntries(
    Object.entries(inputs).map(([name, tensor]): [string, HostValue] => [name, { kind: 'tensor', tensor }]),
  );
  return tensorsOf(await new StagedModel(host).run(values, { execute: interpretStage, cancellation }));
}

/** Runs the functions of a staged run in the interpreter. */
export const interpretStage: Execute = (stage, inputs, cancellation) => {
  const { module, resources } = stage.make();
  return Promise.resolve(interpretModule(module, resources, inputs, cancellation));
};

/**
 * Runs `@main`, or the only public function, or that whose sizes are those of the inputs. Tensors and buffers alike: once bufferised, outputs are the trailing
 * arguments that carry `strata.output`.
 */
export function interpretModule(
  module: Operation,
  resources: ResourceStore,
  inputs: Tensors,
  cancellation: Cancellation = neverCancelled,
  options: Omit<InterpreterOptions, 'resources' | 'cancellation'> = {},
): Record<string, HostTensor> {
  const entry = entryFunction(module, inputs);
  const signature = signatureOf(entry);
  const interpreter = new Interpreter(module, { resources, cancellation, ...options });
  const outputs: [string, ShapedValue][] = [];
  let inputCount = 0;
  const args = signature.inputs.map((type, i) => {
    const output = isOutput(entry, i);
    const name =
      nameAt(entry, 'arg_attrs', i) ?? (output ? `output${outputs.length}` : `input${inputCount++}`);
    if (output) {
      if (type.kind !== 'memref' || !types.isStatic(type.shape))
        throw compilerMessages.error('STR0593', {
          input: name,
          expected: 'a static buffer',
          found: type.text,
        });
      const value = makeMemRef(type.shape, type.element);
      outputs.push([name, value]);
      return value;
    }
    return argument(name, type, inputs[name]);
  });
  const results = interpreter.call(func.view(entry).sym_name, args);
  results.forEach((value, i) => {
    if (typeof value === 'object') outputs.push([nameAt(entry, 'res_attrs', i) ?? `output${i}`, value]);
  });
  return Object.fromEntries(outputs.map(([name, value]) => [name, toHost(value)]));
}

/** What `interpretModule` takes, by name. */
export function inputSignatures(module: Operation): readonly TensorSignature[] {
  const entry = entryFunction(module);
  return signatureOf(entry).inputs.flatMap((type, i) => {
    if (isOutput(entry, i) || (type.kind !== 'tensor' && type.kind !== 'memref')) return [];
    return [
      {
        name: nameAt(entry, 'arg_attrs', i) ?? `input${i}`,
        elementType: artifactType(elementTypeName(type.element)),
        shape: type.shape.map((d, k) => (d === types.DYNAMIC ? `d${k}` : d)),
      },
    ];
  });
}
const artifactType = (name: HostTensor['elementType']): TensorSignature['elementType'] =>
  (name === 'bool' ? 'i1' : name) as TensorSignature['elementType'];

function argument(name: string, type: Type, tensor: HostTensor | undefined): ShapedValue {
  const fits =
    tensor !== undefined &&
    (type.kind === 'tensor' || type.kind === 'memref') &&
    elementTypeName(type.element) === tensor.elementType &&
    type.shape.length === tensor.shape.length &&
    type.shape.every((d, i) => d === types.DYNAMIC || d === tensor.shape[i]);
  if (!fits) {
    const found = tensor === undefined ? 'nothing' : `${tensor.elementType} [${tensor.shape.join(', ')}]`;
    throw compilerMessages.error('STR0593', { input: name, expected: type.text, found });
  }
  const bytes = elementBytes(tensor);
  return type.kind === 'tensor'
    ? tensorFromBytes(tensor.shape, type.element, bytes)
    : makeMemRef(tensor.shape, type.element, elementsFromBytes(type.element, bytes));
}

function toHost(value: ShapedValue): HostTensor {
  return hostTensorOf(elementTypeName(value.element), value.shape, tensorToBytes(value));
}

/** `@main`, or the only function that can be called from outside, or the first that takes `inputs`. */
export function entryFunction(module: Operation, inputs?: Tensors): Operation {
  const callable = module
    .body()
    .ops.filter(
      (op) => func.is(op) && func.view(op).sym_visibility !== 'private' && op.region().blocks.length > 0,
    );
  const sized =
    callable.length > 1 && inputs !== undefined
      ? callable.find((op) => op.attr('strata.function') !== undefined && takes(op, inputs))
      : undefined;
  if (sized !== undefined) return sized;
  const entry = callable.find((op) => func.view(op).sym_name === 'main') ?? callable[0];
  if (entry === undefined || (callable.length > 1 && func.view(entry).sym_name !== 'main')) {
    throw compilerMessages.error('STR0595', {
      reference: 'interpreter',
      problem: `the module has ${callable.length === 0 ? 'no function' : 'several functions and no @main'}`,
    });
  }
  return entry;
}
/** Whether the arguments of a function with known sizes are as large as `inputs`. */
const takes = (entry: Operation, inputs: Tensors): boolean =>
  signatureOf(entry).inputs.every((type, i) => {
    if (isOutput(entry, i)) return true;
    const shape = inputs[nameAt(entry, 'arg_attrs', i) ?? `input${i}`]?.shape;
    return (type.kind === 'tensor' || type.kind === 'memref') && type.shape.join() === shape?.join();
  });
function dictionaryEntry(
  entry: Operation,
  list: 'arg_attrs' | 'res_attrs',
  i: number,
  key: string,
): string | true | undefined {
  const attrs = entry.attr(list);
  const d = attrs?.kind === 'array' ? attrs.elements[i] : undefined;
  const a = d?.kind === 'dictionary' ? d.entries.get(key) : undefined;
  return a?.kind === 'string' ? a.value : a === undefined ? undefined : true;
}
function nameAt(entry: Operation, list: 'arg_attrs' | 'res_attrs', i: number): string | undefined {
  const name = dictionaryEntry(entry, list, i, 'strata.name');
  return typeof name === 'string' ? name : undefined;
}
const isOutput = (entry: Operation, i: number): boolean =>
  dictionaryEntry(entry, 'arg_attrs', i, 'strata.output') !== undefined;
