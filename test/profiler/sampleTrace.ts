/** A generated trace in the shape our runner writes: entry point around dispatches on threads, with annotations. */
import { encodePackets, EventType } from './perfettoSchema';
import type { Packet } from './perfettoSchema';

/** A small deterministic generator (mulberry32), 0 ≤ x < 1. */
export function random(seed: number): () => number {
  let s = seed >>> 0;
  return () => {
    s = (s + 0x6d2b79f5) >>> 0;
    let t = Math.imul(s ^ (s >>> 15), s | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export interface SampleOptions {
  readonly iterations: number;
  readonly dispatches: number;
  readonly threads: number;
  /** Nested zones per dispatch and thread. */
  readonly inner?: number;
}

const OPS = [
  'conv2d_1x1_bias_relu6',
  'depthwise_conv2d_3x3_relu6',
  'conv2d_1x1_add',
  'matmul_1x1280x1000',
  'reduce_mean_7x7',
  'transpose_nchw_nhwc',
  'add_broadcast',
  'pad_1_1',
];

export const sampleName = (d: number): string =>
  `main_dispatch_${d}_${OPS[d % OPS.length]!}_${56 >> (d % 4)}x${56 >> (d % 4)}x${32 << (d % 5)}_f32`;

/** Absolute nanoseconds beyond 2^53, so that a reader that uses doubles is caught. */
export const SAMPLE_ORIGIN = 1_790_000_000_123_456_789n;

export function samplePackets(options: SampleOptions): Packet[] {
  const rand = random(7);
  const packets: Packet[] = [
    {
      trusted_packet_sequence_id: 1,
      sequence_flags: 1,
      track_descriptor: { uuid: 1, process: { pid: 42, process_name: 'strata-runner' } },
    },
  ];
  for (let t = 0; t < options.threads; t++) {
    packets.push({
      trusted_packet_sequence_id: 1,
      track_descriptor: {
        uuid: 10 + t,
        parent_uuid: 1,
        thread: { pid: 42, tid: 100 + t, thread_name: t === 0 ? 'host' : `worker ${t}` },
      },
    });
  }
  packets.push({
    trusted_packet_sequence_id: 1,
    track_descriptor: { uuid: 90, parent_uuid: 1, name: 'arena in use', counter: { unit: 3 } },
  });
  let at = SAMPLE_ORIGIN;
  const event = (time: bigint, track_uuid: number, type: number, more: object = {}): void => {
    packets.push({
      timestamp: time.toString(),
      trusted_packet_sequence_id: 1,
      track_event: { type, track_uuid, ...more },
    });
  };
  for (let i = 0; i < options.iterations; i++) {
    event(at, 10, EventType.begin, {
      name: 'invoke main',
      debug_annotations: [
        { name: 'entry', string_value: 'main' },
        { name: 'iteration', uint_value: i },
      ],
    });
    at += 900n;
    for (let d = 0; d < options.dispatches; d++) {
      const length = BigInt(Math.round(4_000 + rand() ** 3 * 300_000 * (1 + (d % 7))));
      const annotations = [
        { name: 'dispatch', uint_value: d },
        { name: 'entry', string_value: 'main' },
        {
          name: 'origins',
          array_values: [{ string_value: `/features/${d}/Conv` }, { string_value: `/features/${d}/Clip` }],
        },
        { name: 'flops', uint_value: 1_000_000 * (d + 1) },
        { name: 'bytes', uint_value: 200_000 * (d + 1) },
      ];
      event(at, 90, EventType.counter, { counter_value: 1_000_000 + ((d * 7919) % 13) * 300_000 });
      for (let t = 0; t < options.threads; t++) {
        const from = at + BigInt(t * 300);
        const to = at + length - BigInt(t === 0 ? 0 : Math.round(rand() * 2_000));
        event(from, 10 + t, EventType.begin, { name: sampleName(d), debug_annotations: annotations });
        const inner = options.inner ?? 0;
        for (let k = 0; k < inner; k++) {
          const step = (to - from) / BigInt(inner);
          event(from + step * BigInt(k), 10 + t, EventType.begin, { name: `tile_${k % 4}` });
          event(from + step * BigInt(k) + (step * 4n) / 5n, 10 + t, EventType.end);
        }
        event(to, 10 + t, EventType.end);
      }
      at += length + BigInt(Math.round(300 + rand() * 900));
    }
    event(at, 10, EventType.end);
    at += BigInt(40_000 + Math.round(rand() * 60_000));
  }
  return packets;
}

export const sampleTrace = (options: SampleOptions): Uint8Array => encodePackets(samplePackets(options));
