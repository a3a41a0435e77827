/** Bisects planted defects and compares what is found with what was planted. */
import path from 'node:path';
import { writeFileSync } from 'node:fs';
import type { Bisection } from '../../../src/bisect/bisection';
import { bisectNumerics } from '../../../src/bisect/numerics';
import { neverCancelled } from '../../../src/base/cancellation';
import type { BuildOptions } from '../../../src/frontend/zoo/referenceModel';
import { buildReferenceModel } from '../../../src/frontend/zoo/referenceModels';
import { defaultPipeline } from '../../../src/lowering/pipeline';
import type { BankModel, Defect } from './defects';
import type { Hit } from './plant';
import { planted } from './plant';

export interface BankRow {
  readonly name: string;
  readonly model: string;
  readonly expected: Hit | undefined;
  readonly found: string;
  readonly rule: boolean;
  readonly exact: boolean;
  readonly runs: number;
  readonly bound: number;
  readonly seconds: number;
  readonly bisection: Bisection;
}

const bankModels: Readonly<Record<BankModel, readonly [string, BuildOptions]>> = {
  tiny: ['tiny-convnet', {}],
  mobilenet: ['mobilenet-v2', { resolution: 32 }],
  mobilenet3: ['mobilenet-v3-small', { resolution: 32 }],
  resnet: ['resnet50', { resolution: 32 }],
  keywords: ['ds-cnn', {}],
  keywords8: ['ds-cnn-int8', {}],
};

export function modelOf(defect: Pick<Defect, 'model'>, folder: string): string {
  const [name, options] = bankModels[defect.model];
  const file = path.join(folder, `${name}.onnx`);
  writeFileSync(file, buildReferenceModel(name, options));
  return file;
}

export async function bisectDefect(defect: Defect, folder: string, reproducer = false): Promise<BankRow> {
  const hits: Hit[] = [];
  // The first run of the whole pipeline tells where the defect is; later runs are parts of it.
  const steps = planted(defaultPipeline(), defect, (hit) => hits.push(hit));
  const start = Date.now();
  const bisection = await bisectNumerics(
    { model: modelOf(defect, folder), threads: 2, reproducer },
    { cancellation: neverCancelled, resourceRoot: process.cwd() },
    { steps },
  );
  const [expected] = hits;
  const [culprit] = bisection.culprits;
  const rewrite = culprit?.rewrite;
  const rule =
    expected !== undefined &&
    culprit?.pass.startsWith(expected.pass) === true &&
    rewrite?.rule === expected.rule;
  return {
    name: defect.name,
    model: defect.model,
    expected,
    found:
      culprit === undefined
        ? bisection.verdict
        : `${culprit.pass}/${rewrite?.rule ?? '?'} ${rewrite?.inPass ?? ''}`,
    rule,
    exact: rule && rewrite?.inPass === expected?.inPass,
    runs: bisection.runs.search,
    bound: bisection.runs.bound,
    seconds: (Date.now() - start) / 1000,
    bisection,
  };
}
