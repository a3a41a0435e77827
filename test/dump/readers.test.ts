import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { crc32 } from '../../src/base/crc32';
import { MemorySource } from '../../src/dump/byteSource';
import type { Dump } from '../../src/dump/dump';
import type { ElidedConstant } from '../../src/dump/elide';
import { readElided } from '../../src/dump/elide';
import { entryText, rawHash } from '../../src/dump/entryText';
import { IrStates } from '../../src/dump/irState';
import { passListOf } from '../../src/dump/passList';
import { folders, readDamagedFolder, readDamagedLog } from './damagedDumps';
import { closeDump, dumpReaders, openDump, openSource } from '../../src/dump/openDump';

const logs = 'test/dump/logs';
const read = (name: string): string => readFileSync(path.join(logs, `${name}.log`), 'utf8');

async function texts(dump: Dump): Promise<string[]> {
  return Promise.all(dump.entries.map(async (e) => (await entryText(dump, e)).text));
}

/** What a log says, as text: entries, warnings, texts. */
async function describe(dump: Dump): Promise<string> {
  const lines = [dump.format];
  const warnings = [...dump.warnings];
  const bodies: string[] = [];
  for (const e of dump.entries) {
    const argument =
      e.argument === undefined ? '' : ` (${e.argument}${e.options === undefined ? '' : `{${e.options}}`})`;
    const symbol = e.symbol === undefined ? '' : ` @${e.symbol}`;
    lines.push(
      `${e.index} ${e.when} ${e.pass}${argument} on ${e.op ?? '?'}${symbol}${e.omitted ? ' omitted' : ''}`,
    );
    const { text, warnings: more } = await entryText(dump, e);
    warnings.push(...more);
    bodies.push(`--- ${e.index}\n${text}`);
  }
  for (const w of warnings) lines.push(`${w.code} ${w.text}`);
  if (dump.timing !== undefined) lines.push(`timing ${JSON.stringify({ ...dump.timing, start: 0, end: 0 })}`);
  return `${lines.join('\n')}\n${bodies.join('')}`;
}

const names = readdirSync(logs)
  .filter((file) => file.endsWith('.log'))
  .map((file) => file.slice(0, -4));

for (const name of names) {
  test(`the log ${name} says what it should (UPDATE=1 rewrites)`, async () => {
    const found = await describe(await openSource(new MemorySource(read(name), `${name}.log`)));
    const file = path.join(logs, `${name}.expected`);
    if (process.env['UPDATE'] === '1') writeFileSync(file, found);
    assert.equal(found, readFileSync(file, 'utf8'));
  });
}

/** What terminals, CI and file systems do to a log; entries and texts must come out the same. */
const deviations: Readonly<Record<string, (log: string) => string>> = {
  'carriage returns': (log) => log.replace(/\n/g, '\r\n'),
  'colour codes': (log) =>
    log.replace(/^(.*IR Dump.*)$/gm, '\x1b[0;1;32m$1\x1b[0m').replace(/return/g, '\x1b[35mreturn\x1b[m'),
  'time stamps': (log) =>
    log
      .split('\n')
      .map((line, i) => `2026-05-01T12:34:${String(i % 60).padStart(2, '0')}.1234567Z ${line}`)
      .join('\n'),
  'a prefix of containers': (log) =>
    log
      .split('\n')
      .map((line) => `build_1  | ${line}`)
      .join('\n'),
  'a long head of other output': (log) => `${'configuring...\n'.repeat(20_000)}${log}`,
};

for (const [what, deviate] of Object.entries(deviations)) {
  test(`${what} change no entry and no text`, async () => {
    for (const name of names.filter((n) => /^(?:mlir|triton|cir)/.test(n))) {
      const log = read(name).replace(/\n\n===[\s\S]*/, '\n');
      const plain = await openSource(new MemorySource(log));
      const changed = await openSource(new MemorySource(deviate(log)));
      const list = (dump: Dump): unknown =>
        dump.entries.map((e) => [e.when, e.pass, e.argument, e.options, e.op, e.symbol]);
      assert.deepEqual(list(changed), list(plain), name);
      assert.deepEqual(await texts(changed), await texts(plain), name);
    }
  });
}

