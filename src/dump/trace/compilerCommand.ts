/** From the command line that a person uses to one that dumps every pass: which flags and variables each compiler wants. */

export interface TracedCommand {
  /** For people: `mlir-opt-22`. */
  readonly tool: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Where passes arrive: on standard error, or as files below the folder that was given. */
  readonly output: 'stderr' | 'folder';
}

/** Words of a command line as a POSIX shell parts them; variables and globs stay as they are. Undefined: a quote is open. */
export function splitCommand(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (/\s/.test(c)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (c === "'" || c === '"') {
      const from = i + 1;
      word ??= '';
      for (i++; i < text.length && text[i] !== c; i++) {
        if (c === '"' && text[i] === '\\' && /["\\$`]/.test(text[i + 1] ?? '')) i++;
        word += text[i]!;
      }
      if (i >= text.length && text.length >= from) return undefined;
    } else if (c === '\\' && i + 1 < text.length) {
      if (text[++i] !== '\n') word = (word ?? '') + text[i]!;
    } else word = (word ?? '') + c;
  }
  if (word !== undefined) words.push(word);
  return words;
}

const assignment = /^([A-Za-z_]\w*)=(.*)$/s;

/** MLIR's own flags; what the command has already stays as it is. */
const mlirFlags = [
  '--mlir-print-ir-before-all',
  '--mlir-print-ir-after-all',
  '--mlir-disable-threading',
  '--mlir-timing',
];

interface Tool {
  readonly matches: (program: string, args: readonly string[]) => boolean;
  readonly flags: (folder: string) => readonly string[];
  readonly env?: (folder: string) => Readonly<Record<string, string>>;
  readonly output: TracedCommand['output'];
}

/** The first that matches. `program` is the name of the file without folders and `.exe`. */
const tools: readonly Tool[] = [
  {
    matches: (program, args) => program === 'strata' && args[0] === 'compile',
    flags: (folder) => ['--dump-dir', folder],
    output: 'folder',
  },
  {
    matches: (program) => /^(?:opt|llc)(?:-\d+)?$/.test(program),
    flags: () => ['-print-before-all', '-print-after-all'],
    output: 'stderr',
  },
  {
    matches: (program) => /^clang(?:\+\+)?(?:-\d+)?$/.test(program),
    flags: () => ['-mllvm', '-print-before-all', '-mllvm', '-print-after-all'],
    output: 'stderr',
  },
  // mlir-opt, iree-compile, iree-opt, torch-mlir-opt, triton-opt, stablehlo-opt and their like.
  {
    matches: (program) => /(?:-opt|iree-compile)(?:-\d+)?$/.test(program),
    flags: () => mlirFlags,
    output: 'stderr',
  },
  // Triton prints to standard error; JAX and others on XLA write files.
  {
    matches: (program) => /^(?:python|pytest|torchrun)[\d.]*$/.test(program),
    flags: () => [],
    env: (folder) => ({
      MLIR_ENABLE_DUMP: '1',
      TRITON_ALWAYS_COMPILE: '1',
      XLA_FLAGS: `--xla_dump_to=${folder} --xla_dump_hlo_as_text --xla_dump_hlo_pass_re=.*`,
    }),
    output: 'stderr',
  },
];
export const tracedTools =
  'mlir-opt and other *-opt tools, iree-compile, opt, llc, clang, python with Triton or JAX, strata compile';

/**
 * The command with what makes its compiler dump. `folder` is an empty folder for those that write files. Undefined:
 * no compiler that is known, or no command.
 */
export function tracedCommand(words: readonly string[], folder: string): TracedCommand | undefined {
  const env: Record<string, string> = {};
  let at = 0;
  for (let m = assignment.exec(words[at] ?? ''); m !== null; m = assignment.exec(words[++at] ?? ''))
    env[m[1]!] = m[2]!;
  const [program, ...args] = words.slice(at);
  if (program === undefined) return undefined;
  const name = program.replace(/^.*[\\/]/, '').replace(/\.exe$/i, '');
  const tool = tools.find((t) => t.matches(name, args));
  if (tool === undefined) return undefined;
  const has = (flag: string): boolean =>
    args.some((arg) => arg.replace(/^-+/, '').split('=')[0] === flag.replace(/^-+/, ''));
  const flags = tool.flags(folder);
  // Pairs such as `-mllvm -x` go together.
  const added =
    flags.some((f) => f === '-mllvm') || flags.some((f) => f === folder)
      ? flags
      : flags.filter((f) => !has(f));
  for (const [variable, value] of Object.entries(tool.env?.(folder) ?? {})) {
    // XLA takes all its flags in one variable.
    const before = variable === 'XLA_FLAGS' ? env[variable] : undefined;
    env[variable] = before === undefined ? value : `${before} ${value}`;
  }
  return {
    tool: name,
    program,
    args: [...args, ...added],
    env,
    output: tool.output,
  };
}
