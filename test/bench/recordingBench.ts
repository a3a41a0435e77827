/**
 * `npm run bench:recording`: what recording zones costs on MobileNetV2. Runs with and without recording in turn, pairs them by
 * neighbourhood, and prints the median of the ratios with an interval that holds it with 95 %. With --max-percent X it
 * fails where the whole interval lies above.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { ArtifactSession, median } from '../../src/compiler/artifactSession';
import { compileModel } from '../../src/compiler/compileModel';
import { loadInputs } from '../../src/compiler/tensors';
import { buildReferenceModel } from '../../src/frontend/zoo/referenceModels';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '60' },
    repeat: { type: 'string', default: '10' },
    threads: { type: 'string', default: '1' },
    'max-percent': { type: 'string' },
  },
});
const [rounds, repeat, threads] = [values.rounds, values.repeat, values.threads].map(Number) as [
  number,
  number,
  number,
];
const folder = mkdtempSync(path.join(os.tmpdir(), 'strata-recording-'));
const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** Ranks between which the median of n values lies with 95 % (normal approximation of the binomial). */
const ranks = (n: number): readonly [number, number] => {
  const half = 0.98 * Math.sqrt(n);
  return [Math.max(0, Math.floor(n / 2 - half)), Math.min(n - 1, Math.ceil(n / 2 + half))];
};

try {
  const model = path.join(folder, 'mobilenet-v2.onnx');
  writeFileSync(model, buildReferenceModel('mobilenet-v2'));
  const output = path.join(folder, 'mobilenet-v2.strata');
  await compileModel({ model, output });
  const session = await ArtifactSession.open(output, { resourceRoot: process.cwd() });
  try {
    const inputs = loadInputs(session.entryPoint().inputs, new Map(), new Map());
    const run = async (): Promise<number> =>
      median((await session.bench(inputs, { threads, repeat, warmup: 0 })).iterationNs);
    await run();
    const ratios: number[] = [];
    let plain = 0;
    for (let i = 0; i < rounds; i++) {
      const before = await run();
      await session.runner.startTrace();
      const recorded = await run();
      await session.runner.stopTrace();
      const after = await run();
      plain = (before + after) / 2;
      ratios.push(recorded / plain);
    }
    const sorted = ratios.sort((a, b) => a - b);
    const percent = (ratio: number): string => `${(100 * (ratio - 1)).toFixed(2)} %`;
    const [low, high] = ranks(sorted.length);
    print(
      `${os.cpus()[0]?.model}, ${threads} threads, ${rounds} rounds of ${repeat} runs, ${(plain / 1e6).toFixed(2)} ms each: recording costs ${percent(median(sorted))} (${percent(sorted[low]!)} … ${percent(sorted[high]!)})`,
    );
    const limit = values['max-percent'];
    if (limit !== undefined && sorted[low]! - 1 > Number(limit) / 100) {
      process.stderr.write(`recording costs more than ${limit} %\n`);
      process.exitCode = 1;
    }
  } finally {
    await session.close();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
