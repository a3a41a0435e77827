/** Part of `bench:bisect`: how long MobileNetV2 takes at 224 × 224, with two threads and kernels compiled before. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { formatTable } from '../../src/base/table';
import { neverCancelled } from '../../src/base/cancellation';
import type { NumericsRequest } from '../../src/bisect/numerics';
import { bisectNumerics } from '../../src/bisect/numerics';
import { buildReferenceModel } from '../../src/frontend/zoo/referenceModels';
import { defaultPipeline } from '../../src/lowering/pipeline';
import { defects } from '../bisect/bank/defects';
import { planted } from '../bisect/bank/plant';

interface Case {
  readonly name: string;
  readonly defect?: string;
  readonly request?: Partial<NumericsRequest>;
}
const cases: readonly Case[] = [
  { name: 'nothing wrong, by the interpreter' },
  { name: 'nothing wrong, by ONNX Runtime', request: { reference: 'onnxruntime' } },
  { name: '4 units in the last place allowed', request: { tolerance: { kind: 'ulp', ulps: 4 } } },
  { name: 'batch-norm-scale-bias-swapped', defect: 'batch-norm-scale-bias-swapped' },
  { name: 'bn-fold-one-filter-forgotten', defect: 'bn-fold-one-filter-forgotten' },
  { name: 'packed-weights-in-wrong-order', defect: 'packed-weights-in-wrong-order' },
  { name: 'kernel-skips-accumulation', defect: 'kernel-skips-accumulation' },
];
const limitSeconds = 60;

/** Whether each case whose name holds one of `filters` takes at most a minute. */
export async function mobilenetTable(
  folder: string,
  filters: readonly string[],
  print: (text: string) => void,
): Promise<boolean> {
  const model = path.join(folder, 'mobilenet-v2-224.onnx');
  writeFileSync(model, buildReferenceModel('mobilenet-v2'));
  const rows = [];
  for (const c of cases.filter((x) => filters.length === 0 || filters.some((f) => x.name.includes(f)))) {
    const steps = (): ReturnType<typeof defaultPipeline> =>
      c.defect === undefined
        ? defaultPipeline()
        : planted(
            defaultPipeline(),
            defects.find((d) => d.name === c.defect)!,
          );
    const [start, cpu] = [Date.now(), process.cpuUsage()];
    const b = await bisectNumerics(
      { model, threads: 2, ...c.request },
      { cancellation: neverCancelled, resourceRoot: process.cwd() },
      { steps: steps() },
    );
    const seconds = (Date.now() - start) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    rows.push({ ...c, seconds, cpu: (user + system) / 1e6, verdict: b.verdict, runs: b.runs });
    process.stderr.write(`${seconds.toFixed(1)} s ${c.name}\n`);
  }
  print(
    `${formatTable(rows, [
      { title: 'MobileNetV2, 224 × 224', cell: (r) => r.name },
      {
        title: 's',
        cell: (r) => `${r.seconds <= limitSeconds ? '✓' : '✗'} ${r.seconds.toFixed(1)}`,
        align: 'right',
      },
      { title: 's of this process', cell: (r) => r.cpu.toFixed(1), align: 'right' },
      { title: 'runs', cell: (r) => `${r.runs.search} + ${r.runs.other}`, align: 'right' },
      { title: 'found', cell: (r) => r.verdict, maxWidth: 70 },
    ])}\n\nat most ${limitSeconds} s on 2 cores`,
  );
  return rows.every((r) => r.seconds <= limitSeconds);
}
