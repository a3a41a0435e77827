/** How far tensors are apart. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StrataError } from '../../src/base/diagnostics';
import { steady } from '../../src/bisect/reference';
import { compareElements, histogramBins, ulpDistance } from '../../src/bisect/tolerance';

const error = { kind: 'error', relative: 1e-3, absolute: 1e-6 } as const;

describe('tolerance', () => {
  it('finds the elements that stand out, and where', () => {
    const expected = [1, 2, 0, -4, 100, 6];
    const found = [1, 2.5, 1e-3, -4, 100.05, 6];
    const s = compareElements('y', [2, 3], found, expected, error);
    assert.equal(s.maxAbsolute, 0.5);
    assert.deepEqual(s.maxAbsoluteAt, { index: [0, 1], found: 2.5, expected: 2 });
    assert.deepEqual(s.maxRelativeAt?.index, [0, 2]);
    assert.deepEqual(s.firstBeyond?.index, [0, 1]);
    assert.equal(s.beyond, 2);
    assert.ok(s.worst > 999 && s.worst < 1001);
    assert.equal(
      s.histogram.reduce((a, b) => a + b, 0),
      6,
    );
    assert.equal(s.histogram[0], 3);
    assert.equal(s.histogram[histogramBins.indexOf('1e-1')], 1);
  });

  it('counts NaN and infinities, which agree with themselves only', () => {
    const s = compareElements('y', [4], [NaN, Infinity, 1, -Infinity], [NaN, Infinity, NaN, Infinity], error);
    assert.deepEqual(
      [s.nan, s.infinite],
      [
        { found: 1, expected: 2 },
        { found: 2, expected: 2 },
      ],
    );
    assert.equal(s.beyond, 2);
    assert.equal(s.worst, Infinity);
    assert.equal(compareElements('y', [1], [NaN], [NaN], error).worst, 0);
  });

  it('allows an error relative to the tensor where no absolute one is given', () => {
    const relative = { kind: 'error', relative: 1e-2 } as const;
    assert.ok(compareElements('y', [2], [100, 0.5], [100, 0], relative).worst < 1);
    assert.ok(compareElements('y', [2], [100, 1.5], [100, 0], relative).worst > 1);
  });

  it('counts steps between numbers of single precision, across zero too', () => {
    assert.equal(ulpDistance(1, 1 + 2 ** -23), 1);
    assert.equal(ulpDistance(0, -0), 0);
    assert.equal(ulpDistance(2 ** -149, -(2 ** -149)), 2);
    const one = { kind: 'ulp', ulps: 1 } as const;
    assert.equal(compareElements('y', [2], [1 + 2 ** -22, 2], [1, 2], one).worst, 2);
  });

  it('takes tensors of other sizes for wrong everywhere', () => {
    assert.equal(compareElements('y', [2], [], [1, 2], error).worst, Infinity);
  });

  it('refuses a reference that disagrees with itself, and names one that does a little', () => {
    const tensor = (x: number) => ({
      y: { elementType: 'f32', shape: [1], bytes: new Uint8Array(new Float32Array([x]).buffer) } as const,
    });
    assert.throws(
      () => steady('a model on two threads', tensor(1), tensor(1.1), error),
      (e: StrataError) => e.code === 'STR1101' && e.message.includes("'y'"),
    );
    assert.match(steady('r', tensor(1), tensor(1 + 2 ** -23), error).note ?? '', /not deterministic/);
    assert.equal(steady('r', tensor(1), tensor(1), error).note, undefined);
  });
});
