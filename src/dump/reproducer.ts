/** Reproducers of one pass: IR with the pass in it, and the command that replays it. */

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
