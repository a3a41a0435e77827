/**
 * The rules that the contents of an artifact obey, for the writer (the compiler made a mistake) and the reader (the file
 * was changed). The native runner checks the same rules on `program.bin`.
 */
import { isDeepStrictEqual } from 'node:util';
import type {
  ArtifactContents,
  Binding,
  DispatchStep,
  EntryPoint,
  HostModel,
  SizedFunction,
  TensorSignature,
} from './contents';
import { requiredCpuFeatures, symbolsOf } from './contents';
import { findCpuFeature } from './cpuFeatures';
import { bindingAccesses, bufferSpaces, elementTypes, limits } from './format';

/** What is wrong and where, as `entry point "main", step 3 "matmul"`. */
export interface ContentsProblem {
  readonly where: string;
  readonly reason: string;
}

interface CheckedProgram {
  readonly entryPoints: readonly EntryPoint[];
  readonly functions: readonly SizedFunction[];
  /** A host program may have nothing that is known in advance. */
  readonly host?: Pick<HostModel, 'stages'> | undefined;
  readonly constants: readonly { readonly name: string }[];
  readonly kernelLibraries: readonly { readonly cpuFeatures: readonly string[] }[];
}

/** What the check needs: the contents without their bytes. */
export type CheckedContents = Pick<ArtifactContents, 'target'> &
  CheckedProgram & { readonly fallbacks: readonly CheckedProgram[] };

const isCount = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;

/** The first problem, or undefined when the contents are sound. */
export function checkContents(contents: CheckedContents): ContentsProblem | undefined {
  const { target } = contents;
  const tried: CheckedProgram[] = [];
  const { host } = contents;
  for (const program of [contents, ...contents.fallbacks]) {
    const problem = checkProgram({ ...program, host, target }) ?? checkFallback(program, tried);
    if (problem !== undefined)
      return tried.length === 0
        ? problem
        : { ...problem, where: `fallback ${tried.length}, ${problem.where}` };
    tried.push(program);
  }
  return undefined;
}

/** A fallback computes what the programs before it do, on machines that none of them runs on. */
function checkFallback(
  program: CheckedProgram,
  tried: readonly CheckedProgram[],
): ContentsProblem | undefined {
  const [first] = tried;
  if (first === undefined) return undefined;
  if (!isDeepStrictEqual(program.entryPoints.map(signatureOf), first.entryPoints.map(signatureOf)))
    return { where: 'program', reason: 'its entry points differ from those of the first program' };
  if (!isDeepStrictEqual(program.functions, first.functions))
    return { where: 'program', reason: 'its functions differ from those of the first program' };
  const features = requiredCpuFeatures(program);
  const shadow = tried.findIndex((p) => requiredCpuFeatures(p).every((f) => features.includes(f)));
  return shadow < 0
    ? undefined
    : { where: 'program', reason: `wherever it runs, program ${shadow} runs, which is tried before it` };
}

const signatureOf = ({ name, inputs, outputs }: EntryPoint) => ({ name, inputs, outputs });

type ProgramOfTarget = CheckedProgram & Pick<ArtifactContents, 'target'>;

function checkProgram(contents: ProgramOfTarget): ContentsProblem | undefined {
  const { host } = contents;
  if (host === undefined && contents.entryPoints.length === 0)
    return { where: 'program', reason: 'it has no entry point' };
  const lost = host?.stages.find(({ entry }) => !contents.entryPoints.some((e) => e.name === entry));
  if (lost !== undefined) return { where: 'host program', reason: `there is no entry point "${lost.entry}"` };
  const twice = repeated(contents.entryPoints.map((entry) => entry.name));
  if (twice !== undefined) return { where: 'program', reason: `there are two entry points named "${twice}"` };
  const both = repeated([...contents.functions, ...contents.entryPoints].map((f) => f.name));
  if (both !== undefined) return { where: 'program', reason: `there are two functions named "${both}"` };
  for (const [i, library] of contents.kernelLibraries.entries()) {
    const { architecture } = contents.target;
    const unknown = library.cpuFeatures.find((name) => findCpuFeature(name, architecture) === undefined);
    if (unknown !== undefined)
      return {
        where: `kernel library ${i}`,
        reason: `"${unknown}" is no known CPU feature of ${architecture}`,
      };
  }
  for (const entry of contents.entryPoints) {
    const problem = checkEntryPoint(entry, contents);
    if (problem !== undefined) return problem;
  }
  for (const f of contents.functions) {
    const reason = checkFunction(f, contents.entryPoints);
    if (reason !== undefined) return { where: `function "${f.name}"`, reason };
  }
  return undefined;
}

