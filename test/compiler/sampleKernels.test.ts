import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { readArtifact } from '../../src/artifact/readArtifact';
import { StrataError } from '../../src/base/diagnostics';
import { compileModel } from '../../src/compiler/compileModel';
import { attributeSamples, libraryAddresses, loopSamples } from '../../src/compiler/kernelSamples';
import type { KernelSamples } from '../../src/compiler/kernelSamples';
import { sampleKernels } from '../../src/compiler/sampleKernels';
import { parseModule } from '../../src/ir';
import { registry } from '../../src/ir/dialects';
import { emitKernels } from '../../src/lowering/targets/cpu/emitKernels';
import { functionLines } from '../../src/lowering/targets/cpu/sourceLines';
import { codeOf } from '../../src/lowering/targets/cpu/translationUnits';
import { readTrace } from '../../src/profiler/readTrace';
import { readLines } from '../../src/runner/addressLines';
import { compileKernels } from '../../src/runner/compileKernels';
import { addressOfOffset } from '../../src/runner/elfSegments';
import { readSamples } from '../../src/runner/perfSampler';
import { encodePackets, EventType } from '../profiler/perfettoSchema';
import type { Packet } from '../profiler/perfettoSchema';
import { modelFile, openSession, scratch, seededInputs } from './models';

const script = `strata-runner     0     0.000000000: PERF_RECORD_MMAP2 71/71: [0x7f0000002000(0x13000) @ 0x2000 00:01 1032 0]: r-xp /memfd:strata-kernels (deleted)
strata-runner     0     0.000000000: PERF_RECORD_MMAP2 71/71: [0x560000000000(0x9000) @ 0 00:01 1033 0]: r--p /opt/strata-runner
   strata-runner    71   949.934934898:     cycles:P:      7f0000002af7 [unknown] (/memfd:strata-kernels (deleted))
        strata-1    72   949.934976268:     cycles:P:      7f2a5bb46001 __memmove_avx512 (/usr/lib/libc.so.6)
        strata-1    72  1000.000000001:     cycles:P:  ffffffff821ceb21 mas_preallocate ([kernel.kallsyms])
`;

test('what perf prints is read: mappings that are executed, threads, times and addresses', () => {
  const { event, mappings, samples } = readSamples(script);
  assert.equal(event, 'cycles');
  assert.deepEqual(mappings, [
    {
      start: 0x7f0000002000n,
      end: 0x7f0000015000n,
      fileOffset: 0x2000n,
      file: '/memfd:strata-kernels (deleted)',
    },
  ]);
  assert.deepEqual(
    samples.map((s) => [s.thread, s.time, s.symbol, s.object]),
    [
      ['strata-runner', 949_934_934_898n, '[unknown]', '/memfd:strata-kernels (deleted)'],
      ['strata-1', 949_934_976_268n, '__memmove_avx512', '/usr/lib/libc.so.6'],
      ['strata-1', 1_000_000_000_001n, 'mas_preallocate', '[kernel.kallsyms]'],
    ],
  );
  assert.equal(samples[0]?.address, 0x7f0000002af7n);
  assert.deepEqual(readSamples('perf: no such file').samples, []);
});

test('of code that was inlined, the line of the kernel counts', () => {
  const text = `0x0000000000006830
pick_max_v16f32
././kernels.c:48 (discriminator 2)
kernel_48fa3ae66a0ea199
././kernel_48fa3ae66a0ea199.c:32
0x0000000000000010
??
??:0
0x0000000000000020
kernel_48fa3ae66a0ea199
./kernel_48fa3ae66a0ea199.c:?`;
  assert.deepEqual(readLines(text), [{ symbol: 'kernel_48fa3ae66a0ea199', line: 32 }, undefined, undefined]);
});

test('an offset in a shared library is the address that the linker gave it', async () => {
  const { bytes } = await compileKernels({
    source: 'int table[4] = {1, 2, 3, 4};\nint first(void) { return table[0]; }\n',
    cpuFeatures: [],
  });
  assert.equal(addressOfOffset(bytes, 0n), 0n);
  assert.equal(addressOfOffset(bytes, BigInt(bytes.length) + 0x1000n), undefined);
  assert.equal(addressOfOffset(bytes.subarray(0, 40), 0n), undefined);
  assert.equal(addressOfOffset(Buffer.from('#!/bin/sh\n'.repeat(20)), 0n), undefined);
  const of = libraryAddresses(readSamples(script), bytes, (f) => f.startsWith('/memfd:'));
  assert.equal(of(0x7f0000002000n), addressOfOffset(bytes, 0x2000n));
  assert.equal(of(0x560000000100n), undefined);
});

