/** The code of one kernel of an artifact, for people: its C, and its instructions as a disassembler prints them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ArtifactContents, DispatchStep } from '../../artifact/contents';
import { runTool } from '../../runner/runTool';
import { findProgram } from '../../runner/toolchain';
import type { KernelCode } from '../bisection';
import { functionText } from '../dispatches';

/** Longer code is cut; nobody reads it, and views must draw it. */
const mostLines = 3000;
const disassemblers = ['objdump', 'llvm-objdump'];

export async function kernelCode(
  contents: ArtifactContents,
  step: DispatchStep,
  signal: AbortSignal,
): Promise<KernelCode> {
  const library = contents.kernelLibraries[step.kernelLibrary]!;
  const assembly = await disassemble(library.bytes, step.symbol, signal);
  return {
    name: step.name,
    c: cut(functionText(library.source, step.symbol)),
    assembly: cut(assembly),
    mix: instructionMix(assembly),
  };
}

/** Empty where there is no disassembler, or it does not know the symbol. */
export async function disassemble(library: Uint8Array, symbol: string, signal: AbortSignal): Promise<string> {
  const tool = await firstFound();
  if (tool === undefined) return '';
  const folder = await mkdtemp(path.join(tmpdir(), 'strata-disassembly-'));
  try {
    const file = path.join(folder, 'kernels.so');
    await writeFile(file, library);
    const table = await runTool(tool, ['-t', file], { signal });
    const range = rangeOf(table.output, symbol);
    if (range === undefined) return '';
    const [start, end] = range;
    const words = ['-d', '--no-show-raw-insn', `--start-address=${start}`, `--stop-address=${end}`, file];
    const { ok, output } = await runTool(tool, words, { signal });
    return ok ? instructionsIn(output) : '';
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
async function firstFound(): Promise<string | undefined> {
  for (const name of disassemblers) {
    const tool = await findProgram(name, process.env);
    if (tool !== undefined) return tool.path;
  }
  return undefined;
}

/** The exported name is another one for the function, and has no size of its own. */
function rangeOf(table: string, symbol: string): readonly [number, number] | undefined {
  const rows = [...table.matchAll(/^([0-9a-f]+) .*?\s([0-9a-f]{8,16})\s+(?:\.\w+ )?(\S+)$/gm)].map((m) => ({
    address: Number.parseInt(m[1]!, 16),
    size: Number.parseInt(m[2]!, 16),
    name: m[3]!,
  }));
  const address = rows.find((r) => r.name === symbol)?.address;
  const size = Math.max(0, ...rows.filter((r) => r.address === address).map((r) => r.size));
  return address === undefined || size === 0 ? undefined : [address, address + size];
}

/** One instruction a line, with addresses from the start of the function and jumps as `→ ADDRESS`. */
function instructionsIn(output: string): string {
  const rows = [...output.matchAll(/^\s*([0-9a-f]+):\s+(\S.*?)\s*$/gm)];
  const start = Number.parseInt(rows[0]?.[1] ?? '0', 16);
  const near = (address: string): string => (Number.parseInt(address, 16) - start).toString(16);
  return rows
    .map(([, at, text]) => {
      const jump = /^(j\w+|b(?:\.\w+)?|cbn?z\s+\w+,|tbn?z\s+\w+,\s*#\w+,)\s+(?:0x)?([0-9a-f]+) <.*>$/.exec(
        text!,
      );
      const shown =
        jump === null
          ? text!.replace(/\s*#.*<.*>$|\s*<.*>$/, '').replace(/\s+/, ' ')
          : `${jump[1]} → ${near(jump[2]!)}`;
      return `${near(at!).padStart(5)}  ${shown}`;
    })
    .join('\n');
}

/** How many instructions work on vectors, and how wide they are. */
export function instructionMix(assembly: string): string {
  if (assembly === '') return '';
  const lines = assembly.split('\n');
  const count = (pattern: RegExp): number => lines.filter((l) => pattern.test(l)).length;
  const scalar = /\bv?(?:add|sub|mul|div|max|min|fn?m\w*|sqrt|mov|ucomi|comi)\w*s[sd]\b/;
  const wide = count(/%zmm/);
  const middle = count(/%ymm/) - count(/%zmm.*%ymm|%ymm.*%zmm/);
  const floats = count(scalar);
  const narrow = lines.filter((l) => /%xmm/.test(l) && !scalar.test(l) && !/%[yz]mm/.test(l)).length;
  const neon = count(/\bv\d+\.\d+[bhsd]|\bq\d+\b/);
  const parts = [
    [wide, 'with 512-bit vectors'],
    [middle, 'with 256-bit vectors'],
    [narrow + neon, 'with 128-bit vectors'],
    [floats, 'on single floats'],
  ] as const;
  return [
    `${lines.length} instructions`,
    ...parts.filter(([n]) => n > 0).map(([n, what]) => `${n} ${what}`),
  ].join(', ');
}

function cut(text: string): string {
  const lines = text.trimEnd().split('\n');
  return lines.length <= mostLines
    ? lines.join('\n')
    : `${lines.slice(0, mostLines).join('\n')}\n… ${lines.length - mostLines} more lines`;
}
