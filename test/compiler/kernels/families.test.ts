/** Every family of kernels at every feature level that this machine runs, on one thread and on two. */
import { describe, it } from 'node:test';
import type { CpuLevel } from '../../../src/compiler/targetDescription';
import { cpuLevels } from '../../../src/compiler/targetDescription';
import { openSession, runnableLevels } from '../models';
import { assertWithin, compileFamily, expectedOf, modelOf, randomFeeds } from './family';
import { families } from './list';

const usual: readonly CpuLevel[] = ['avx512', 'avx2', 'baseline', 'neon'];

for (const cpuLevel of cpuLevels) {
  describe(`kernels for ${cpuLevel}`, () => {
    for (const family of families.filter((f) => (f.levels ?? usual).includes(cpuLevel))) {
      it(`of ${family.name} compute what the interpreter does, within ${family.budget.ulps} units`, async (t) => {
        const { here } = await runnableLevels();
        if (!here.includes(cpuLevel)) {
          t.skip(`this machine does not run ${cpuLevel}`);
          return;
        }
        const model = modelOf(family);
        const session = await openSession(t, await compileFamily(model, cpuLevel));
        const inputs = randomFeeds(session.loaded.entryPoints[0]!.inputs);
        const expected = await expectedOf(model, inputs);
        for (const threads of [1, 2]) {
          const { outputs } = await session.run(inputs, { threads });
          assertWithin(outputs, expected, family.budget, `${cpuLevel}, ${threads} threads`);
        }
        await session.close();
      });
    }
  });
}