test('each line of a compiled function is a line of the C that people see', () => {
  const text = readFileSync('test/lowering/targets/kernels.mlir', 'utf8').replace(/^\/\/.*\n/, '');
  const { source, units } = emitKernels(parseModule(text, registry).module);
  const shown = source.split('\n');
  const functions = functionLines(source);
  const compiled = units.flatMap((u) => u.source.split(/^#line 1 "(?=kernel_)/m).slice(1));
  assert.ok(compiled.length > 3);
  for (const code of compiled) {
    const [first, ...rest] = code.trimEnd().split('\n');
    const name = /^(kernel_\w+)\.c"$/.exec(first!)![1]!;
    const { lines, symbol } = functions.get(name)!;
    assert.equal(rest.length, lines.length, name);
    assert.match(shown[lines[0]!]!, new RegExp(`void ${symbol}\\(`));
    for (const [k, line] of lines.entries())
      if (k > 0) assert.equal(codeOf(shown[line]!), rest[k], `${name}:${k + 1}`);
  }
});

test('a sample belongs to the dispatch of its thread at its time; what is in none counts as taken only', () => {
  const trace = readTrace(twoThreads(), 'a.pftrace');
  const at = (thread: string, time: bigint) => ({
    thread,
    time: trace.origin + time,
    address: time,
    symbol: 'memcpy',
    object: '/lib/libc.so.6',
  });
  const samples = [
    at('strata-runner', 10n),
    at('strata-runner', 99n),
    at('strata-runner', 150n),
    at('strata-1', 10n),
    at('strata-1', 60n),
    at('strata-1', 5000n),
  ];
  const found = attributeSamples({
    sampled: { event: 'cycles', mappings: [], samples },
    trace,
    entryPoint: 'main',
    entries: new Set(['main']),
    threads: 2,
    lineOf: (s) => (s.address === 60n ? undefined : { symbol: 'kernel_a', line: 2 }),
    functions: new Map([['kernel_a', { symbol: 'kernel_main', lines: [4, 7, 9] }]]),
  });
  assert.deepEqual(found, {
    entryPoint: 'main',
    threads: 2,
    event: 'cycles',
    taken: 6,
    dispatches: [
      {
        entryPoint: 'main',
        index: 0,
        samples: 3,
        lines: [{ line: 7, samples: 2 }],
        elsewhere: [{ name: 'memcpy (libc.so.6)', samples: 1 }],
      },
      { entryPoint: 'main', index: 1, samples: 1, lines: [{ line: 7, samples: 1 }], elsewhere: [] },
    ],
  } satisfies KernelSamples);
});

/** Thread 0 runs dispatch 0 in [0, 100) and dispatch 1 in [120, 200); thread 1 dispatch 0 in [50, 80). */
function twoThreads(): Uint8Array {
  const slice = (track: number, dispatch: number, from: number, to: number): readonly Packet[] => [
    {
      timestamp: 1_000_000 + from,
      track_event: {
        type: EventType.begin,
        track_uuid: track,
        name: `d${dispatch}`,
        debug_annotations: [
          { name: 'dispatch', uint_value: dispatch },
          { name: 'entry', string_value: 'main' },
        ],
      },
    },
    { timestamp: 1_000_000 + to, track_event: { type: EventType.end, track_uuid: track } },
  ];
  const thread = (uuid: number, name: string): Packet => ({
    track_descriptor: { uuid, thread: { pid: 1, tid: uuid, thread_name: name } },
  });
  return encodePackets([
    thread(16, 'thread 0 (main)'),
    thread(17, 'thread 1'),
    ...slice(16, 0, 0, 100),
    ...slice(16, 1, 120, 200),
    ...slice(17, 0, 50, 80),
  ]);
}

test('loops hold the samples of their lines and of the loops in them', () => {
  const source = [
    'void f(void)',
    '{',
    '  for (int i = 0; i < 4; ++i) {',
    '    a += b;',
    '    for (int k = 0; k < 4; ++k) {',
    '      c += d;',
    '    }',
    '  }',
    '  e = 1;',
    '}',
  ];
  const lines = [
    { line: 5, samples: 7 },
    { line: 4, samples: 1 },
    { line: 3, samples: 2 },
    { line: 8, samples: 9 },
  ];
  assert.deepEqual(loopSamples(source, lines), [
    { line: 2, samples: 10 },
    { line: 4, samples: 8 },
  ]);
});

test('kernels of a model are sampled line by line, where the system lets perf do so', async (t) => {
  const model = modelFile('tiny-convnet');
  const output = path.join(scratch(), 'sampled.strata');
  const { compilation } = await compileModel({ model, output });
  const session = await openSession(t, output);
  const inputs = seededInputs('tiny-convnet', {}, 1);
  const options = { entry: 'main', threads: 2, budgetNs: 3e8 };
  const samples = await sampleKernels(session, output, inputs, options).catch((error: unknown) => {
    if (error instanceof StrataError && ['STR0729', 'STR0730'].includes(error.code)) return error;
    throw error;
  });
  if (samples instanceof StrataError) return t.skip(samples.message);
  const source = compilation.kernelSource.split('\n');
  const { kernelLibraries } = await readArtifact(output);
  assert.equal(samples.source, kernelLibraries[0]?.source);
  assert.ok(samples.dispatches.length > 0, `${samples.taken} samples, none in a dispatch`);
  let [inLines, all] = [0, 0];
  for (const { index, lines, samples: n } of samples.dispatches) {
    const { symbol } = compilation.dispatches.find((d) => d.index === index)!;
    all += n;
    for (const { line, samples: of } of lines) {
      inLines += of;
      let start = line;
      while (!source[start]!.startsWith('STRATA_EXPORT')) start--;
      // Of equal kernels only the first holds the code.
      const own = source[start]!.includes(`void ${symbol}(`);
      assert.ok(own || source.some((l) => l.includes(`// ${symbol}:`) && l.includes('; as ')), source[line]);
    }
  }
  assert.ok(inLines > 0.5 * all, `${inLines} of ${all} samples are in lines`);
});
