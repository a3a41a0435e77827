import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { StrataError } from '../../../src/base/diagnostics';
import type { ImportOptions, ImportedModel } from '../../../src/frontend/onnx/importOnnx';
import { importOnnx } from '../../../src/frontend/onnx/importOnnx';
import { modelCodec, tensorCodec } from '../../../src/frontend/onnx/proto/onnxProto';
import { readOnnxModel } from '../../../src/frontend/onnx/readModel';
import { OnnxGraphBuilder, int } from '../../../src/frontend/zoo/onnxGraphBuilder';
import { tinyConvnet } from '../../../src/frontend/zoo/tinyConvnet';
import { assertVerified, missingProvenance, modelNodesOf, parseModule, printOp } from '../../../src/ir';
import { signatureOf } from '../../../src/ir/dialects/func';
import { registry } from '../../../src/ir/dialects';
import { randomNumbers } from '../../randomInputs';

const importBytes = (bytes: Uint8Array, options?: ImportOptions): ImportedModel =>
  importOnnx(readOnnxModel({ bytes, name: 'dir/model.onnx' }), options);
const refusal = (run: () => unknown): StrataError => {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof StrataError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: 'no error was raised' });
};
const mainOf = (m: ImportedModel) => m.module.body().first!;

test('each node becomes an op at the location of the node', () => {
  const imported = importBytes(tinyConvnet.graph().build());
  assertVerified(imported.module);
  assert.deepEqual(missingProvenance(imported.module), []);
  const ops = mainOf(imported)
    .body()
    .ops.filter((op) => op.dialect === 'onnx');
  assert.deepEqual(
    ops.map((op) => modelNodesOf(op.location).map((n) => `${n.model} ${n.position} ${n.name}`)),
    imported.nodes.map((n) => [`model.onnx ${n.position} ${n.name}`]),
  );
  assert.equal(imported.nodes[0]!.name, '/stem/stem.0/Conv');
  assert.equal(signatureOf(mainOf(imported)).text, '(tensor<1x3x16x16xf32>) -> tensor<1x10xf32>');
});

test('the text of an imported model reads back as itself', () => {
  const text = printOp(importBytes(tinyConvnet.graph().build()).module, { locations: 'alias' });
  assert.equal(printOp(parseModule(text, registry).module, { locations: 'alias' }), text);
});

