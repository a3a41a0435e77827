/** A small program with hand-written kernels, for the tests of artifact and runner. */
import type { ArtifactContents, DispatchStep, KernelLibrary } from '../../src/artifact/contents';
import { kernelHeaderText } from '../../src/artifact/kernelAbi';
import { hostArchitecture } from '../../src/runner/hostCpu';

export const sampleLength = 1000;

export const sampleSource = `${kernelHeaderText}
#include <stddef.h>

STRATA_EXPORT void add(const strata_kernel_state *state, int64_t begin, int64_t end) {
  const float *x = state->bindings[0], *y = state->bindings[1];
  float *sum = state->bindings[2];
  for (int64_t i = begin; i < end; i++) sum[i] = x[i] + y[i];
}

STRATA_EXPORT void scale(const strata_kernel_state *state, int64_t begin, int64_t end) {
  const float *sum = state->bindings[0], *weight = state->bindings[1], *bias = state->bindings[2];
  float *out = state->bindings[3];
  for (int64_t i = begin; i < end; i++) out[i] = sum[i] * weight[i] + bias[i];
}

STRATA_EXPORT void row_sums(const strata_kernel_state *state, int64_t begin, int64_t end) {
  const float *x = state->bindings[0];
  float *out = state->bindings[1];
  (void)begin, (void)end;
  for (int64_t i = 0; i < state->dims[0]; i++) {
    out[i] = 0;
    for (int64_t k = 0; k < 4; k++) out[i] += x[i * 4 + k];
  }
}

/* Writes what each unit was given, through the scratch memory of its thread. */
STRATA_EXPORT void probe(const strata_kernel_state *state, int64_t begin, int64_t end) {
  int64_t *scratch = state->scratch, *out = state->bindings[0];
  for (int64_t i = begin; i < end; i++) {
    scratch[i % 16] = i * 1000 + state->thread;
    out[i] = (uintptr_t)scratch % 64 == 0 ? scratch[i % 16] : -1;
  }
}

STRATA_EXPORT void crash(const strata_kernel_state *state, int64_t begin, int64_t end) {
  (void)begin, (void)end;
  *(volatile int *)((uintptr_t)state->bindings[0] & 1) = 1;
}

STRATA_EXPORT void overflow_stack(const strata_kernel_state *state, int64_t begin, int64_t end) {
  volatile char block[4096];
  block[begin & 4095] = (char)end;
  overflow_stack(state, begin + 1, end + block[0]);
  block[end & 4095] = 1;
}

STRATA_EXPORT void spin(const strata_kernel_state *state, int64_t begin, int64_t end) {
  (void)state, (void)begin, (void)end;
  for (volatile int go = 1; go;) {
  }
}
`;

type StepFields = Pick<DispatchStep, 'name' | 'symbol' | 'bindings'> & Partial<DispatchStep>;

const step = (fields: StepFields): DispatchStep => ({
  kernelLibrary: 0,
  extent: 1,
  grain: 1,
  flops: 0,
  bytesRead: 0,
  bytesWritten: 0,
  origins: [],
  schedule: '',
  refused: '',
  ...fields,
});

const vector = (name: string) => ({ name, elementType: 'f32', shape: [sampleLength] }) as const;
const bytesOfVector = 4 * sampleLength;

