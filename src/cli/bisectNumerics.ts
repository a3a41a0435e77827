/** `strata bisect numerics`: which pass made the result wrong. */
import type { Command } from 'commander';
import type { NumericsRequest } from '../bisect/numerics';
import { bisectNumerics, measureWhatIf } from '../bisect/numerics';
import { whatIfText } from '../bisect/reportText';
import type { Tolerance } from '../bisect/tolerance';
import { inputSignatures } from '../compiler/interpretModel';
import { loadModel } from '../compiler/loadModel';
import { cpuLevels } from '../compiler/targetDescription';
import { inputSources } from './artifactFor';
import type { SharedOptions } from './bisect';
import { addSharedOptions, runBisection } from './bisect';
import { singleDims } from './compileOptions';
import { collect, integerOption, numberOption, wordOption } from './options';
import { runCommand } from './output';
import { resourceRoot } from './resourceRoot';

interface NumericsOptions extends SharedOptions {
  readonly input?: readonly string[];
  readonly reference: string;
  readonly rtol?: string;
  readonly atol?: string;
  readonly ulp?: string;
  readonly target: string;
  readonly cpu?: string;
  readonly O?: string;
  readonly pipeline?: string;
  readonly resources?: string;
  readonly dim?: readonly string[];
  readonly threads?: string;
  readonly without?: readonly string[];
  readonly whatIf?: boolean;
  readonly all?: boolean;
  /** False with `--no-reproducer`. */
  readonly reproducer?: string | boolean;
}

export function configureBisectNumerics(command: Command): void {
  addSharedOptions(
    command
      .description('find the pass, rewrite, op and element that make a result wrong')
      .argument('<model>', '.onnx model or .mlir text')
      .option('--input <name=source>', 'FILE.npy, FILE.pb or random:SEED (default: random:0)', collect)
      .option(
        '--reference <name>',
        'interpreter, onnxruntime, or a tensor file or folder of them, by output',
        'interpreter',
      )
      .option('--rtol <x>', 'allowed error relative to each expected value (default: 1e-4)')
      .option('--atol <x>', 'allowed absolute error (default: rtol times the largest expected value)')
      .option('--ulp <n>', 'allowed distance in representable numbers of single precision, instead')
      .option('--target <name>', 'cpu', 'cpu')
      .option('--cpu <level>', `instructions to use: ${cpuLevels.join(', ')}`)
      .option('-O <level>', '0 to 3 (default)')
      .option('--pipeline <text>', 'passes to run instead of the default ones')
      .option('--resources <file>', 'for .mlir text: the file that its parameters are in')
      .option('--dim <name=size>', 'size of a symbolic dimension', collect)
      .option('--threads <n>', 'of the compiled program (default: all processors)')
      .option(
        '--without <rule or number>',
        'hold a rule, or one rewrite by its number, back throughout',
        collect,
      )
      .option('--what-if', 'only compile and measure with what --without holds back: no search')
      .option('--all', 'judge every pass, not only those that a binary search needs')
      .option('--reproducer <dir>', 'write the smallest IR that still goes wrong there')
      .option('--no-reproducer', 'do not look for one'),
  ).action((model: string, options: NumericsOptions) =>
    runCommand(options.json === true, async (context) => {
      wordOption('--target', options.target, ['cpu']);
      const source = {
        model,
        dims: singleDims(options.dim ?? []),
        ...(options.resources === undefined ? {} : { resources: options.resources }),
      };
      const names = inputSignatures((await loadModel(source)).module).map((s) => s.name);
      const without = options.without ?? [];
      const isNumber = (w: string): boolean => /^\d+$/.test(w);
      const level = options.O === undefined ? undefined : wordOption('-O', options.O, ['0', '1', '2', '3']);
      const request: NumericsRequest = {
        ...source,
        inputs: inputSources(options.input ?? [], names),
        reference: options.reference,
        tolerance: toleranceOf(options),
        ...(options.cpu === undefined ? {} : { cpuLevel: wordOption('--cpu', options.cpu, cpuLevels) }),
        ...(level === undefined ? {} : { optLevel: Number(level) as 0 | 1 | 2 | 3 }),
        ...(options.pipeline === undefined ? {} : { pipeline: options.pipeline }),
        ...(options.threads === undefined ? {} : { threads: integerOption('--threads', options.threads, 1) }),
        ...(options.all === true ? { exhaustive: true } : {}),
        reproducer: options.reproducer !== false,
        ...(typeof options.reproducer === 'string' ? { reproducerFolder: options.reproducer } : {}),
        withoutRules: without.filter((w) => !isNumber(w)),
        withoutRewrites: without.filter(isNumber).map(Number),
      };
      if (options.whatIf === true) {
        const result = await measureWhatIf(request, { cancellation: context.cancellation, resourceRoot });
        return { json: result, text: whatIfText(result), exitCode: (result.metric ?? Infinity) <= 1 ? 0 : 1 };
      }
      return runBisection(options, context, (environment) =>
        bisectNumerics(request, { ...environment, resourceRoot }),
      );
    }),
  );
}

export function toleranceOf(options: Pick<NumericsOptions, 'rtol' | 'atol' | 'ulp'>): Tolerance {
  if (options.ulp !== undefined) return { kind: 'ulp', ulps: integerOption('--ulp', options.ulp, 0) };
  return {
    kind: 'error',
    relative:
      options.rtol === undefined
        ? options.atol === undefined
          ? 1e-4
          : 0
        : numberOption('--rtol', options.rtol),
    ...(options.atol === undefined ? {} : { absolute: numberOption('--atol', options.atol) }),
  };
}
