/** Options of commands that compile a model. */
import type { Command } from 'commander';
import type { CompileRequest } from '../compiler/compileModel';
import { cpuLevels } from '../compiler/cpuLevels';
import { cliMessages } from './messages';
import { collect, integerOption, wordOption } from './options';

/** They as commander gives them. */
export interface ArtifactOptions {
  readonly cpu?: string;
  readonly O?: string;
  readonly resources?: string;
  readonly schedule?: string;
  /** `NAME=SIZE` each. */
  readonly dim?: readonly string[];
  /** `NAME=SOURCE` each; files give sizes to symbolic dimensions. */
  readonly input?: readonly string[];
  /** False with `--no-cache`. */
  readonly cache?: boolean;
}

/** The options of commands that compile a model on the way. */
export const addCompileOptions = (command: Command): Command =>
  command
    .option(
      '--cpu <level>',
      `for a model: instructions to use, ${cpuLevels.join(', ')} (default: the best here)`,
    )
    .option('-O <level>', 'for a model: 0 (plain, for debugging) to 3 (default)')
    .option('--resources <file>', 'for .mlir text: the file that its parameters are in')
    .option('--schedule <file>', 'for a model: schedules by name of their dispatch; the others are chosen')
    .option('--dim <name=size>', 'for a model: size of a symbolic dimension', collect)
    .option('--no-cache', 'for a model: compile all C, and keep none of it');

export function compileOptions(
  options: ArtifactOptions,
): Pick<CompileRequest, 'cpuLevel' | 'fallbackLevels' | 'optLevel' | 'kernelCache' | 'schedules'> {
  const level =
    options.O === undefined ? undefined : Number(wordOption('-O', options.O, ['0', '1', '2', '3']));
  return {
    ...cpuLevelsOf(options.cpu),
    ...(level === undefined ? {} : { optLevel: level as 0 | 1 | 2 | 3 }),
    ...(options.schedule === undefined ? {} : { schedules: options.schedule }),
    ...(options.cache === false ? { kernelCache: false } : {}),
  };
}

/** `LEVEL[,LEVEL…]`: what code is for, and what the artifact carries besides. */
function cpuLevelsOf(text: string | undefined): Pick<CompileRequest, 'cpuLevel' | 'fallbackLevels'> {
  if (text === undefined) return {};
  const [cpuLevel, ...fallbackLevels] = text.split(',').map((word) => wordOption('--cpu', word, cpuLevels));
  return { cpuLevel: cpuLevel!, ...(fallbackLevels.length === 0 ? {} : { fallbackLevels }) };
}

/** Sizes by names. Throws STR0002 for what is not `NAME=SIZE`. */
export function dimsOf(texts: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    texts.map((text) => {
      const eq = text.indexOf('=');
      if (eq <= 0)
        throw cliMessages.error('STR0002', { option: '--dim', found: text, expected: 'NAME=SIZE' });
      return [text.slice(0, eq), integerOption('--dim', text.slice(eq + 1), 1)];
    }),
  );
}
