/**
 * Every family of kernels with sanitizers in kernels and runner: no kernel touches what is not bound to it, none relies on
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

/** A third of the families for threads, which third says the seed: these builds take long. */
const builds: readonly (readonly [readonly Sanitizer[], readonly Family[]])[] = [
  [['address', 'undefined'], families],
  [['thread'], families.filter((_, i) => i % 3 === seedOfRun % 3)],
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
