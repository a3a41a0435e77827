/** One small file per format, in the shape that its tool writes. */

const lines = (...all: readonly string[]): string => `${all.join('\n')}\n`;

const frame = (functionName: string, lineNumber: number): object => ({
  functionName,
  scriptId: '0',
  url: functionName.startsWith('(') ? '' : 'file:///app/main.js',
  lineNumber,
  columnNumber: 0,
});

const cpuProfile = {
  nodes: [
    { id: 1, callFrame: frame('(root)', -1), hitCount: 0, children: [2, 3, 6] },
    { id: 2, callFrame: frame('(idle)', -1), hitCount: 1 },
    { id: 3, callFrame: frame('main', 0), hitCount: 1, children: [4, 5] },
    { id: 4, callFrame: frame('parse', 9), hitCount: 2 },
    { id: 5, callFrame: frame('', 20), hitCount: 1 },
    { id: 6, callFrame: frame('(garbage collector)', -1), hitCount: 1 },
  ],
  startTime: 5_000_000,
  endTime: 5_001_000,
  samples: [3, 4, 4, 6, 5, 2],
  timeDeltas: [100, 100, 125, 125, 150, 200],
};

const speedscope = {
  $schema: 'https://www.speedscope.app/file-format-schema.json',
  shared: { frames: [{ name: 'main', file: 'main.c', line: 3 }, { name: 'load' }, { name: 'run' }] },
  profiles: [
    {
      type: 'evented',
      name: 'host',
      unit: 'microseconds',
      startValue: 10,
      endValue: 20,
      events: [
        { type: 'O', frame: 0, at: 10 },
        { type: 'O', frame: 1, at: 11.5 },
        { type: 'C', frame: 1, at: 13.25 },
        { type: 'C', frame: 0, at: 20 },
      ],
    },
    {
      type: 'sampled',
      name: 'worker',
      unit: 'microseconds',
      startValue: 10,
      endValue: 16,
      samples: [[0], [0, 2], [0, 2], [0]],
      weights: [1, 2, 2, 1],
    },
  ],
};

const firefox = {
  meta: { interval: 1, startTime: 1_700_000_000_000, preprocessedProfileVersion: 47, product: 'Firefox' },
  libs: [],
  threads: [
    {
      name: 'GeckoMain',
      processName: 'Parent',
      pid: '77',
      tid: 77,
      samples: { stack: [0, 2, 2, null, 1], time: [1, 2, 3, 4, 5.5], length: 5 },
      stackTable: { frame: [0, 1, 2], prefix: [null, 0, 0], length: 3 },
      frameTable: { func: [0, 1, 2], length: 3 },
      funcTable: { name: [0, 1, 2], fileName: [null, 3, null], lineNumber: [null, 12, null], length: 3 },
      stringArray: ['root', 'paint', 'layout', 'view.js', 'Refresh'],
      markers: {
        name: [4, 4],
        startTime: [1.5, 2.5],
        endTime: [2.25, null],
        phase: [1, 0],
        category: [0, 0],
        data: [null, null],
        length: 2,
      },
    },
  ],
  counters: [{ name: 'malloc', samples: { time: [1, 2], count: [100, -40], length: 2 } }],
};

/** A time stamp beyond 2^53, so that a reader that uses doubles is caught. */
export const IREE_HOST = 1_790_000_000_123_456_789n;

const host = (offset: number): string => String(IREE_HOST + BigInt(offset));

export interface SampleFile {
  readonly name: string;
  readonly text: string;
}

