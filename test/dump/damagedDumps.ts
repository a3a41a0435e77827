/** Dumps as they come when a disk is full, threads write at once or a log went through CI: for the tests and `npm run fuzz:dumps`. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { MemorySource } from '../../src/dump/byteSource';
import type { Dump } from '../../src/dump/dump';
import { entryText } from '../../src/dump/entryText';
import { IrStates } from '../../src/dump/irState';
import { closeDump, openDump, openSource } from '../../src/dump/openDump';
import { passListOf } from '../../src/dump/passList';
import { searchDump } from '../../src/dump/searchDump';

/** Files of a folder of each format, not in their order, and the passes that they are. */
export const folders: Readonly<Record<string, { files: readonly string[]; passes: readonly string[] }>> = {
  'mlir-tree': {
    files: [
      'builtin_module_no-symbol-name/10_symbol-dce.mlir',
      'builtin_module_no-symbol-name/2_inline.mlir',
      'builtin_module_no-symbol-name/func_func_b/0_0_cse.mlir',
      'builtin_module_no-symbol-name/func_func_a/0_10_cse.mlir',
      'builtin_module_no-symbol-name/func_func_a/0_9_canonicalize.mlir',
    ],
    passes: ['cse', 'canonicalize', 'cse', 'inline', 'symbol-dce'],
  },
  'strata-dump': {
    files: [
      'builtin_module_m/0_import.mlir',
      'builtin_module_m/12_cse.mlir',
      'builtin_module_m/3_fuse.mlir',
      'parameters.safetensors',
    ],
    passes: ['import', 'fuse', 'cse'],
  },
  'iree-phases': {
    files: ['m.10.executable-targets.mlir', 'm.1.input.mlir', 'm.2.abi.mlir'],
    passes: ['input', 'abi', 'executable-targets'],
  },
  'xla-dump': {
    files: [
      'module_0001.jit_f.cpu_after_optimizations.txt',
      'module_0001.jit_f.before_optimizations.txt',
      'module_0001.jit_f.0003.fusion.after_fusion-wrapper.before_pipeline-end.txt',
      'module_0000.g.before_optimizations.txt',
    ],
    passes: [
      'before_optimizations',
      'before_optimizations',
      'fusion: fusion-wrapper',
      'cpu_after_optimizations',
    ],
  },
  'iree-executables': {
    files: [
      'module_main_dispatch_0_embedded_elf_x86_64.optimized.ll',
      'module_main_dispatch_0_embedded_elf_x86_64.codegen.ll',
      'configured_module_main_dispatch_0.mlir',
      'module_main_dispatch_0.mlir',
    ],
    passes: ['executable-sources', 'executable-configurations', 'executable-targets', 'optimize'],
  },
  'tvm-dump': { files: ['010_Fuse.py', '002_Simplify.py'], passes: ['Simplify', 'Fuse'] },
};

/** What happens to logs on their way: cut, garbled, doubled, interleaved, one line of all. Seeded. */
export function damaged(log: string, seed: number): string {
  let state = seed * 2654435761 + 1;
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 8) % below;
  };
  const lines = log.split('\n');
  const at = random(log.length);
  switch (seed % 8) {
    case 0:
      return log.slice(0, at);
    case 1:
      return log.slice(at);
    case 2:
      return `${log.slice(0, at)}${String.fromCharCode(...Array.from({ length: 40 }, () => random(256)))}${log.slice(at)}`;
    case 3:
      return lines.filter(() => random(4) > 0).join('\n');
    case 4:
      return lines
        .flatMap((line) => (random(3) === 0 ? [line, lines[random(lines.length)]!] : [line]))
        .join('\n');
    case 5:
      return log.replaceAll('\n', random(2) === 0 ? '\r' : ' ');
    case 6:
      return lines.map((line) => (random(5) === 0 ? `\x1b[1m${line}\x1b[` : line)).join('\r\n');
    default:
      return log.replace(/[({})]/g, (c) => (random(6) === 0 ? '' : c)) + '{'.repeat(random(3000));
  }
}

/** Reads all that a dump offers; throws what must never happen. */
async function readAll(dump: Dump, where: string): Promise<void> {
  for (const e of dump.entries) {
    assert.ok(e.start >= 0 && e.start <= e.end && e.end <= dump.sources[e.source]!.size, where);
    await entryText(dump, e);
  }
  const states = new IrStates(dump);
  for (const { passes } of passListOf(dump).pipelines)
    for (const pass of passes) for (const run of pass.runs) await states.change(run);
  let hits = 0;
  for await (const { line } of searchDump(dump, 'e')) if (line.includes('e') && ++hits >= 50) break;
}

/** What is left may be no dump any more; that is said, and nothing else. */
async function opened(open: () => Promise<Dump>, where: string): Promise<Dump | undefined> {
  try {
    return await open();
  } catch (error) {
    assert.match(String(error), /STR0150/, where);
    return undefined;
  }
}

export async function readDamagedLog(name: string, log: string, seed: number): Promise<void> {
  const where = `${name} seed ${seed}`;
  const dump = await opened(() => openSource(new MemorySource(damaged(log, seed), `${name}.log`)), where);
  if (dump !== undefined) await readAll(dump, where);
}

/** A folder whose files are damaged, empty, missing, doubled or strangers. `log` gives their text. */
export async function readDamagedFolder(
  format: string,
  files: readonly string[],
  log: string,
  seed: number,
): Promise<void> {
  const where = `${format} seed ${seed}`;
  const root = mkdtempSync(path.join(tmpdir(), 'dump-'));
  try {
    files.forEach((file, i) => {
      const kind = (seed + i) % 5;
      if (kind === 0) return;
      const name = kind === 1 ? file.replace(/\d+/, (n) => `${n}${n}${n}${n}${n}`) : file;
      mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
      writeFileSync(path.join(root, name), kind === 2 ? '' : damaged(log, seed + i));
    });
    writeFileSync(path.join(root, 'core'), Buffer.from([0x7f, 0x45, 0, 0xff]));
    const dump = await opened(() => openDump(root), where);
    if (dump === undefined) return;
    await readAll(dump, where);
    await closeDump(dump);
  } finally {
    rmSync(root, { recursive: true });
  }
}
