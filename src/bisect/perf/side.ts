/**
 * What a side of a performance bisection may be, as a person writes it: `O2`, `O3 --cpu avx2 --threads 2`,
 * `--without-pass fuse-rows`, `--schedule tiles.txt`, a pipeline as text, `model.strata`, `revision:v1.2`.
 */
import { parseArgs } from 'node:util';
import { cpuLevels } from '../../compiler/targetDescription';
import type { CpuLevel } from '../../compiler/targetDescription';
import { passes } from '../../lowering/passes/index';
import type { OptLevel } from '../../lowering/pipeline';
import { splitCommand } from '../command/runCommand';
import { bisectMessages } from '../messages';

/** Options of a compilation that may differ between the sides. */
export interface SideOptions {
  readonly optLevel?: OptLevel;
  readonly cpuLevel?: CpuLevel;
  /** File with schedules by name of their dispatch. */
  readonly schedule?: string;
}

interface SideBase {
  /** As it was written. */
  readonly text: string;
  readonly threads?: number;
}

export type Side =
  /** The model, compiled by this version: its passes can be searched. */
  | (SideBase &
      SideOptions & {
        readonly kind: 'compile';
        readonly pipeline?: string;
        readonly withoutRules: readonly string[];
        readonly withoutPasses: readonly string[];
      })
  /** What was compiled before. */
  | (SideBase & { readonly kind: 'artifact'; readonly file: string })
  /** The model, compiled by another version of this compiler. */
  | (SideBase & SideOptions & { readonly kind: 'revision'; readonly revision: string });

const sideForms =
  "O0 to O3 with any of --cpu LEVEL, --threads N, --schedule FILE, --without RULE and --without-pass PASS; a pipeline as text; a .strata file; or 'revision:COMMIT'";

/** Throws STR1110. */
export function parseSide(text: string): Side {
  const fail = (problem: string) =>
    bisectMessages.error('STR1110', { side: text, problem, known: sideForms });
  const { values, positionals } = wordsOf(text, fail);
  const { cpu, threads, schedule, without = [] } = values;
  const [first, ...more] = positionals.filter((w) => !/^O[0-3]$/.test(w));
  if (more.length > 0) throw fail(`'${more[0]}' is one thing too many`);
  const level = values.O ?? positionals.find((w) => /^O[0-3]$/.test(w))?.slice(1);
  if (level !== undefined && !/^[0-3]$/.test(level)) throw fail(`there is no level O${level}`);
  const cpuLevel = cpu === undefined ? undefined : cpuLevels.find((l) => l === cpu);
  if (cpu !== undefined && cpuLevel === undefined)
    throw fail(`there is no CPU level '${cpu}', only ${cpuLevels.join(', ')}`);
  if (threads !== undefined && !/^[1-9]\d*$/.test(threads))
    throw fail(`'${threads}' is no number of threads`);
  const base: SideBase = { text, ...(threads === undefined ? {} : { threads: Number(threads) }) };
  const options: SideOptions = {
    ...(level === undefined ? {} : { optLevel: Number(level) as OptLevel }),
    ...(cpuLevel === undefined ? {} : { cpuLevel }),
    ...(schedule === undefined ? {} : { schedule }),
  };
  const withoutPasses = values['without-pass'] ?? [];
  const unknown = withoutPasses.find((name) => !passes.some((p) => p.name === name));
  if (unknown !== undefined) throw fail(`there is no pass '${unknown}'`);
  const compiledHere = values.pipeline !== undefined || without.length > 0 || withoutPasses.length > 0;
  const revision = /^(?:revision|git):(.+)$/.exec(first ?? '')?.[1];
  if (revision !== undefined) {
    if (compiledHere) throw fail('passes and rules of another version cannot be held back');
    return { ...base, ...options, kind: 'revision', revision };
  }
  if (first?.endsWith('.strata') === true) {
    if (compiledHere || Object.keys(options).length > 0)
      throw fail('an artifact is compiled already: only --threads may be given with it');
    return { ...base, kind: 'artifact', file: first };
  }
  if (first !== undefined && values.pipeline !== undefined) throw fail('it gives two pipelines');
  const pipeline = values.pipeline ?? first;
  if (pipeline !== undefined && level !== undefined) throw fail('it gives a level and a pipeline');
  if (first !== undefined && !/[(,{]/.test(first) && !passes.some((p) => p.name === first))
    throw fail(`'${first}' is neither a level, a pipeline, an artifact nor a revision`);
  return {
    ...base,
    ...options,
    kind: 'compile',
    withoutRules: without,
    withoutPasses,
    ...(pipeline === undefined ? {} : { pipeline }),
  };
}

function wordsOf(text: string, fail: (problem: string) => Error) {
  try {
    return parseArgs({
      args: [...splitCommand(text)],
      allowPositionals: true,
      options: {
        O: { type: 'string', short: 'O' },
        cpu: { type: 'string' },
        threads: { type: 'string' },
        schedule: { type: 'string' },
        pipeline: { type: 'string' },
        without: { type: 'string', multiple: true },
        'without-pass': { type: 'string', multiple: true },
      },
    });
  } catch (error) {
    throw fail(error instanceof Error ? error.message.replace(/\.? To specify.*$/s, '') : String(error));
  }
}