/** Every variant is the function with sizes for its symbols. */
function checkFunction(f: SizedFunction, entryPoints: readonly EntryPoint[]): string | undefined {
  const symbols = symbolsOf(f);
  if (f.name === '') return 'its name is empty';
  if (f.variants.length === 0) return 'it has no entry point';
  const twice = repeated(f.variants.map((v) => v.sizes.join('x')));
  if (twice !== undefined) return `two entry points are for ${twice}`;
  for (const { entry, sizes } of f.variants) {
    const found = entryPoints.find((e) => e.name === entry);
    if (found === undefined) return `there is no entry point "${entry}"`;
    const sized = f.inputs.map((t) => ({
      ...t,
      shape: t.shape.map((d) => (typeof d === 'string' ? sizes[symbols.indexOf(d)] : d)),
    }));
    if (sizes.length !== symbols.length || !isDeepStrictEqual(sized, found.inputs))
      return `the inputs of "${entry}" are not those for ${sizes.join('x')}`;
  }
  return undefined;
}

function repeated(names: readonly string[]): string | undefined {
  return names.find((name, i) => names.indexOf(name) !== i);
}

function checkEntryPoint(entry: EntryPoint, contents: CheckedProgram): ContentsProblem | undefined {
  const where = `entry point "${entry.name}"`;
  if (entry.name === '') return { where, reason: 'its name is empty' };
  if (!isCount(entry.arenaBytes)) return { where, reason: `its arena has ${entry.arenaBytes} bytes` };
  for (const kind of ['inputs', 'outputs'] as const) {
    const twice = repeated(entry[kind].map((tensor) => tensor.name));
    if (twice !== undefined) return { where, reason: `there are two ${kind} named "${twice}"` };
    for (const tensor of entry[kind]) {
      const reason = checkTensor(tensor);
      if (reason !== undefined) return { where: `${where}, ${kind.slice(0, -1)} "${tensor.name}"`, reason };
    }
  }
  const known = new Set(entry.inputs.flatMap((tensor) => tensor.shape));
  for (const tensor of entry.outputs)
    for (const dim of tensor.shape)
      if (typeof dim === 'string' && !known.has(dim))
        return {
          where: `${where}, output "${tensor.name}"`,
          reason: `dimension "${dim}" appears in no input`,
        };
  for (const [i, step] of entry.steps.entries()) {
    const reason = checkStep(step, entry, contents);
    if (reason !== undefined) return { where: `${where}, step ${i} "${step.name}"`, reason };
  }
  return undefined;
}

function checkTensor({ elementType, shape }: TensorSignature): string | undefined {
  if (!Object.hasOwn(elementTypes, elementType)) return `its element type is "${elementType}"`;
  if (shape.length > limits.maxRank) return `its rank is ${shape.length}, the limit is ${limits.maxRank}`;
  const bad = shape.find((dim) => (typeof dim === 'string' ? dim === '' : !isCount(dim)));
  if (bad !== undefined) return `"${bad}" is no dimension`;
  const elements = shape.reduce<number>(
    (product, dim) => (typeof dim === 'string' ? product : product * dim),
    1,
  );
  return isCount(elements * elementTypes[elementType].bytes) ? undefined : 'it is too large';
}

function checkStep(step: DispatchStep, entry: EntryPoint, contents: CheckedProgram): string | undefined {
  if (!/^[A-Za-z_]\w*$/.test(step.symbol)) return `"${step.symbol}" is no C function name`;
  if (contents.kernelLibraries[step.kernelLibrary] === undefined)
    return `there is no kernel library ${step.kernelLibrary}`;
  for (const field of ['extent', 'grain'] as const)
    if (!isCount(step[field]) || step[field] < 1) return `its ${field} is ${step[field]}`;
  for (const field of ['flops', 'bytesRead', 'bytesWritten', 'scratchBytes'] as const) {
    const value = step[field] ?? 0;
    if (!isCount(value)) return `its ${field} is ${value}`;
  }
  if (step.predictedNs !== undefined && !(step.predictedNs >= 0 && Number.isFinite(step.predictedNs)))
    return `its predictedNs is ${step.predictedNs}`;
  if (step.bindings.length > limits.maxBindings)
    return `it has ${step.bindings.length} bindings, the limit is ${limits.maxBindings}`;
  for (const [i, binding] of step.bindings.entries()) {
    const reason = checkBinding(binding, entry, contents);
    if (reason !== undefined) return `binding ${i}: ${reason}`;
  }
  return undefined;
}

function checkBinding(binding: Binding, entry: EntryPoint, contents: CheckedProgram): string | undefined {
  if (!Object.hasOwn(bindingAccesses, binding.access)) return `its access is "${binding.access}"`;
  if (!Object.hasOwn(bufferSpaces, binding.space)) return `its space is "${binding.space as string}"`;
  if (binding.space === 'arena') {
    const { offset, length } = binding;
    return isCount(offset) && isCount(length) && offset + length <= entry.arenaBytes
      ? undefined
      : `bytes ${offset} to ${offset + length} lie outside the arena of ${entry.arenaBytes} bytes`;
  }
  const count = { input: entry.inputs, output: entry.outputs, constant: contents.constants }[binding.space]
    .length;
  if (!isCount(binding.index) || binding.index >= count)
    return `there is no ${binding.space} ${binding.index} (there are ${count})`;
  if ((binding.space === 'input' || binding.space === 'constant') && binding.access !== 'read')
    return `${binding.space}s can only be read`;
  return undefined;
}