test('entries do not depend on where the chunks of a large log end', async () => {
  const log = read('mlir-2024').replace(/\n\n===[\s\S]*/, '\n');
  const plain = await openSource(new MemorySource(log));
  const size = Buffer.byteLength(log);
  const filler = `// -----// IR Dump After Filler (filler) //----- //\n"x.y"() {v = "${'z'.repeat((8 << 20) - 200)}"} : () -> ()\n`;
  for (let shift = 0; shift < size; shift += 97) {
    const padding = ' '.repeat(200 - (shift % 200));
    const dump = await openSource(new MemorySource(`${filler.slice(0, -1 - shift)}\n${padding}\n${log}`));
    assert.deepEqual(
      dump.entries.slice(1).map((e) => [e.when, e.pass, e.op, e.symbol, e.end - e.start]),
      plain.entries.map((e) => [e.when, e.pass, e.op, e.symbol, e.end - e.start]),
      `shift ${shift}`,
    );
  }
});

test('XLA programs of one name, as each jit of JAX makes them, are not compared with each other', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'xla-'));
  try {
    const hlo = (op: string): string =>
      `HloModule jit_f\n\nENTRY %main.1 (x.1: f32[4]) -> f32[4] {\n  %x.1 = f32[4]{0} parameter(0)\n  ROOT %r.1 = f32[4]{0} ${op}(%x.1, %x.1)\n}\n`;
    const write = (stage: string, op: string): void =>
      writeFileSync(path.join(folder, `module_${stage}.txt`), hlo(op));
    write('0002.jit_f.before_optimizations', 'add');
    write('0002.jit_f.0000.simplification.after_pipeline-start.before_algsimp', 'add');
    write('0002.jit_f.0001.simplification.after_algsimp.before_pipeline-end', 'multiply');
    write('0004.jit_f.before_optimizations', 'divide');
    write('0005.jit_g.before_optimizations', 'add');
    const dump = await openDump(folder);
    const states = new IrStates(dump);
    const rows: string[] = [];
    for (const { passes } of passListOf(dump).pipelines)
      for (const { pass, argument, runs } of passes)
        for (const run of runs) {
          const change = await states.change(run);
          const ops = change.kind === 'changed' ? [...change.ops].map(([op, n]) => `${op} ${n}`) : [];
          rows.push([argument ?? pass, run.symbol, change.kind, ...ops].join(' '));
        }
    assert.deepEqual(rows, [
      'before_optimizations jit_f#2 first',
      'simplification: pipeline-start jit_f#2 unchanged',
      'algsimp jit_f#2 changed add -1 multiply 1',
      'before_optimizations jit_f#4 first',
      'before_optimizations jit_g first',
    ]);
    await closeDump(dump);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('functions of LLVM are compared with those of the module before, and loops with loops', async () => {
  const define = (name: string, op: string): string =>
    `; Function Attrs: nounwind\ndefine i32 @${name}(i32 %0) #0 {\n  %2 = ${op} i32 %0, 1\n  ret i32 %2\n}\n`;
  const after = (pass: string, text: string): string => `; *** IR Dump After ${pass} ***\n${text}`;
  const module = (...functions: string[]): string =>
    `; ModuleID = 'p.ll'\nsource_filename = "p.c"\n\n${functions.join('\n')}\nattributes #0 = { nounwind }\n`;
  const dump = await openSource(
    new MemorySource(
      after('APass on [module]', module(define('f', 'add'), define('g', 'add'))) +
        after('BPass on f', define('f', 'mul')) +
        after('LPass on loop %x in function f', '; Loop:\nx:\n  br label %x\n') +
        after('BPass on g', define('g', 'add')) +
        after('CPass on [module]', module(define('f', 'mul'), define('g', 'shl'))),
      'opt.log',
    ),
  );
  const states = new IrStates(dump);
  const rows: string[] = [];
  for (const { passes } of passListOf(dump).pipelines)
    for (const { pass, runs } of passes)
      for (const run of runs) {
        const change = await states.change(run);
        const lines = change.kind === 'changed' ? [`+${change.added} -${change.removed}`] : [];
        rows.push([pass, run.symbol ?? '', change.kind, ...lines].join(' '));
      }
  assert.deepEqual(rows, [
    'APass  first',
    'BPass f changed +1 -1',
    'BPass g unchanged',
    'LPass f first',
    'CPass  changed +1 -1',
  ]);
});

test('ops of LLVM IR are counted by opcode', async () => {
  const ir = (body: string): string =>
    `; *** IR Dump After XPass on f ***\ndefine i32 @f(i32 %x) {\n${body}  switch i32 %x, label %d [\n    i32 0, label %d\n  ]\nd:\n  ret i32 %x\n}\n`;
  const dump = await openSource(
    new MemorySource(ir('  %1 = add i32 %x, 1\n  %2 = tail call i32 @g()\n') + ir('  %1 = shl i32 %x, 1\n')),
  );
  const change = await new IrStates(dump).change(passListOf(dump).pipelines[0]!.passes[1]!.runs[0]!);
  assert.ok(change.kind === 'changed');
  assert.deepEqual(
    [...change.ops],
    [
      ['add', -1],
      ['call', -1],
      ['shl', 1],
    ],
  );
});

test('a constant of megabytes on one line is elided with its size, and another constant is another text', async () => {
  const log = (digits: string): string =>
    `// -----// IR Dump After CSE (cse) //----- //\nmodule {\n  %0 = arith.constant dense<"0x${digits}"> : tensor<1xf32>\n}\n`;
  const text = async (digits: string): Promise<string> =>
    (await texts(await openSource(new MemorySource(log(digits)))))[0]!;
  const big = await text('08000000'.repeat(3 << 20));
  assert.match(big, /dense<"0x08000000…12582912 bytes, [0-9a-f]{8}"> : tensor<1xf32>/);
  assert.notEqual(big, await text(`${'08000000'.repeat((3 << 20) - 1)}08000001`));
  assert.match(await text('0800'), /dense<"0x0800">/);
});

test('a constant is the same text wherever it begins in a log, and however far the index knows its line', async () => {
  const digits = Buffer.alloc(40 << 20, '0123456789abcdef');
  const log = (before: number, last: string): Buffer => {
    const bytes = Buffer.concat([
      Buffer.from(
        `// -----// IR Dump After CSE (cse) //----- //\nmodule {\n  %0 = arith.constant dense<"0x${'7'.repeat(before)}`,
      ),
      digits,
      Buffer.from(`"> : tensor<1xf32> loc("a":1:${'2'.repeat(2 << 20)})\n  %1 = b.c ${last}\n}\n`),
    ]);
    return bytes;
  };
  const seen = new Set<string>();
  for (const before of [0, 2, 4_194_304]) {
    const bytes = log(before, 'x');
    const dump = await openSource(new MemorySource(bytes));
    assert.ok(dump.solid!.length >= 3);
    const [entry] = dump.entries;
    const [known, unknown] = [await entryText(dump, entry!), await entryText({ ...dump, solid: [] }, entry!)];
    assert.equal(known.text, unknown.text);
    assert.match(
      known.text,
      /"0x\d{8}…\d+ bytes, [0-9a-f]{8}"> : .*…\d+ more bytes, [0-9a-f]{8}\n {2}%1 = b.c x\n}\n$/,
    );
    const constants: ElidedConstant[] = [];
    await readElided(dump, entry!, constants);
    const [{ start, digits: count, hash }] = constants as [ElidedConstant];
    assert.equal(count, before + digits.length);
    assert.equal(parseInt(hash, 16), crc32(bytes.subarray(start, start + count)));
    const other = await openSource(new MemorySource(log(before, 'y')));
    const hashes = [await rawHash(dump, entry!), await rawHash(other, other.entries[0]!)];
    assert.notEqual(hashes[0], hashes[1]);
    hashes.forEach((h) => seen.add(h));
  }
  assert.equal(seen.size, 6);
});

