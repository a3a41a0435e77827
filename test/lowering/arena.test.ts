import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ArenaBuffer } from '../../src/lowering/arena';
import { arenaAlignment, arenaProblem, planBuffers } from '../../src/lowering/arena';
import { numbers } from './lowered';

function randomBuffers(seed: number, count: number): ArenaBuffer[] {
  const next = numbers(seed);
  const upTo = (n: number): number => Math.floor(((next() + 1) / 2) * n);
  return Array.from({ length: count }, () => {
    const begin = upTo(40);
    return { bytes: upTo(8) === 0 ? 0 : upTo(5000), begin, end: begin + upTo(12) };
  });
}

test('no two live buffers of random programs share bytes', () => {
  for (let seed = 0; seed < 200; seed++) {
    const buffers = randomBuffers(seed, 1 + (seed % 40));
    assert.equal(arenaProblem(buffers, planBuffers(buffers)), undefined, `seed ${seed}`);
  }
});

test('a plan is at least as large as what is alive at once and never larger than all buffers together', () => {
  for (let seed = 0; seed < 50; seed++) {
    const buffers = randomBuffers(seed, 30);
    const { bytes } = planBuffers(buffers);
    const size = (b: ArenaBuffer): number => Math.ceil(b.bytes / arenaAlignment) * arenaAlignment;
    const alive = Math.max(
      ...Array.from({ length: 60 }, (_, at) =>
        buffers.filter((b) => b.begin <= at && at <= b.end).reduce((n, b) => n + size(b), 0),
      ),
    );
    assert.ok(bytes >= alive);
    assert.ok(bytes <= buffers.reduce((n, b) => n + size(b), 0));
  }
});

test('buffers that are never alive together share their place', () => {
  const chain = Array.from({ length: 10 }, (_, i): ArenaBuffer => ({ bytes: 1000, begin: i, end: i + 1 }));
  assert.equal(planBuffers(chain).bytes, 2 * 1024);
});

test('the checker finds buffers that overlap, lie outside or are misaligned', () => {
  const two: ArenaBuffer[] = [
    { bytes: 64, begin: 0, end: 2 },
    { bytes: 64, begin: 2, end: 3 },
  ];
  assert.match(arenaProblem(two, { offsets: [0, 0], bytes: 64 })!, /share bytes/);
  assert.match(arenaProblem(two, { offsets: [0, 64], bytes: 100 })!, /ends at 128/);
  assert.match(arenaProblem(two, { offsets: [0, 65], bytes: 200 })!, /no multiple/);
  assert.equal(arenaProblem(two, { offsets: [64, 0], bytes: 128 }), undefined);
});
