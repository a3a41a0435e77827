/**
 * Kernel families: small models with shapes from a seed, compiled for a feature level and compared with what the
 * interpreter makes of the imported model, element by element, in units in the last place.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { compileModel } from '../../../src/compiler/compileModel';
import { elementsOf } from '../../../src/compiler/compareTensors';
import { interpretModel } from '../../../src/compiler/interpretModel';
import type { CpuLevel } from '../../../src/compiler/targetDescription';
import { loadInputs } from '../../../src/compiler/tensors';
import type { HostTensor } from '../../../src/frontend/elementType';
import type { RandomStream } from '../../../src/frontend/random';
import { randomStream } from '../../../src/frontend/random';
import { OnnxGraphBuilder } from '../../../src/frontend/zoo/onnxGraphBuilder';
import type { Sanitizer } from '../../../src/runner/buildRunner';
import { scratch } from '../models';

export type Tensors = Readonly<Record<string, HostTensor>>;

/** How far a result may be off. */
export interface Budget {
  /** Units in the last place of an element, 0 where it must be equal. */
  readonly ulps: number;
  /** Elements count as at least this share of the largest of their tensor: what sums cancel is not theirs to keep. */
  readonly floor?: number;
}
/** Adds one case to a model and gives the names of its outputs. */
export type Case = (g: OnnxGraphBuilder, id: string, random: RandomStream) => readonly string[];
export interface Family {
  readonly name: string;
  readonly budget: Budget;
  readonly cases: readonly Case[];
  readonly opset?: number;
  /** Where they differ from the usual ones. */
  readonly levels?: readonly CpuLevel[];
}

export const seedOfRun = Number(process.env['STRATA_SEED'] ?? 1);
/** A size that tests like: 1, small, prime, a power of two, or one off it. */
export const someSize = (random: RandomStream, most = 70): number => {
  const sizes = [1, 2, 3, 5, 7, 8, 13, 16, 17, 31, 32, 33, 47, 64, 67, 128, 131].filter((n) => n <= most);
  return sizes[Math.floor(random.between(0, sizes.length))]!;
};

/** The family's cases as one model file. */
export function modelOf(family: Family): string {
  const g = new OnnxGraphBuilder({
    name: family.name.replace(/\W/g, '_'),
    seed: seedOfRun,
    opset: family.opset ?? 20,
    irVersion: 10,
  });
  family.cases.forEach((build, i) => build(g, `c${i}`, randomStream(seedOfRun, `${family.name}/${i}`)));
  const file = path.join(scratch(), `${family.name.replace(/\W/g, '-')}.onnx`);
  writeFileSync(file, g.build());
  return file;
}

export const randomFeeds = (signatures: Parameters<typeof loadInputs>[0]): Tensors =>
  loadInputs(signatures, new Map(signatures.map((s) => [s.name, { kind: 'random', seed: 11 }])));

const expectations = new Map<string, Promise<Tensors>>();
/** What the interpreter makes of the model; once per model. */
export function expectedOf(model: string, inputs: Tensors): Promise<Tensors> {
  const known = expectations.get(model) ?? interpretModel(model, inputs);
  expectations.set(model, known);
  return known;
}

export async function compileFamily(
  model: string,
  cpuLevel: CpuLevel,
  sanitizers: readonly Sanitizer[] = [],
): Promise<string> {
  const output = model.replace(/\.onnx$/, `-${[cpuLevel, ...sanitizers].join('-')}.strata`);
  const { compilation } = await compileModel({ model, output, cpuLevel, sanitizers });
  assert.equal(compilation.featureLevel, cpuLevel);
  return output;
}

/** Mantissa bits with the leading one. */
const precision: Partial<Record<HostTensor['elementType'], number>> = { f16: 11, bf16: 8, f32: 24, f64: 53 };

export function assertWithin(found: Tensors, expected: Tensors, budget: Budget, what: string): void {
  assert.deepEqual(Object.keys(found).sort(), Object.keys(expected).sort(), what);
  for (const [name, e] of Object.entries(expected)) {
    const f = found[name]!;
    assert.deepEqual(f.shape, e.shape, `${what}: ${name}`);
    assert.equal(f.elementType, e.elementType, `${what}: ${name}`);
    const [a, b] = [elementsOf(f), elementsOf(e)];
    const bits = precision[e.elementType];
    const largest = b.reduce((m, x) => (Number.isFinite(x) ? Math.max(m, Math.abs(x)) : m), 0);
    b.forEach((x, i) => {
      const y = a[i]!;
      if (Object.is(x, y) || x === y) return;
      const scale = Math.max(Math.abs(x), largest * (budget.floor ?? 0), 2 ** -126);
      const unit = bits === undefined ? 1 : 2 ** (Math.floor(Math.log2(scale)) - bits + 1);
      const ulps = Math.abs(x - y) / unit;
      assert.ok(
        ulps <= budget.ulps,
        `${what}: ${name}[${i}] is ${y}, expected ${x}: ${ulps.toFixed(1)} units off, ${budget.ulps} allowed (seed ${seedOfRun})`,
      );
    });
  }
}
