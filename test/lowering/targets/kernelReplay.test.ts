/**
 * Kernel replay: the C of a fixed set of models, by hash per dispatch, as it was last accepted. A change that was not
 * meant to touch a kernel shows here; `UPDATE=1` accepts. Beside each hash stands the schedule, so that a failure says
 * whether the plan or only the code of a kernel changed.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import type { Compilation } from '../../../src/compiler/compilation';
import { compileModel } from '../../../src/compiler/compileModel';
import type { CpuLevel } from '../../../src/compiler/targetDescription';
import type { BuildOptions } from '../../../src/frontend/zoo/referenceModel';
import { modelFile } from '../../compiler/models';

const golden = path.join('test', 'lowering', 'targets', 'kernelReplay.json');
const models: readonly (readonly [string, BuildOptions])[] = [
  ['tiny-convnet', {}],
  ['mobilenet-v2', { width: 0.25, resolution: 64 }],
  ['resnet8', {}],
];
const levels: readonly CpuLevel[] = ['baseline', 'avx2', 'avx512', 'neon'];

/** Per model and level: per dispatch its schedule and the hash of its C. */
type Kernels = Readonly<Record<string, string>>;
const accepted = JSON.parse(readFileSync(golden, 'utf8')) as Record<string, Kernels>;
const update = process.env['UPDATE'] === '1';
const found: Record<string, Kernels> = {};

function kernelsOf({ kernelSource, dispatches }: Compilation): Kernels {
  const bodies = new Map(
    kernelSource
      .split('\nSTRATA_EXPORT void ')
      .slice(1)
      .map((text) => [text.slice(0, text.indexOf('(')), text.slice(0, text.indexOf('\n}\n'))]),
  );
  return Object.fromEntries(
    dispatches.map((d) => {
      const body = bodies.get(d.symbol) ?? '';
      const hash = createHash('sha256').update(body).digest('hex').slice(0, 12);
      return [`${d.index} ${d.name}`, `${hash} ${d.schedule}`];
    }),
  );
}

describe('kernel replay', () => {
  for (const [name, options] of models) {
    for (const cpuLevel of levels) {
      const key = `${[name, ...Object.values(options as Record<string, unknown>).map(String)].join('-')} ${cpuLevel}`;
      it(`${key} gives the C that was accepted`, async () => {
        const { compilation } = await compileModel({
          model: modelFile(name, options),
          cpuLevel,
          stopAfter: 'target',
        });
        const kernels = kernelsOf(compilation);
        found[key] = kernels;
        if (update) return;
        const before = accepted[key] ?? {};
        const names = new Set<string>([...Object.keys(before), ...Object.keys(kernels)]);
        const changed = [...names].filter((k) => before[k] !== kernels[k]);
        const report = changed.map(
          (k) => `${k}\n    was ${before[k] ?? 'absent'}\n    is  ${kernels[k] ?? 'absent'}`,
        );
        assert.equal(
          report.length,
          0,
          `${report.length} kernels differ (UPDATE=1 accepts):\n${report.slice(0, 8).join('\n')}`,
        );
      });
    }
  }
  after(() => {
    if (update) writeFileSync(golden, `${JSON.stringify({ ...accepted, ...found }, null, 2)}\n`);
  });
});
