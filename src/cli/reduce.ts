/** `strata reduce`: the smallest IR for which a command still exits with 0. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { runJudge } from '../bisect/command/runCommand';
import { bisectMessages } from '../bisect/messages';
import { reduceIr } from '../bisect/reduce/reduce';
import { readText, reasonOf } from '../compiler/readText';
import { integerOption, numberOption } from './options';
import { runCommand } from './output';
import { replaceFile } from './replaceFile';

interface ReduceOptions {
  readonly test: string;
  readonly output?: string;
  readonly maxTests?: string;
  readonly timeout: string;
  readonly json?: boolean;
}

export function configureReduce(command: Command): void {
  command
    .argument('<file>', '.mlir text of any dialect')
    .requiredOption(
      '--test <command>',
      'exits with 0 for IR that shows what is looked for; {} is the file, else it is the last word',
    )
    .option('-o, --output <file>', 'where the result goes (default: standard output)')
    .option('--max-tests <n>', 'stop after so many runs of the command, with the smallest so far')
    .option('--timeout <seconds>', 'a run that takes longer does not show it', '30')
    .option('--json', 'print one JSON document')
    .action((file: string, options: ReduceOptions) =>
      runCommand(options.json === true, async (context) => {
        const text = await readText(file);
        const timeoutMs = 1000 * numberOption('--timeout', options.timeout);
        const folder = mkdtempSync(path.join(tmpdir(), 'strata-reduce-'));
        try {
          const candidate = path.join(folder, path.basename(file));
          const run = (ir: string) => {
            try {
              writeFileSync(candidate, ir);
            } catch (cause) {
              throw bisectMessages.error('STR1105', { folder, problem: reasonOf(cause) }, { cause });
            }
            return runJudge(options.test, candidate, { signal: context.cancellation.signal, timeoutMs });
          };
          const first = await run(text);
          if (first.exitCode !== 0)
            throw bisectMessages.error('STR1109', { command: options.test, exit: first.how });
          const reduction = await reduceIr(text, {
            test: async (ir) => (await run(ir)).exitCode === 0,
            cancellation: context.cancellation,
            ...(options.maxTests === undefined
              ? {}
              : { maxTests: integerOption('--max-tests', options.maxTests, 1) }),
            onProgress: (p) => {
              context.progress(`${p.tests} tests, ${p.bytes} bytes: ${p.move}`);
            },
          });
          const { output } = options;
          if (output !== undefined) await replaceFile(output, (to) => writeFile(to, reduction.text));
          const summary = `${reduction.ops.before} → ${reduction.ops.after} ops, ${reduction.bytes.before} → ${reduction.bytes.after} bytes, ${reduction.tests} tests${reduction.complete ? '' : ' (stopped by --max-tests)'}`;
          if (output === undefined && !context.json) process.stderr.write(`${summary}\n`);
          return {
            json: { file, output, ...reduction },
            text: output === undefined ? reduction.text.trimEnd() : `wrote ${output}: ${summary}`,
          };
        } finally {
          rmSync(folder, { recursive: true, force: true });
        }
      }),
    );
}
