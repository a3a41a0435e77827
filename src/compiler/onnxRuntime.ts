/**
 * ONNX Runtime as a reference, when its Node package is installed (it is a development dependency): the same model
 * file and inputs, for comparison of results and latency.
 */
import type { HostTensor } from '../frontend/elementType';
import { compilerMessages } from './messages';

interface OrtTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: ArrayBufferView & ArrayLike<number | bigint>;
}
interface OrtSession {
  readonly outputNames: readonly string[];
  /** Results are written to the tensors of `fetches`, where they are given. */
  run(
    feeds: Readonly<Record<string, OrtTensor>>,
    fetches?: Readonly<Record<string, OrtTensor>> | readonly string[],
  ): Promise<Readonly<Record<string, OrtTensor>>>;
  release(): Promise<void>;
}
interface Ort {
  readonly env: { readonly versions: { readonly node?: string; readonly common: string } };
  readonly InferenceSession: {
    create(file: string, options: Readonly<Record<string, unknown>>): Promise<OrtSession>;
  };
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => OrtTensor;
}

const arrays = {
  f32: ['float32', Float32Array],
  f64: ['float64', Float64Array],
  i8: ['int8', Int8Array],
  u8: ['uint8', Uint8Array],
  i16: ['int16', Int16Array],
  u16: ['uint16', Uint16Array],
  i32: ['int32', Int32Array],
  u32: ['uint32', Uint32Array],
  i64: ['int64', BigInt64Array],
  u64: ['uint64', BigUint64Array],
  bool: ['bool', Uint8Array],
} as const;
type Comparable = keyof typeof arrays;

export interface OrtRun {
  readonly version: string;
  readonly outputs: Readonly<Record<string, HostTensor>>;
  /** One entry per counted run, in nanoseconds. */
  readonly iterationNs: readonly number[];
}

/**
 * `results`: the model as the standard defines it, without rewrites that change results. At the higher levels quantised
 * models (QDQ) run in kernels that round elsewhere, so that a sum between two steps may come out one step beside what
 * the nodes of the model say. `literal`: node by node, without any rewrite. `latency`: as fast as it can.
 */
export type OrtPurpose = 'results' | 'literal' | 'latency';
const optimisation = { results: 'basic', literal: 'disabled', latency: 'all' } as const satisfies Record<
  OrtPurpose,
  string
>;

/** A model loaded into ONNX Runtime. */
export class OrtReference {
  private constructor(
    readonly version: string,
    readonly ort: Ort,
    readonly session: OrtSession,
  ) {}

  /** Undefined when the package is not installed. Throws STR0595 when it refuses the model. */
  static async load(file: string, threads: number, purpose: OrtPurpose): Promise<OrtReference | undefined> {
    let ort: Ort;
    // Read once, when its library is loaded.
    process.env['ORT_DISABLE_TELEMETRY'] = '1';
    try {
      const loaded = (await import('onnxruntime-node')) as unknown as { default?: Ort } & Ort;
      ort = loaded.default ?? loaded;
    } catch {
      return undefined;
    }
    try {
      const session = await ort.InferenceSession.create(file, {
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        graphOptimizationLevel: optimisation[purpose],
        logSeverityLevel: 3,
      });
      const { versions } = ort.env;
      return new OrtReference(versions.node ?? versions.common, ort, session);
    } catch (error) {
      throw compilerMessages.error(
        'STR0595',
        { reference: 'onnxruntime', problem: (error as Error).message },
        { cause: error },
      );
    }
  }

  async run(inputs: Readonly<Record<string, HostTensor>>): Promise<Record<string, HostTensor>> {
    return outputsOf(await this.session.run(this.#feeds(inputs)));
  }

  /** Times `repeat` runs. All but the first write to the results of the one before, as ours do: no memory is asked for. */
  async time(inputs: Readonly<Record<string, HostTensor>>, repeat: number): Promise<readonly number[]> {
    const feeds = this.#feeds(inputs);
    const times: number[] = [];
    let results: Readonly<Record<string, OrtTensor>> | undefined;
    for (let i = 0; i < repeat; i++) {
      const start = process.hrtime.bigint();
      results = await this.session.run(feeds, results ?? this.session.outputNames);
      times.push(Number(process.hrtime.bigint() - start));
    }
    return times;
  }

  async release(): Promise<void> {
    await this.session.release();
  }

  #feeds(inputs: Readonly<Record<string, HostTensor>>): Record<string, OrtTensor> {
    return Object.fromEntries(
      Object.entries(inputs).map(([name, t]) => {
        const known = arrays[t.elementType as Comparable] as (typeof arrays)[Comparable] | undefined;
        if (known === undefined)
          throw compilerMessages.error('STR0595', {
            reference: 'onnxruntime',
            problem: `it takes no ${t.elementType}`,
          });
        const [type, TypedArray] = known;
        const bytes = t.bytes.buffer.slice(
          t.bytes.byteOffset,
          t.bytes.byteOffset + t.bytes.byteLength,
        ) as ArrayBuffer;
        return [name, new this.ort.Tensor(type, new TypedArray(bytes), t.shape)];
      }),
    );
  }
}

function outputsOf(results: Readonly<Record<string, OrtTensor>>): Record<string, HostTensor> {
  return Object.fromEntries(
    Object.entries(results).map(([name, t]) => {
      const type = (Object.keys(arrays) as Comparable[]).find((k) => arrays[k][0] === t.type);
      if (type === undefined)
        throw compilerMessages.error('STR0595', {
          reference: 'onnxruntime',
          problem: `output '${name}' is ${t.type}`,
        });
      const { buffer, byteOffset, byteLength } = t.data;
      return [
        name,
        { elementType: type, shape: t.dims, bytes: new Uint8Array(buffer, byteOffset, byteLength) },
      ];
    }),
  );
}
