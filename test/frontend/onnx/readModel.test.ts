import assert from 'node:assert/strict';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { StrataError } from '../../../src/base/diagnostics';
import {
  attributeCodec,
  attributeTypes,
  functionCodec,
  graphCodec,
  modelCodec,
} from '../../../src/frontend/onnx/proto/onnxProto';
import { rangeInModel, readOnnxModel } from '../../../src/frontend/onnx/readModel';
import { rawTensor } from '../../../src/frontend/onnx/tensorData';
import { buildReferenceModel } from '../../../src/frontend/zoo/referenceModels';
import { node, sampleModel, value } from './sampleModels';

const read = (bytes: Uint8Array, name = 'm.onnx') => readOnnxModel({ bytes, name });
function errorOf(run: () => unknown): StrataError {
  try {
    run();
  } catch (error) {
    assert.ok(
      error instanceof StrataError,
      error instanceof Error ? (error.stack ?? error.message) : String(error),
    );
    return error;
  }
  return assert.fail('no error');
}
const expectError = (bytes: Uint8Array, code: string, text: RegExp, name?: string): void => {
  const error = errorOf(() => read(bytes, name));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, text);
};
const ascii = (s: string): Uint8Array => new TextEncoder().encode(s);

test('a well-formed model is read', () => {
  const model = read(sampleModel());
  assert.equal(model.graph.node[0]?.opType, 'Relu');
  assert.deepEqual([...model.opsets], [['', 17]]);
  assert.deepEqual(model.warnings, []);
});

test('other kinds of files are named', () => {
  const cases: [Uint8Array, RegExp, string?][] = [
    [new Uint8Array(0), /an empty file/],
    [
      ascii('version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 3\n'),
      /Git LFS pointer.*git lfs pull/,
    ],
    [ascii('<!DOCTYPE html><html><body>404</body></html>'), /HTML page/],
    [Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0, 8, 8), /zip archive.*torch\.onnx\.export/],
    [Uint8Array.of(0x80, 2, 0x63, 0x5f), /Python pickle/],
    [ascii('GGUF\x03\0\0\0'), /GGUF/],
    [Uint8Array.of(0x1c, 0, 0, 0, ...ascii('TFL3'), 0, 0), /TensorFlow Lite/],
    [Uint8Array.of(0x1c, 0, 0, 0, ...ascii('ORTM'), 0, 0), /\.ort/],
    [Uint8Array.of(0x89, ...ascii('HDF\r\n'), 0x1a, 0x0a), /HDF5/],
    [Uint8Array.of(40, 0, 0, 0, 0, 0, 0, 0, ...ascii('{"w":{"dtype":"F32"')), /safetensors/],
    [Uint8Array.of(0x93, ...ascii('NUMPY'), 1, 0), /NumPy/],
    [Uint8Array.of(0x1f, 0x8b, 8, 0), /gzip/],
    [ascii('// a comment\nmodule {\n}\n'), /MLIR text/],
    [ascii('{ "a": 1 }'), /JSON/],
    [ascii('hello there'), /plain text/],
    // SavedModel: schema version 1, then a meta graph.
    [Uint8Array.of(8, 1, 0x12, 7, 0x0a, 5, ...ascii('serve')), /SavedModel/, 'saved_model.pb'],
  ];
  for (const [bytes, text, name] of cases) expectError(bytes, 'STR0302', text, name);
});

