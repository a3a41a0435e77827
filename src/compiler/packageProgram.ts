/** Maps what the lowering made to what an artifact holds. */
import type {
  ArtifactContents,
  Binding,
  Constant,
  HostModel,
  Target,
  TensorSignature,
} from '../artifact/contents';
import type { ElementType } from '../artifact/format';
import { elementTypes } from '../artifact/format';
import type { PipelineRecord, ResourceStore } from '../ir';
import type {
  TargetBinding,
  TargetConstant,
  TargetProgram,
  TargetTensor,
} from '../lowering/targets/targetProgram';
import { compilerMessages } from './messages';

export interface PackageInput {
  readonly producer: string;
  /** File name of the model. */
  readonly model: string;
  readonly target: Target;
  readonly program: TargetProgram;
  /** Undefined for a program without dispatches. */
  readonly library: ArtifactContents['kernelLibraries'][number] | undefined;
  readonly host?: HostModel | undefined;
  readonly resources: ResourceStore;
  /** Refer to weights that are unchanged in the model's file. */
  readonly externalParameters: boolean;
  readonly record: PipelineRecord;
}

export function packageProgram(input: PackageInput): ArtifactContents {
  const { program, record } = input;
  return {
    producer: input.producer,
    model: input.model,
    target: input.target,
    entryPoints: program.entryPoints.map((entry) => ({
      name: entry.name,
      inputs: entry.inputs.map(signatureOf),
      outputs: entry.outputs.map(signatureOf),
      arenaBytes: entry.arenaBytes,
      steps: entry.steps.map(({ predictedNs, bindings, ...step }) => ({
        ...step,
        kernelLibrary: 0,
        bindings: bindings.map((b) => bindingOf(b, step.name)),
        ...(predictedNs === undefined ? {} : { predictedNs }),
      })),
    })),
    functions: program.functions.map(({ name, inputs, variants }) => ({
      name,
      inputs: inputs.map(({ shape, ...t }) => ({ ...signatureOf({ ...t, shape: [] }), shape })),
      variants: variants.map(({ entry, sizes }) => ({ entry, sizes: Object.values(sizes) })),
    })),
    constants: program.constants.map((c) => constantOf(c, input)),
    kernelLibraries: input.library === undefined ? [] : [input.library],
    irTexts: record.passes
      .filter((p) => p.changed)
      .map((p) => ({ pass: p.pass, text: record.snapshots.text(p.snapshot) ?? '' })),
    fallbacks: [],
    ...(input.host === undefined ? {} : { host: input.host }),
  };
}

function signatureOf(t: Omit<TargetTensor, 'bytes'>): TensorSignature {
  return { name: t.name, elementType: elementTypeOf(t), shape: t.shape };
}
/** The artifact writes `u8` for the IR's `ui8`. */
function elementTypeOf(t: Omit<TargetTensor, 'bytes'>): ElementType {
  const name = t.element.replace(/^ui/, 'u');
  if (Object.hasOwn(elementTypes, name)) return name as ElementType;
  throw compilerMessages.error('STR0596', { tensor: t.name, element: t.element });
}

function bindingOf(b: TargetBinding, dispatch: string): Binding {
  if (b.space === 'arena') return { access: b.access, space: 'arena', offset: b.offset, length: b.length };
  if (b.offset !== 0) throw compilerMessages.error('STR0597', { dispatch, space: b.space });
  if (b.space === 'constant') return { access: b.access, space: 'constant', index: b.index };
  return { access: b.access, space: b.space, index: b.index };
}

function constantOf(c: TargetConstant, input: PackageInput): Constant {
  if (c.data !== undefined) return { name: c.name, bytes: c.data };
  const blob = input.resources.blob(c.resource);
  return input.externalParameters && blob.file !== undefined
    ? { name: c.name, external: blob.file }
    : { name: c.name, bytes: blob.read() };
}
