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
  /** As `dimsOf` takes them. */
  readonly dim?: readonly string[];
  /** `NAME=SOURCE` each; files give sizes to symbolic dimensions. */
  readonly input?: readonly string[];
  /** False with `--no-cache`. */
  readonly cache?: boolean;
}

/** What `--dim` takes, for `--help`. */
export const dimHelp =
  'size of a symbolic dimension; several with commas (batch=1,4) give one artifact with code for each, or for ' +
  'every combination with other lists; sequence:past=16:0,1:16 says which belong together';

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
    .option('--dim <name=sizes>', `for a model: ${dimHelp}`, collect)
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

/** What `--dim` says. */
export interface GivenSizes {
  /** Dimensions with one size. */
  readonly dims: Readonly<Record<string, number>>;
  /** Every combination of those with several; undefined where none has. */
  readonly sizes: readonly Readonly<Record<string, number>>[] | undefined;
}

/** More entry points than this in one artifact are a mistake. */
const mostSizes = 64;

/**
 * `NAME=SIZE`, `NAME=SIZE,SIZE`, and `NAME:NAME=SIZE:SIZE,SIZE:SIZE` for sizes that belong together. Several lists give
 * every combination. Throws STR0002 for anything else.
 */
export function dimsOf(texts: readonly string[]): GivenSizes {
  const fail = (found: string, expected: string): never => {
    throw cliMessages.error('STR0002', { option: '--dim', found, expected });
  };
  const dims: Record<string, number> = {};
  const named = new Set<string>();
  let sizes: Record<string, number>[] = [{}];
  for (const text of texts) {
    const eq = text.indexOf('=');
    if (eq <= 0) fail(text, 'NAME=SIZE');
    const names = text.slice(0, eq).split(':');
    const several = text.includes(',', eq);
    const choices = text
      .slice(eq + 1)
      .split(',')
      .map((choice) => {
        const parts = choice
          .split(':')
          .map((size) => integerOption('--dim', size, names.length > 1 || several ? 0 : 1));
        if (parts.length !== names.length)
          fail(text, `${names.join(':')}=${names.map(() => 'SIZE').join(':')}`);
        return Object.fromEntries(names.map((name, k) => [name, parts[k]!]));
      });
    const twice = names.find((name, k) => name === '' || named.has(name) || names.indexOf(name) !== k);
    if (twice !== undefined) fail(text, 'each NAME once');
    names.forEach((name) => named.add(name));
    if (new Set(choices.map((c) => JSON.stringify(c))).size < choices.length) fail(text, 'each SIZE once');
    if (choices.length === 1) Object.assign(dims, choices[0]);
    else sizes = sizes.flatMap((s) => choices.map((c) => ({ ...s, ...c })));
    if (sizes.length > mostSizes) fail(texts.join(' '), `at most ${mostSizes} combinations`);
  }
  return { dims, sizes: sizes.length === 1 ? undefined : sizes };
}

/** `dimsOf` for commands that take one size per dimension. */
export function singleDims(texts: readonly string[]): Readonly<Record<string, number>> {
  const { dims, sizes } = dimsOf(texts);
  if (sizes === undefined) return dims;
  throw cliMessages.error('STR0002', {
    option: '--dim',
    found: texts.join(' '),
    expected: 'one SIZE per NAME',
  });
}