export const samples = {
  tracyZones: {
    name: 'zones.csv',
    text: lines(
      'name,src_file,src_line,ns_since_start,exec_time_ns,thread,value',
      'layer,emit.cpp,13,1000,500,2,first',
      'layer,emit.cpp,13,2000,500,2,first',
      'leaf, "quoted",emit.cpp,11,1100,30,2,',
      'leaf, "quoted",emit.cpp,11,2100,40,2,',
      'matmul,emit.cpp,12,1050,200,3,7, [0x7]',
      'Frame,,,1500,,,59.5',
    ),
  },
  tracyAggregated: {
    name: 'aggregated.csv',
    text: lines(
      'name,src_file,src_line,total_ns,total_perc,counts,mean_ns,min_ns,max_ns,std_ns',
      'layer,emit.cpp,13,123386445,13.006011,100000,1233,170,17710243,94155.171504',
      'leafB, "quoted",emit.cpp,11,16806004,1.771500,290580,57,1,10174385,19124.486304',
    ),
  },
  tracyGpu: {
    name: 'gpu.csv',
    text: lines(
      'name,src_file,Time from start of program,GPU execution time',
      'draw, opaque,render.cpp,5000,700',
      'blit,render.cpp,6000,100',
    ),
  },
  tracyMessages: {
    name: 'messages.csv',
    text: lines(
      'MessageName,total_ns',
      'Loaded 122153 symbols, all of them,270',
      'tick,452',
      'Frame,,,500,,,60',
    ),
  },
  tracyPlots: { name: 'plots.csv', text: lines('Frame,,,100,,,59.574467', 'a,b,,,250,,,-1.5') },
  cpuProfile: { name: 'run.cpuprofile', text: JSON.stringify(cpuProfile) },
  speedscope: { name: 'run.speedscope.json', text: JSON.stringify(speedscope) },
  perf: {
    name: 'perf.txt',
    text: lines(
      '# captured on a machine',
      'node 21295  5790.448761:    2000000 cpu-clock:pppH: ',
      '\t            8e64 do_lookup_x+0x104 (/usr/lib/ld-linux-x86-64.so.2)',
      '\t            1000 main+0x4 (/usr/bin/node)',
      '',
      'node 21295  5790.450761:    2000000 cpu-clock:pppH: ',
      '\tffffffff821eb0e7 clear_page_erms+0x7 ([kernel.kallsyms])',
      '\t            1234 [unknown] (/usr/lib/libc.so.6)',
      '\t            1010 main+0x14 (/usr/bin/node)',
      '',
      'my worker 21295/21300 [001]  5790.450000: cycles:P: ',
      '\t            2000 std::vector<int, std::allocator<int> >::push_back(int const&)+0x4 (/usr/bin/node)',
      '',
    ),
  },
  firefox: { name: 'firefox.json', text: JSON.stringify(firefox) },
  mlirTimingText: {
    name: 'timing.txt',
    text: lines(
      'module {',
      '}',
      '===-------------------------------------------------------------------------===',
      '                         ... Execution time report ...',
      '===-------------------------------------------------------------------------===',
      '  Total Execution Time: 0.0063 seconds',
      '',
      '  ----User Time----  ----Wall Time----  ----Name----',
      '    0.0016 ( 16.6%)    0.0016 ( 25.3%)  Parser',
      "    0.0033 ( 34.4%)    0.0031 ( 48.9%)  'func.func' Pipeline",
      '    0.0030 ( 31.4%)    0.0030 ( 47.4%)    CSE',
      '    0.0000 (  0.1%)    0.0000 (  0.1%)      (A) DominanceInfo',
      '    0.0003 (  2.8%)    0.0002 (  2.9%)    Canonicalizer',
      '    0.0007 (  7.2%)    0.0007 ( 10.9%)  Rest',
      '    0.0096 (100.0%)    0.0063 (100.0%)  Total',
    ),
  },
  mlirTimingJson: {
    name: 'timing.json',
    text: lines(
      '[',
      '{"user": {"duration":   0.0016, "percentage":  16.6}, "wall": {"duration":   0.0016, "percentage":  25.3}, "name": "Parser", "passes": [',
      '{}]},',
      '{"user": {"duration":   0.0033, "percentage":  34.4}, "wall": {"duration":   0.0031, "percentage":  48.9}, "name": "\'func.func\' Pipeline", "passes": [',
      '  {"user": {"duration":   0.0030, "percentage":  31.4}, "wall": {"duration":   0.0030, "percentage":  47.4}, "name": "CSE", "passes": [',
      '    {"user": {"duration":   0.0000, "percentage":   0.1}, "wall": {"duration":   0.0000, "percentage":   0.1}, "name": "(A) DominanceInfo", "passes": [',
      '    {}]},',
      '  {}]},',
      '  {"user": {"duration":   0.0003, "percentage":   2.8}, "wall": {"duration":   0.0002, "percentage":   2.9}, "name": "Canonicalizer", "passes": [',
      '  {}]},',
      '{}]},',
      '{"user": {"duration":   0.0007, "percentage":   7.2}, "wall": {"duration":   0.0007, "percentage":  10.9}, "name": "Rest"},',
      '{"user": {"duration":   0.0096, "percentage": 100.0}, "wall": {"duration":   0.0063, "percentage": 100.0}, "name": "Total"}',
      ']',
    ),
  },
  mlirActions: {
    name: 'actions.json',
    text: [
      '[{"name": "pass-execution", "cat": "PERF", "ph": "B", "pid": 0, "tid": 21279, "ts": 1459, "args": {"desc": "`pass-execution` running `mlir::CSE` on Operation `func.func`"}}',
      '{"name": "apply-pattern", "cat": "PERF", "ph": "B", "pid": 0, "tid": 21279, "ts": 1528, "args": {"desc": "`apply-pattern pattern: Fold<"a", "b": 1>"}}',
      '{"name": "apply-pattern", "cat": "PERF", "ph": "E", "pid": 0, "tid": 21279, "ts": 1530}',
      '{"name": "pass-execution", "cat": "PERF", "ph": "E", "pid": 0, "tid": 21279, "ts": 1600}]',
    ].join(',\n'),
  },
  iree: {
    name: 'model.ireeperf.jsonl',
    text: lines(
      '{"record_type":"schema","format":"ireeperf-jsonl","schema_version":15}',
      `{"record_type":"dispatch_event","event_id":2,"key":"main_dispatch_0","valid":true,"physical_device_ordinal":0,"queue_ordinal":0,"start_tick":110,"end_tick":120,"workgroup_count":[4,1,1]}`,
      '{"record_type":"dispatch_event","event_id":3,"key":"lost","valid":false,"physical_device_ordinal":0,"queue_ordinal":0,"start_tick":0,"end_tick":0}',
      `{"record_type":"host_execution_event","op":"execute","physical_device_ordinal":0,"queue_ordinal":0,"start_host_time_ns":${host(1050)},"end_host_time_ns":${host(1400)},"command_buffer_id":7}`,
      `{"record_type":"queue_event","event_id":1,"op":"execute","physical_device_ordinal":0,"queue_ordinal":0,"host_time_ns":${host(1040)}}`,
      `{"record_type":"clock_correlation","physical_device_ordinal":0,"device_tick":100,"host_time_begin_ns":${host(999)},"host_time_end_ns":${host(1001)}}`,
      `{"record_type":"clock_correlation","physical_device_ordinal":0,"device_tick":200,"host_time_ns":${host(2000)}}`,
    ),
  },
} as const satisfies Readonly<Record<string, SampleFile>>;

export const bytesOf = (sample: SampleFile): Uint8Array => new TextEncoder().encode(sample.text);
