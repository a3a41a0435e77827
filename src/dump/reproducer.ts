/** Reproducers of one pass: IR with the pass in it, and the command that replays it. */
import type { Dump } from './dump';
import { isMlir } from './entryText';
import type { IrStates } from './irState';
import { dumpMessages } from './messages';
import type { PassRun } from './passList';

export interface Reproduction {
  /** `strata opt`, or a tool that takes MLIR's options. */
  readonly tool: 'strata' | 'mlir-opt';
  /** As on the command line: `builtin.module(func.func(cse))`. */
  readonly pipeline: string;
  readonly ir: string;
}

export interface Reproducer {
  /** What the file is to hold. */
  readonly text: string;
  readonly command: string;
}

/** Throws STR0157: of what is not MLIR neither ops nor passes are known. */
export function assertMlir(dump: Dump): void {
  if (!dump.entries.every((e) => isMlir(e, dump.format)))
    throw dumpMessages.error('STR0157', { title: dump.title });
}

/** The IR before a run with its pass. Throws STR0157 and STR0158. */
export async function reproductionOf(dump: Dump, states: IrStates, run: PassRun): Promise<Reproduction> {
  assertMlir(dump);
  const entry = dump.entries[run.entries[0]!]!;
  const ir = run.before === undefined ? undefined : await states.text(run.before);
  if (ir === undefined || entry.argument === undefined)
    throw dumpMessages.error('STR0158', { pass: entry.pass, argument: entry.argument !== undefined });
  const pass = `${entry.argument}${entry.options === undefined ? '' : `{${entry.options}}`}`;
  const anchor = entry.op ?? 'builtin.module';
  const pipeline =
    anchor === 'builtin.module' ? `builtin.module(${pass})` : `builtin.module(${anchor}(${pass}))`;
  return { tool: 'mlir-opt', pipeline, ir };
}

/** `resources` is the file that the IR's blobs are in, for our own passes. */
export function reproducerOf(r: Reproduction, file: string, resources?: string): Reproducer {
  const pipeline = quoted(r.pipeline);
  if (r.tool === 'strata') {
    const blobs =
      resources !== undefined && r.ir.includes('dense_resource') ? ` --resources ${quoted(resources)}` : '';
    const command = `strata opt ${quoted(file)} --passes ${pipeline}${blobs}`;
    return { text: `// ${command}\n${withEnd(r.ir)}`, command };
  }
  // A file that holds its pipeline replays with --run-reproducer; a text may have one section of resources only.
  const trailer = [
    '{-#',
    '  external_resources: {',
    '    mlir_reproducer: {',
    `      pipeline: ${JSON.stringify(r.pipeline)},`,
    '      disable_threading: true,',
    '      verify_each: true',
    '    }',
    '  }',
    '#-}',
  ].join('\n');
  const own = /^\{-#/m.test(r.ir);
  const command = own
    ? `mlir-opt ${quoted(file)} --pass-pipeline=${pipeline} --mlir-disable-threading`
    : `mlir-opt ${quoted(file)} --run-reproducer`;
  return { text: own ? withEnd(r.ir) : `${withEnd(r.ir)}\n${trailer}\n`, command };
}

const withEnd = (text: string): string => (text.endsWith('\n') ? text : `${text}\n`);
/** For a POSIX shell. */
const quoted = (word: string): string =>
  /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
