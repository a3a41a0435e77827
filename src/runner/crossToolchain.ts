/** Compilers for another architecture than this machine's: what makes kernels and the runner for it. */
import type { Architecture } from '../artifact/cpuFeatures';
import { messages } from './messages';
import type { Tool } from './toolchain';
import { findProgram } from './toolchain';

/** As Debian and most others name their cross compilers: `aarch64-linux-gnu-gcc`. */
const triples: Readonly<Record<Architecture, string>> = {
  x86_64: 'x86_64-linux-gnu',
  aarch64: 'aarch64-linux-gnu',
  arm: 'arm-linux-gnueabihf',
  riscv64: 'riscv64-linux-gnu',
};
const suffixes = { cc: 'gcc', cxx: 'g++' } as const;

export const crossProgram = (architecture: Architecture, name: keyof typeof suffixes): string =>
  `${triples[architecture]}-${suffixes[name]}`;
/** Where Debian keeps the libraries of the other architecture; emulators look for them there. */
export const crossLibraries = (architecture: Architecture): string => `/usr/${triples[architecture]}`;

/** Throws STR0728 when it is not installed. */
export async function requireCrossCompiler(
  architecture: Architecture,
  name: keyof typeof suffixes,
  env: Readonly<NodeJS.ProcessEnv> = process.env,
): Promise<Tool> {
  const program = crossProgram(architecture, name);
  const tool = await findProgram(program, env);
  if (tool === undefined)
    throw messages.error('STR0728', {
      architecture,
      program,
      package: `${suffixes[name]}-${triples[architecture]}`.replaceAll('_', '-'),
    });
  return tool;
}
