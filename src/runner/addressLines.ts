/** Lines of source behind addresses of a shared library with line tables: by `addr2line`, which comes with the C compiler. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messages } from './messages';
import { runTool } from './runTool';
import { findProgram, installCommandOf, readPlatform } from './toolchain';

/** Where the code at an address was written. */
export interface AddressLine {
  /** The function that it was compiled into. */
  readonly symbol: string;
  /** From 1; of the place in that function that it was inlined to, where it was. */
  readonly line: number;
}

const programs = ['addr2line', 'llvm-addr2line', 'llvm-addr2line-22', 'eu-addr2line'];

/**
 * Of each address (of the library as it is linked), undefined where the library says nothing. Throws STR0731 without a tool that
 * reads line tables.
 */
export async function addressLines(
  library: Uint8Array,
  addresses: readonly bigint[],
  signal?: AbortSignal,
): Promise<readonly (AddressLine | undefined)[]> {
  if (addresses.length === 0) return [];
  let tool;
  for (const program of programs) tool ??= await findProgram(program, process.env);
  if (tool === undefined)
    throw messages.error('STR0731', { command: installCommandOf('addr2line', await readPlatform()) });
  const folder = await mkdtemp(join(tmpdir(), 'strata-lines-'));
  try {
    await writeFile(join(folder, 'kernels.so'), library);
    await writeFile(join(folder, 'addresses'), addresses.map((a) => `0x${a.toString(16)}\n`).join(''));
    const { ok, output } = await runTool(tool.path, ['-e', 'kernels.so', '-a', '-f', '-i', '@addresses'], {
      cwd: folder,
      ...(signal === undefined ? {} : { signal }),
    });
    if (!ok) throw messages.error('STR0732', { tool: tool.path, log: output.slice(0, 2000) });
    return readLines(output);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** An address, then pairs of function and `file:line` from the innermost that was inlined there to the one that holds the code. */
export function readLines(output: string): readonly (AddressLine | undefined)[] {
  const found: (AddressLine | undefined)[] = [];
  const lines = output.split('\n');
  for (let i = 0; i < lines.length; i++) {
    if (lines[i]!.startsWith('0x')) {
      found.push(undefined);
      continue;
    }
    const symbol = lines[i]!;
    const line = /:(\d+)(?: .*)?$/.exec(lines[++i] ?? '')?.[1];
    if (symbol !== '??' && line !== undefined && line !== '0')
      found[found.length - 1] = { symbol, line: Number(line) };
  }
  return found;
}
