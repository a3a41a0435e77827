import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StrataError } from '../../src/base/diagnostics';
import { parseAttributeText, parseModule, parseTypeText, printOp, printWithSpans } from '../../src/ir';
import { registry } from '../../src/ir/dialects/index';

const reprint = (text: string, form: 'custom' | 'generic' = 'custom'): string =>
  printOp(parseModule(text, registry).module, { locations: 'alias', form });

/** Text whose print is the same text. */
const types = [
  'i1',
  'i32',
  'si8',
  'ui16',
  'i128',
  'f16',
  'bf16',
  'f32',
  'f64',
  'tf32',
  'f8E4M3FN',
  'f4E2M1FN',
  'index',
  'none',
  'complex<f32>',
  'tuple<>',
  'tuple<i32, tensor<2xf32>>',
  '() -> ()',
  '(i32) -> f32',
  '(i32, f32) -> (f32, f32)',
  '() -> (() -> ())',
  'vector<4xf32>',
  'vector<2x[4]xf32>',
  'vector<f32>',
  'tensor<f32>',
  'tensor<4x?x8xf32>',
  'tensor<0xi8>',
  'tensor<*xf32>',
  'tensor<4xf32, #x.encoding<a, 1>>',
  'memref<4x4xf32>',
  'memref<?xf32, strided<[?], offset: ?>>',
  'memref<4x4xf32, affine_map<(d0, d1) -> (d1, d0)>>',
  'memref<4xf32, 1 : i64>',
  'memref<4xf32, strided<[2]>, #gpu.address_space<workgroup>>',
  'memref<*xf32>',
  '!torch.vtensor<[1,2],f32>',
  '!llvm.ptr',
  '!q<"odd > form">',
];
const attributes = [
  'unit',
  'true',
  'false',
  '7 : i32',
  '-1 : i64',
  '3 : index',
  '1.000000e+00 : f32',
  '-2.500000e-03 : f64',
  '1.0000001e+00 : f32',
  '0x7FC00000 : f32',
  '0xFF800000 : f32',
  '"text"',
  '"a\\22b\\\\c\\0A\\C3\\A9"',
  '[1 : i64, "x", [unit]]',
  '{a = 1 : i64, "odd name" = unit, z}'.replace(', "odd name" = unit', ', "odd name"'),
  '@f',
  '@"odd name"::@g',
  'affine_map<(d0, d1)[s0] -> (d0 * 2 + d1 - 1, d1 mod 4, s0 floordiv 2, d0 ceildiv 3)>',
  'affine_map<() -> ()>',
  'affine_set<(d0, d1) : (d0 - 1 >= 0, d1 == 0)>',
  'dense<1.000000e+00> : tensor<4xf32>',
  'dense<[[1, 2], [3, -4]]> : tensor<2x2xi32>',
  'dense<[true, false]> : tensor<2xi1>',
  'dense<> : tensor<0xf32>',
  'dense<5> : tensor<i64>',
  'dense<[0x7F800000, 1.000000e+00]> : tensor<2xf32>',
  'dense_resource<w0> : tensor<8x8xf32>',
  'array<i64>',
  'array<i64: 1, -2>',
  'array<i1: true, false>',
  'array<f32: 1.000000e+00>',
  'strided<[2, 1], offset: 4>',
  'loc("a":3:4)',
  'loc(fused<"m">["x", callsite("f" at "b":1:2)])',
  'tensor<4xf32>',
  '#dialect.thing<a, [1, "]"]>',
  '#x<"verbose">',
];

describe('text of types and attributes', () => {
  for (const text of types) test(`type ${text}`, () => assert.equal(parseTypeText(text).text, text));
  for (const text of attributes)
    test(`attribute ${text}`, () => assert.equal(parseAttributeText(text).text, text));

  test('equal types are one object', () => {
    assert.equal(parseTypeText('tensor<4x?xf32>'), parseTypeText('tensor< 4x?x f32 >'));
  });
  test('elements above the threshold print as hex and read back', () => {
    const values = Array.from({ length: 200 }, (_, i) => i / 3);
    const text = `dense<[${values.map((v) => v.toExponential(8).replace(/e\+?(-?)(\d)$/, 'e$1$2')).join(', ')}]> : tensor<200xf32>`;
    const printed = parseAttributeText(text).text;
    assert.match(printed, /^dense<"0x[0-9A-F]{1600}"> : tensor<200xf32>$/);
    assert.equal(parseAttributeText(printed).text, printed);
  });
});

