/**
 * `npm run fuzz:graphs -- --count N --seed S [--opt 0…3] [--out DIR] [--save]`: failing graphs are written to
 * DIR, shrunk; `--save` makes golden tests of them.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { OptLevel } from '../../src/lowering/pipeline';
import { fuzzGraphs } from './compareGraphs';
import { saveGraph } from './savedGraphs';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    opt: { type: 'string', default: '2' },
    out: { type: 'string' },
    save: { type: 'boolean', default: false },
  },
});
const result = await fuzzGraphs(Number(values.seed), Number(values.count), {
  optLevel: Number(values.opt) as OptLevel,
  onBatch: (done, failed) => {
    process.stderr.write(`${done} graphs, ${failed} failed\n`);
  },
});
for (const { seed, problem, text, model, graph } of result.findings) {
  process.stdout.write(`${problem}\n${text}\n\n`);
  if (values.save) process.stdout.write(`saved as ${saveGraph(graph)}\n\n`);
  if (values.out === undefined) continue;
  mkdirSync(values.out, { recursive: true });
  writeFileSync(path.join(values.out, `random-${seed}.onnx`), model);
}
process.stdout.write(
  `${result.graphs} graphs from seed ${values.seed}: ${result.nodes} nodes of ${result.operators.size} operators, ` +
    `${result.withReference} also in ONNX Runtime, ${result.findings.length} failed\n`,
);
process.exitCode = result.findings.length > 0 ? 1 : 0;