test('a constant that was cut ends with its line', async () => {
  const log = `// -----// IR Dump After CSE (cse) //----- //\nmodule {\n  %0 = arith.constant dense<"0x${'08'.repeat(400)}\n  %1 = a.b "c"\n}\n`;
  const [text] = await texts(await openSource(new MemorySource(log)));
  assert.match(text!, /"0x08080808…400 bytes, cut\n {2}%1 = a\.b "c"\n/);
});

test('a line without end is cut with a note, and another line is another text', async () => {
  const line = (last: string): string =>
    `// -----// IR Dump After X (x) //----- //\nmodule {\n  ${'%0 = a.b %1 : i32 '.repeat(100_000)}${last}\n}\n`;
  const dump = await openSource(new MemorySource(line('a') + line('b'), 'x.log'));
  const [first, second] = await Promise.all(dump.entries.map((e) => entryText(dump, e)));
  assert.deepEqual(
    first!.warnings.map((w) => w.code),
    ['STR0167'],
  );
  assert.match(first!.text, /…\d+ more bytes, [0-9a-f]{8}\n\}\n$/);
  assert.notEqual(first!.text, second!.text);
});

test('cut and garbled logs give what they hold, and never throw', async () => {
  for (const name of names) {
    const log = Buffer.from(read(name));
    for (let i = 1; i < 60; i++) {
      const cut = log.subarray(0, Math.floor((log.length * i) / 60));
      const garbled = Buffer.from(log);
      for (let k = 0; k < 8; k++) garbled[(i * 7919 + k * 104_729) % log.length] = (i * 31 + k * 17) % 256;
      for (const bytes of [cut, garbled]) {
        const dump = await openSource(new MemorySource(bytes, 'x.mlir'));
        await describe(dump);
      }
    }
  }
});