const module = `#map = affine_map<(d0, d1) -> (d1, d0)>
module @m attributes {a.map = #map, a.z} {
  func.func private @external(tensor<?xf32>, i32) -> (f32 {a.c = 1 : i64}, i1) loc(unknown)
  func.func @main(%arg0: tensor<2x2xf32> {strata.name = "in"} loc(#loc), %arg1: i32 loc(unknown)) -> tensor<2x2xf32> {
    %0 = "foo.const"() <{value = dense<1.000000e+00> : tensor<2x2xf32>}> {b, m = [#map]} : () -> tensor<2x2xf32> loc(#loc1)
    %1:2 = "foo.two"(%arg0, %0) ({
    ^bb0(%arg2: f32 loc(unknown)):
      "foo.inner"(%arg2, %0) : (f32, tensor<2x2xf32>) -> () loc(unknown)
    }, {
    }) : (tensor<2x2xf32>, tensor<2x2xf32>) -> (tensor<2x2xf32>, !foo.bar<a, [1,2]>) loc(#loc2)
    "foo.branch"(%1#1)[^bb1, ^bb2] : (!foo.bar<a, [1,2]>) -> () loc(unknown)
  ^bb1:
    func.return %1#0 : tensor<2x2xf32> loc(unknown)
  ^bb2:
    %2 = func.call @main(%arg0, %arg1) : (tensor<2x2xf32>, i32) -> tensor<2x2xf32> loc(unknown)
    func.return %2 : tensor<2x2xf32> loc(unknown)
  } loc(unknown)
} loc(unknown)
#loc = loc("x")
#loc1 = loc("Conv_1"("model:m.onnx":1:0))
#loc2 = loc(fused["Conv_1"("model:m.onnx":1:0), "Relu_2"("model:m.onnx":2:0)])
`;

describe('text of ops', () => {
  test('print → parse → print is the same, in both forms', () => {
    assert.equal(reprint(module), module);
    const generic = reprint(module, 'generic');
    assert.equal(reprint(generic, 'generic'), generic);
    assert.equal(reprint(generic), module);
  });

  test('printed and parsed ranges agree', () => {
    const { text, spans } = printWithSpans(parseModule(module, registry).module);
    const parsed = parseModule(text, registry);
    assert.deepEqual(
      parsed.spans.map((s) => [s.op.name, s.start, s.end]),
      spans.map((s) => [s.op.name, s.start, s.end]),
    );
  });

  test('a value may be used before its definition in another block', () => {
    const text = `func.func @f() {
      "a.jump"()[^bb2] : () -> ()
    ^bb1:
      "a.use"(%x) : (i32) -> ()
      func.return
    ^bb2:
      %x = "a.def"()[^bb1] : () -> i32
    }`;
    assert.match(reprint(text), /"a.use"\(%0\) : \(i32\)/);
  });

  test('resources of the trailer are read', () => {
    const { resources } = parseModule(
      'module {}\n{-# dialect_resources: { builtin: { w: "0x04000000AABBCCDD" } } #-}',
      registry,
    );
    assert.deepEqual([...resources.get('w')!], [0xaa, 0xbb, 0xcc, 0xdd]);
  });
});

describe('bad text', () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['func.func @f(', 'STR0101', /1:14: expected .*found the end of the text/],
    ['func.func @f() { func.return %x : i32 }', 'STR0103', /%x is used but not defined/],
    ['func.func @f(%a: i32) { func.return %a : i64 }', 'STR0103', /%a has type i32, used here as i64/],
    ['unknown.op %a', 'STR0102', /no custom form is known for 'unknown.op'/],
    ['%0, %1 = "a.b"() : () -> i32', 'STR0103', /a.b has 1 results, 2 names are given/],
    ['"a.b"() {x = 1, x = 2} : () -> ()', 'STR0103', /'x' is given twice/],
    ['"a.b"(%c) : (i32, i32) -> ()', 'STR0103', /a.b has 1 operands, its type has 2/],
    ['"a.b"() {v = dense<[1, 2]> : tensor<3xi32>} : () -> ()', 'STR0103', /needs 3 elements, found 2/],
    ['"a.b"() {v = affine_map<(d0) -> (d0 * d0)>} : () -> ()', 'STR0103', /affine product/],
    [
      'func.func @f() { %0 = "a.b"() : () -> i1  %0 = "a.b"() : () -> i1  func.return }',
      'STR0103',
      /%0 is defined twice/,
    ],
    ['func.func @f() { "a.b"()[^nowhere] : () -> () }', 'STR0103', /\^nowhere is not defined/],
    ['"a.b"() : () -> () loc(#nowhere)', 'STR0103', /#nowhere is not defined/],
    [`"a.b"() {a = ${'['.repeat(5000)}} : () -> ()`, 'STR0103', /nesting deeper than/],
  ];
  for (const [text, code, message] of cases) {
    test(`${code} ${text.slice(0, 50)}`, () => {
      assert.throws(
        () => parseModule(text, registry),
        (e) => e instanceof StrataError && e.code === code && message.test(e.message),
      );
    });
  }
  test('a text cut short anywhere gives a coded error or a module', () => {
    for (let n = 0; n < module.length; n++) {
      try {
        parseModule(module.slice(0, n), registry);
      } catch (e) {
        assert.ok(e instanceof StrataError, `cut at ${n}: ${(e as Error).stack}`);
      }
    }
  });
});
