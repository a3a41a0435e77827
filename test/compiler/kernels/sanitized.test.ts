/**
 * Families of kernels with sanitizers in kernels and runner: no kernel touches what is not bound to it, none relies on
 * undefined behaviour, and no two threads touch the same bytes.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeTarget } from '../../../src/compiler/targetDescription';
import type { Sanitizer } from '../../../src/runner/buildRunner';
import { openSession } from '../models';
import type { Family } from './family';
import { assertWithin, compileFamily, expectedOf, modelOf, randomFeeds, seedOfRun } from './family';
import { families } from './list';

/** These builds take long: the seed says which families have their turn; all with `STRATA_SANITIZE=all`. */
const turn = (every: number): readonly Family[] =>
  families.filter((_, i) => process.env['STRATA_SANITIZE'] === 'all' || i % every === seedOfRun % every);
const builds: readonly (readonly [readonly Sanitizer[], readonly Family[]])[] = [
  [['address', 'undefined'], turn(3)],
  [['thread'], turn(6)],
];

for (const [sanitizers, checked] of builds) {
  describe(`kernels under the sanitizers ${sanitizers.join(', ')}`, () => {
    for (const family of checked) {
      it(`of ${family.name}`, async (t) => {
        const model = modelOf(family);
        const { level } = await describeTarget();
        const session = await openSession(t, await compileFamily(model, level, sanitizers), sanitizers);
        const inputs = randomFeeds(session.loaded.entryPoints[0]!.inputs);
        const { outputs } = await session.run(inputs, { threads: 3, repeat: 3 });
        assertWithin(outputs, await expectedOf(model, inputs), family.budget, sanitizers.join(', '));
        await session.close();
        assert.equal(session.runner.errorOutput, '', 'no sanitizer has anything to say');
      });
    }
  });
}