test('paths that cannot be read are told', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'strata-read-'));
  try {
    assert.match(
      errorOf(() => readOnnxModel(path.join(folder, 'no.onnx'))).message,
      /^STR0301 .*no such file/,
    );
    assert.match(errorOf(() => readOnnxModel(folder)).message, /^STR0302 .*a folder/);
    writeFileSync(path.join(folder, 'saved_model.pb'), '');
    assert.match(errorOf(() => readOnnxModel(folder)).message, /SavedModel/);
    const large = path.join(folder, 'large.onnx');
    writeFileSync(large, '');
    truncateSync(large, 2 ** 31);
    assert.match(errorOf(() => readOnnxModel(large)).message, /^STR0306 .*external data/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** A prefix is refused with a code, or it is a complete model by itself, which these files do not contain. */
function checkEveryPrefix(bytes: Uint8Array): void {
  const codes = new Map<string, number>();
  for (let length = 0; length < bytes.length; length++) {
    const { code } = errorOf(() => read(bytes.subarray(0, length)));
    codes.set(code, (codes.get(code) ?? 0) + 1);
  }
  for (const code of codes.keys()) assert.match(code, /^STR030[2345]$/);
  assert.ok((codes.get('STR0303') ?? 0) > bytes.length * 0.9, JSON.stringify([...codes]));
}
test('a model that is cut short at any length is refused', () => {
  checkEveryPrefix(buildReferenceModel('tiny-convnet'));
});

test('a flipped bit gives a model or a coded error', () => {
  const bytes = buildReferenceModel('tiny-convnet');
  let refused = 0;
  for (let at = 0; at < bytes.length; at++) {
    const copy = Uint8Array.from(bytes);
    copy[at]! ^= 1 << (at % 8);
    try {
      read(copy);
    } catch (error) {
      assert.ok(error instanceof StrataError, `byte ${at}: ${String(error)}`);
      refused++;
    }
  }
  assert.ok(refused > 100);
});

test('what is missing is told', () => {
  expectError(modelCodec.encode(modelCodec.make({ irVersion: 8 })), 'STR0305', /no graph/);
  expectError(sampleModel({}, { irVersion: 0 }), 'STR0305', /IR version/);
  expectError(sampleModel({}, { opsetImport: [] }), 'STR0305', /opset import/);
  expectError(sampleModel({ output: [] }), 'STR0305', /graph output/);
});

test('versions outside the known range are told', () => {
  const warned = read(sampleModel({}, { irVersion: 99, opsetImport: [{ domain: 'ai.onnx', version: 99 }] }));
  assert.deepEqual(
    warned.warnings.map((w) => [w.code, w.severity]),
    [
      ['STR0307', 'warning'],
      ['STR0309', 'warning'],
    ],
  );
  expectError(sampleModel({}, { opsetImport: [{ domain: '', version: 0 }] }), 'STR0308', /opset 0 .*1 to 28/);
});

test('defects of the graph are told with the node', () => {
  const relu = node('Relu', ['x'], ['y']);
  expectError(sampleModel({ node: [node('Relu', ['z'], ['y'])] }), 'STR0312', /"Relu_y" reads "z"/);
  expectError(
    sampleModel({ node: [node('Relu', ['t'], ['y']), node('Neg', ['x'], ['t'])] }),
    'STR0313',
    /"Relu_y" reads "t" before node "Neg_t"/,
  );
  expectError(sampleModel({ node: [node('Relu', ['y'], ['y'])] }), 'STR0313', /cycles/);
  expectError(sampleModel({ node: [relu, relu] }), 'STR0314', /"y" twice/);
  expectError(sampleModel({ input: [value('x'), value('x')] }), 'STR0314', /"x" twice/);
  expectError(sampleModel({ output: [value('y'), value('q')] }), 'STR0315', /output "q"/);
  expectError(sampleModel({ output: [value('')] }), 'STR0316', /an output without a name/);
  expectError(sampleModel({ node: [node('', ['x'], ['y'])] }), 'STR0311', /no operator type/);
  expectError(
    sampleModel({ node: [node('Gelu', ['x'], ['y'], { domain: 'com.microsoft' })] }),
    'STR0310',
    /"com\.microsoft".*imported: "ai\.onnx"/,
  );
  const untyped = { ...value('x'), type: undefined };
  expectError(sampleModel({ input: [untyped] }), 'STR0317', /"x" has no type/);
});

test('initializers are checked, and may give an input its default', () => {
  const w = rawTensor('x', 'f32', [2], new Uint8Array(8));
  assert.equal(read(sampleModel({ initializer: [w] })).graph.initializer.length, 1);
  expectError(sampleModel({ initializer: [w, w] }), 'STR0314', /by an initializer and by an initializer/);
  expectError(sampleModel({ initializer: [{ ...w, name: '' }] }), 'STR0316', /an initializer without a name/);
});

const graphAttribute = (name: string, g: Parameters<typeof graphCodec.make>[0]) =>
  attributeCodec.make({ name, type: attributeTypes.GRAPH, g: graphCodec.make(g) });

test('a subgraph sees the values around it that come before', () => {
  const branch = (input: string) => ({ output: [value('r')], node: [node('Neg', [input], ['r'])] });
  const nodes = (input: string) => [
    node('Relu', ['x'], ['early']),
    node('If', ['x'], ['y'], { attribute: [graphAttribute('then_branch', branch(input))] }),
    node('Abs', ['x'], ['late']),
  ];
  read(sampleModel({ node: nodes('early') }));
  expectError(
    sampleModel({ node: nodes('late') }),
    'STR0312',
    /subgraph "then_branch" of node "If_y" .*"late"/,
  );
});

test('attributes are checked', () => {
  const withAttributes = (...attribute: ReturnType<typeof attributeCodec.make>[]) =>
    sampleModel({ node: [node('Relu', ['x'], ['y'], { attribute })] });
  const a = attributeCodec.make({ name: 'a', type: attributeTypes.INT, i: 1n });
  expectError(withAttributes(a, a), 'STR0318', /"a": it is given twice/);
  expectError(
    withAttributes(attributeCodec.make({ name: 'g', type: attributeTypes.GRAPH })),
    'STR0318',
    /missing/,
  );
  expectError(
    withAttributes(attributeCodec.make({ name: 'r', refAttrName: 'q' })),
    'STR0318',
    /outside of a function/,
  );
});

test('functions are checked, and none may call itself', () => {
  const f = (name: string, callee: string) =>
    functionCodec.make({
      name,
      domain: 'local',
      input: ['a'],
      output: ['b'],
      opsetImport: [
        { domain: '', version: 17 },
        { domain: 'local', version: 1 },
      ],
      node: [node(callee, ['a'], ['b'], { domain: callee === 'Relu' ? '' : 'local' })],
    });
  const withFunctions = (...functions: ReturnType<typeof f>[]) =>
    sampleModel(
      { node: [node('F', ['x'], ['y'], { domain: 'local' })] },
      {
        functions,
        opsetImport: [
          { domain: '', version: 17 },
          { domain: 'local', version: 1 },
        ],
      },
    );
  read(withFunctions(f('F', 'G'), f('G', 'Relu')));
  expectError(withFunctions(f('F', 'G'), f('G', 'F')), 'STR0319', /calls itself/);
  expectError(withFunctions(f('F', 'Relu'), f('F', 'Relu')), 'STR0319', /defined twice/);
  expectError(withFunctions({ ...f('F', 'Relu'), output: ['c'] }), 'STR0315', /function "F" output "c"/);
});

test('names from a file are shortened in errors', () => {
  const long = 'n'.repeat(100_000);
  const { message } = errorOf(() => read(sampleModel({ node: [node('Relu', [long], ['y'])] })));
  assert.ok(message.length < 500);
});

test('the place of weights in the file is known', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'strata-range-'));
  try {
    const file = path.join(folder, 'tiny.onnx');
    writeFileSync(file, buildReferenceModel('tiny-convnet'));
    const model = readOnnxModel(file);
    const raw = model.graph.initializer.find((t) => t.name === 'classifier.weight')!.rawData!;
    const range = rangeInModel(model, raw)!;
    assert.equal(range.length, 320);
    assert.deepEqual(
      new Uint8Array(readFileSync(file).subarray(range.offset, range.offset + range.length)),
      Uint8Array.from(raw),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const light = path.resolve('../shared/data/onnx-light');
const withLight = { skip: existsSync(light) ? false : `${light} is not there` };
test('the light models of onnx are read whole', withLight, () => {
  const files = readdirSync(light).filter((f) => f.endsWith('.onnx'));
  assert.ok(files.length >= 4);
  for (const f of files) {
    const bytes = readFileSync(path.join(light, f));
    const model = readOnnxModel(path.join(light, f));
    assert.ok(model.graph.node.length > 10);
    const again = read(modelCodec.encode(model.proto));
    assert.deepEqual(again.proto, read(bytes).proto);
  }
});
test('a light model that is cut short at any length is refused', withLight, () => {
  checkEveryPrefix(readFileSync(path.join(light, 'light_squeezenet.onnx')));
});