/** out = (x + y) · weight + bias, and entry points that misbehave. `bias` may lie in another file. */
export function sampleContents(
  library: Partial<KernelLibrary> = {},
  bias: { path: string; offset: number } | undefined = undefined,
): ArtifactContents {
  const input = { space: 'input', index: 0, access: 'read' } as const;
  const output = { space: 'output', index: 0, access: 'write' } as const;
  const sum = { space: 'arena', offset: 64, length: bytesOfVector } as const;
  const misbehaving = (name: string, symbol: string) => ({
    name,
    inputs: [],
    outputs: [vector('out')],
    arenaBytes: 0,
    steps: [step({ name: `${name}_dispatch`, symbol, bindings: [output], extent: 64, origins: ['Bad_1'] })],
  });
  return {
    producer: 'strata test',
    model: 'sample.onnx',
    target: { name: 'cpu', architecture: hostArchitecture() ?? 'x86_64' },
    functions: [],
    entryPoints: [
      {
        name: 'main',
        inputs: [vector('x'), vector('y')],
        outputs: [vector('out')],
        arenaBytes: 64 + bytesOfVector,
        steps: [
          step({
            name: 'add_0',
            symbol: 'add',
            bindings: [input, { ...input, index: 1 }, { ...sum, access: 'write' }],
            extent: sampleLength,
            grain: 16,
            flops: sampleLength,
            bytesRead: 2 * bytesOfVector,
            bytesWritten: bytesOfVector,
            origins: ['Add_0'],
            schedule: '#schedule<grain = 16>',
            refused: '2 ops read its result, so it is written to memory',
            predictedNs: 120.5,
          }),
          step({
            name: 'scale_1',
            symbol: 'scale',
            bindings: [
              { ...sum, access: 'read' },
              { space: 'constant', index: 0, access: 'read' },
              { space: 'constant', index: 1, access: 'read' },
              output,
            ],
            extent: sampleLength,
            grain: 16,
            flops: 2 * sampleLength,
            bytesRead: 3 * bytesOfVector,
            bytesWritten: bytesOfVector,
            origins: ['Mul_1', 'Add_2 "β"'],
          }),
        ],
      },
      {
        name: 'dynamic',
        inputs: [{ name: 'rows', elementType: 'f32', shape: ['N', 4] }],
        outputs: [{ name: 'sums', elementType: 'f32', shape: ['N'] }],
        arenaBytes: 0,
        steps: [step({ name: 'row_sums', symbol: 'row_sums', bindings: [input, output] })],
      },
      {
        name: 'probe',
        inputs: [],
        outputs: [{ name: 'seen', elementType: 'i64', shape: [4096] }],
        arenaBytes: 0,
        steps: [
          step({ name: 'probe', symbol: 'probe', bindings: [output], extent: 4096, scratchBytes: 128 }),
        ],
      },
      misbehaving('crash', 'crash'),
      misbehaving('overflow', 'overflow_stack'),
      misbehaving('spin', 'spin'),
    ],
    constants: [
      {
        name: 'weight',
        bytes: new Uint8Array(Float32Array.from({ length: sampleLength }, (_, i) => i / 8).buffer),
      },
      bias === undefined
        ? { name: 'bias', bytes: new Uint8Array(sampleBias().buffer) }
        : { name: 'bias', external: { ...bias, length: bytesOfVector } },
    ],
    kernelLibraries: [
      { bytes: Buffer.from('no library'), source: sampleSource, cpuFeatures: [], ...library },
    ],
    irTexts: [
      { pass: 'import', text: 'module {}\n' },
      { pass: 'canonicalize', text: 'module {}\n' },
      { pass: 'fuse{max=3}', text: 'module { func.func @main() { return } }\n' },
    ],
    fallbacks: [],
  };
}

/** The same with little in it, for tests that go through every byte. */
export function smallContents(): ArtifactContents {
  const contents = sampleContents({ source: 'int x;' });
  return {
    ...contents,
    constants: contents.constants.map(({ name }) => ({ name, bytes: new Uint8Array(4) })),
  };
}

export const sampleBias = (): Float32Array => Float32Array.from({ length: sampleLength }, (_, i) => -i);

export const sampleInputs = (): { x: Float32Array; y: Float32Array } => ({
  x: Float32Array.from({ length: sampleLength }, (_, i) => i * 0.5),
  y: Float32Array.from({ length: sampleLength }, (_, i) => 3 - i),
});

/** What `main` computes for `sampleInputs`; exact, since all values are small multiples of 1/16. */
export function sampleResult(): Float32Array {
  const { x, y } = sampleInputs();
  const bias = sampleBias();
  return x.map((value, i) => (value + y[i]!) * (i / 8) + bias[i]!);
}

export const bytesOf = (data: Float32Array | BigInt64Array): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

export const floatsOf = (bytes: Uint8Array): Float32Array =>
  new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
