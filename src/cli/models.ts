/** `strata models`: the reference models as real model files. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { formatBytes } from '../base/units';
import { formatTable } from '../base/table';
import { buildReferenceModel, referenceModels } from '../frontend/zoo/referenceModels';
import { integerOption } from './options';
import { runCommand } from './output';
import { replaceFile } from './replaceFile';

export function configureModels(models: Command): void {
  models
    .command('list')
    .description('list the reference models')
    .option('--json', 'print one JSON document')
    .action((options: { json?: boolean }) =>
      runCommand(options.json === true, () => {
        const rows = referenceModels.map((m) => ({
          name: m.name,
          parameters: m.parameters,
          summary: m.summary,
        }));
        const text = formatTable(rows, [
          { title: 'name', cell: (r) => r.name },
          { title: 'parameters', cell: (r) => r.parameters.toLocaleString('en-US'), align: 'right' },
          { title: 'summary', cell: (r) => r.summary },
        ]);
        return { json: { models: rows }, text };
      }),
    );
  models
    .command('build')
    .description('write a reference model as a file')
    .argument('<name>', 'name from "models list"')
    .option('-o, --output <file>', 'where to write it (default: NAME.onnx)')
    .option('--batch <n>', 'batch size, or N for a symbolic one', '1')
    .option('--seed <n>', 'seed of the weights', '0')
    .option('--json', 'print one JSON document')
    .action((name: string, options: { output?: string; batch: string; seed: string; json?: boolean }) =>
      runCommand(options.json === true, async () => {
        const batch = options.batch === 'N' ? 'N' : integerOption('--batch', options.batch, 1);
        const bytes = buildReferenceModel(name, { batch, seed: integerOption('--seed', options.seed, 0) });
        const file = path.resolve(options.output ?? `${name}.onnx`);
        await replaceFile(file, (to) => writeFile(to, bytes));
        return {
          json: { name, file, bytes: bytes.byteLength },
          text: `wrote ${options.output ?? `${name}.onnx`}  ${formatBytes(bytes.byteLength)}`,
        };
      }),
    );
}
