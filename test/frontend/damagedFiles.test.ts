/** Damaged ONNX files and IR text: a coded error each time, or a model; no other exception. Seeded: STRATA_SEED. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { StrataError } from '../../src/base/diagnostics';
import { importOnnx } from '../../src/frontend/onnx/importOnnx';
import { readOnnxModel } from '../../src/frontend/onnx/readModel';
import { parseModule, printOp } from '../../src/ir';
import { registry } from '../../src/ir/dialects';
import { modelFile } from '../compiler/models';

const seed = Number(process.env['STRATA_SEED'] ?? 1);
/** A linear congruential generator (Numerical Recipes): numbers below `n`. */
function generator(): (n: number) => number {
  let state = seed >>> 0;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}
const mustBeCoded = (what: string, read: () => unknown): void => {
  try {
    read();
  } catch (error) {
    if (!(error instanceof StrataError)) assert.fail(`${what}, seed ${seed}: ${String(error)}`);
  }
};
const readModel = (bytes: Uint8Array): unknown => importOnnx(readOnnxModel({ bytes, name: 'damaged.onnx' }));
const readText = (text: string): unknown => parseModule(text, registry, { fileName: 'damaged.mlir' });

test('truncated and altered ONNX files', () => {
  const random = generator();
  const bytes = readFileSync(modelFile('tiny-convnet'));
  for (let i = 0; i < 200; i++) {
    const length = i < 100 ? i : random(bytes.length);
    mustBeCoded(`the first ${length} bytes`, () => readModel(bytes.subarray(0, length)));
  }
  for (let i = 0; i < 600; i++) {
    const damaged = Uint8Array.from(bytes);
    // The head holds the structure; weights take most of the rest.
    for (let k = 0; k <= random(3); k++)
      damaged[random(i % 2 === 0 ? Math.min(2000, bytes.length) : bytes.length)] =
        random(4) === 0 ? 255 : random(256);
    mustBeCoded(`change ${i}`, () => readModel(damaged));
  }
});

test('truncated, altered and deeply nested IR text', () => {
  const random = generator();
  const text = printOp(importOnnx(readOnnxModel(modelFile('tiny-convnet'))).module, { locations: 'alias' });
  for (let i = 0; i < 100; i++) {
    const length = random(text.length);
    mustBeCoded(`the first ${length} characters`, () => readText(text.slice(0, length)));
  }
  for (let i = 0; i < 300; i++) {
    const at = random(text.length);
    const damaged = `${text.slice(0, at)}${String.fromCharCode(32 + random(95))}${text.slice(at + random(3))}`;
    mustBeCoded(`change ${i} at ${at}`, () => readText(damaged));
  }
  mustBeCoded('nested modules', () => readText('module {'.repeat(20_000)));
  mustBeCoded('nested types', () => readText(`func.func @f(%a: ${'tuple<'.repeat(20_000)}`));
});