test('weights are views of the model, and know where they lie in its file', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'strata-import-'));
  try {
    const file = path.join(folder, 'm.onnx');
    writeFileSync(file, tinyConvnet.graph().build());
    const model = readOnnxModel(file);
    const { resources } = importOnnx(model);
    const blob = resources.blob('stem.0.weight');
    assert.equal(blob.read().buffer, model.bytes.buffer);
    assert.equal(blob.file?.path, file);
    assert.deepEqual(
      Buffer.from(model.bytes).subarray(blob.file.offset, blob.file.offset + blob.byteLength),
      Buffer.from(blob.read()),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('external data is read from its file when it is asked for', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'strata-import-'));
  try {
    const g = new OnnxGraphBuilder({ name: 'g', seed: 0 });
    const w = g.initializer('w', 'f32', [4], new Uint8Array(16));
    g.output(g.node('', 'Add', [g.input('x', 'f32', [4]), w], { output: 'y' }), 'f32', [4]);
    const proto = modelCodec.decode(g.build());
    const graph = proto.graph!;
    const external = tensorCodec.make({
      name: 'w',
      dims: [4],
      dataType: 1,
      dataLocation: 1,
      externalData: [
        { key: 'location', value: 'w.bin' },
        { key: 'offset', value: '8' },
      ],
    });
    const file = path.join(folder, 'm.onnx');
    writeFileSync(file, modelCodec.encode({ ...proto, graph: { ...graph, initializer: [external] } }));
    writeFileSync(path.join(folder, 'w.bin'), new Uint8Array(new Float32Array([9, 9, 1, 2, 3, 4]).buffer));
    const blob = importOnnx(readOnnxModel(file)).resources.blob('w');
    assert.deepEqual(blob.file, { path: path.join(folder, 'w.bin'), offset: 8, length: 16 });
    assert.deepEqual([...new Float32Array(blob.read().slice().buffer)], [1, 2, 3, 4]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('symbolic sizes stay dynamic with their names, or are bound', () => {
  const bytes = tinyConvnet.graph({ batch: 'N' }).build();
  const open = mainOf(importBytes(bytes));
  assert.equal(signatureOf(open).text, '(tensor<?x3x16x16xf32>) -> tensor<?x10xf32>');
  assert.match(open.attr('arg_attrs')!.text, /strata\.dims = \["N", 3 : i64, 16 : i64, 16 : i64\]/);
  const bound = mainOf(importBytes(bytes, { dims: { N: 2 } }));
  assert.equal(signatureOf(bound).text, '(tensor<2x3x16x16xf32>) -> tensor<2x10xf32>');
  const error = refusal(() => importBytes(bytes, { dims: { M: 2 } }));
  assert.equal(error.code, 'STR0342');
  assert.match(error.message, /no dimension named "M"; it has "N"/);
});

test('operators that are not supported are kept, with the reason', () => {
  const g = new OnnxGraphBuilder({ name: 'g', seed: 0 });
  const x = g.input('x', 'f32', [1, 3, 8, 8]);
  const optional = g.node('/a', 'Optional', [x]);
  const gelu = g.node('/b', 'FusedGelu', [g.node('/r', 'Relu', [optional])], { domain: 'com.example' });
  g.output(gelu, 'f32', [1, 3]);
  const proto = modelCodec.decode(g.build());
  const bytes = modelCodec.encode({
    ...proto,
    opsetImport: [...proto.opsetImport, { domain: 'com.example', version: 1 }],
  });
  const imported = importBytes(bytes);
  assertVerified(imported.module);
  const text = printOp(imported.module);
  assert.match(
    text,
    /"onnx\.Optional"\(%arg0\) \{strata\.unsupported = "Optional"\} : \(tensor<1x3x8x8xf32>\) -> tensor<\*xf32>/,
  );
  assert.match(
    text,
    /"onnx\.com\.example\.FusedGelu"\(%1\) \{strata\.unsupported = "com\.example\.FusedGelu"\}.*-> tensor<1x3xf32>/,
  );
  assert.equal(printOp(parseModule(text, registry).module), text);
});

test('a shape that does not fit names the node and both sides', () => {
  const g = new OnnxGraphBuilder({ name: 'g', seed: 0 });
  const x = g.input('x', 'f32', [1, 16, 8, 8]);
  const w = g.weight('w', [4, 32, 3, 3], (values) => values.fill(1));
  g.output(g.node('/d', 'Conv', [x, w]), 'f32', [1, 4, 6, 6]);
  const error = refusal(() => importBytes(g.build()));
  assert.equal(error.code, 'STR0401');
  assert.match(
    error.message,
    /onnx\.Conv at model node "\/d\/Conv": weight has 32 input channels, input has 16 \(groups = 1\)/,
  );
});

test('too few inputs and attributes of the wrong kind are refused', () => {
  const missing = new OnnxGraphBuilder({ name: 'g', seed: 0 });
  missing.output(missing.node('/m', 'MatMul', [missing.input('x', 'f32', [2, 2])]), 'f32', [2, 2]);
  assert.match(refusal(() => importBytes(missing.build())).message, /STR0345 .*MatMul needs the input 'B'/);
  const kind = new OnnxGraphBuilder({ name: 'g', seed: 0 });
  kind.output(
    kind.node('/t', 'Transpose', [kind.input('x', 'f32', [2, 2])], { attributes: { perm: int(1) } }),
    'f32',
    [2, 2],
  );
  assert.match(
    refusal(() => importBytes(kind.build())).message,
    /STR0345 .*attribute 'perm' must be an array of i64, found 1 : i64/,
  );
});

test('what the model declares is compared with what its nodes compute', () => {
  const g = new OnnxGraphBuilder({ name: 'g', seed: 0 });
  g.output(g.node('/r', 'Relu', [g.input('x', 'f32', [2, 3])], { output: 'y' }), 'f32', [3, 2]);
  const { warnings } = importBytes(g.build());
  assert.deepEqual(
    warnings.map((w) => [w.code, w.severity, w.text]),
    [
      [
        'STR0343',
        'warning',
        'dir/model.onnx: "y" is declared as tensor<3x2xf32>, and its node computes tensor<2x3xf32>.',
      ],
    ],
  );
});

test('attributes with any number are refused with a code or imported into valid IR', () => {
  const proto = modelCodec.decode(tinyConvnet.graph().build());
  const graph = proto.graph!;
  const next = randomNumbers(11);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!;
  const odd = [-1n, 0n, 1n, 2n, 3n, 7n, 2n ** 31n, 2n ** 62n, -(2n ** 63n)];
  const outcomes = { imported: 0, refused: 0 };
  for (let i = 0; i < 300; i++) {
    const victim = pick(graph.node.filter((n) => n.attribute.length > 0));
    const attribute = pick(victim.attribute);
    const ints = attribute.ints.map((v) => (next() < 0.5 ? pick(odd) : v)).slice(0, next() < 0.2 ? 1 : 4);
    const changed = { ...attribute, i: attribute.i === undefined ? undefined : pick(odd), ints };
    const node = graph.node.map((n) =>
      n === victim ? { ...n, attribute: n.attribute.map((a) => (a === attribute ? changed : a)) } : n,
    );
    try {
      assertVerified(importBytes(modelCodec.encode({ ...proto, graph: { ...graph, node } })).module);
      outcomes.imported++;
    } catch (error) {
      const where = `${victim.opType}.${attribute.name} = ${changed.i} [${ints.join(', ')}]`;
      assert.ok(
        error instanceof StrataError && error.code !== 'STR0110',
        `${where}: ${error instanceof Error ? error.stack : String(error)}`,
      );
      outcomes.refused++;
    }
  }
  assert.ok(outcomes.imported > 20 && outcomes.refused > 20, JSON.stringify(outcomes));
});