test('what is no dump is refused with what was found', async () => {
  await assert.rejects(
    openSource(new MemorySource('hello world', 'a.txt')),
    /STR0150 'a.txt' .*begin 'hello world'/,
  );
  await assert.rejects(openSource(new MemorySource('', 'a.txt')), /STR0150 .*empty/);
  await assert.rejects(openDump('/no/such/file'), /STR0151/);
});

test('each reader is sure of its own logs and none of the others', async () => {
  const expected: Readonly<Record<string, string>> = {
    halide: 'halide-log',
    halide21: 'halide-log',
    plain: 'ir-file',
  };
  for (const name of names) {
    const format = expected[name] ?? (name.startsWith('llvm') ? 'llvm-log' : 'mlir-log');
    assert.equal((await openSource(new MemorySource(read(name), `${name}.log`))).format, format, name);
  }
  assert.equal(new Set(dumpReaders.map((r) => r.format)).size, dumpReaders.length);
});

const module = 'module {\n}\n';

test('folders of each format are read in the order of their passes', async () => {
  const root = mkdtempSync(path.join(tmpdir(), 'dump-'));
  try {
    for (const [format, { files, passes }] of Object.entries(folders)) {
      for (const file of files) {
        mkdirSync(path.dirname(path.join(root, format, file)), { recursive: true });
        writeFileSync(path.join(root, format, file), module);
      }
      const dump = await openDump(path.join(root, format));
      assert.equal(dump.format, format);
      assert.deepEqual(
        dump.entries.map((e) => e.pass),
        passes,
      );
      assert.deepEqual(
        await texts(dump),
        passes.map(() => module),
      );
      assert.deepEqual(dump.warnings, []);
      await closeDump(dump);
    }
  } finally {
    rmSync(root, { recursive: true });
  }
});

test('memory reports of XLA are left out with a note, and the modules of a folder have their own histories', async () => {
  const root = mkdtempSync(path.join(tmpdir(), 'dump-'));
  try {
    for (const file of [
      'module_0000.f.before_optimizations.txt',
      'module_0000.f.cpu_after_optimizations.txt',
      'module_0000.f.cpu_after_optimizations-buffer-assignment.txt',
      'module_0002.g.before_optimizations.txt',
    ])
      writeFileSync(path.join(root, file), `HloModule ${file}\n`);
    const dump = await openDump(root);
    assert.deepEqual(
      dump.warnings.map((w) => w.code),
      ['STR0163'],
    );
    const { pipelines } = passListOf(dump);
    assert.deepEqual(
      pipelines.map((p) => [p.anchor, p.passes.map((pass) => pass.runs[0]!.before === undefined)]),
      [
        ['HloModule f', [true, false]],
        ['HloModule g', [true]],
      ],
    );
    await closeDump(dump);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test('damaged logs of every format are read as far as they go, and never fail or hang', async () => {
  const first = Number(process.env['STRATA_SEED'] ?? '1') * 1000;
  for (const name of names) for (let i = 0; i < 40; i++) await readDamagedLog(name, read(name), first + i);
});

test('damaged folders of every format are read as far as they go, and never fail or hang', async () => {
  const first = Number(process.env['STRATA_SEED'] ?? '1') * 1000;
  const log = read('life');
  for (const [format, { files }] of Object.entries(folders))
    for (let i = 0; i < 8; i++) await readDamagedFolder(format, files, log, first + i);
});

const samples = '../shared/data/mlir-dumps';
const skip = existsSync(samples) ? false : 'the sample dumps are not here';

test('every marker of the samples is an entry with its op', { skip }, async () => {
  for (const file of readdirSync(samples)) {
    const dump = await openDump(path.join(samples, file));
    const markers = readFileSync(path.join(samples, file), 'utf8').match(/^\/\/ -----\/\/ IR Dump/gm) ?? [];
    assert.equal(dump.entries.length, markers.length, file);
    for (const e of dump.entries) {
      assert.match(e.op ?? '', /^(?:func\.func|builtin\.module)$/);
      assert.ok(e.argument !== undefined);
      const { text, warnings } = await entryText(dump, e);
      assert.match(text, /^(?:#map|module|func\.func)[\s\S]*\}\n$/);
      assert.deepEqual(warnings, []);
    }
    await closeDump(dump);
  }
  const nested = await openDump(path.join(samples, 'nested-before-after-llvm22.mlir.log'));
  assert.deepEqual(
    [...new Set(nested.entries.map((e) => e.symbol ?? ''))],
    ['layer0', 'layer1', 'layer2', ''],
  );
  await closeDump(nested);
});
