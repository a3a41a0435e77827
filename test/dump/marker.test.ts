import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstOp, parseMarker } from '../../src/dump/marker';

/** Marker line of each age and deviation → `when pass|argument|options|op|symbol`. */
const markers: Readonly<Record<string, string>> = {
  '// *** IR Dump After Canonicalizer ***': 'after Canonicalizer||||',
  "// *** IR Dump After CSE *** ('func' operation: @f)": 'after CSE|||func.func|f',
  '*** IR Dump Before Inliner ***': 'before Inliner||||',
  '// -----// IR Dump After CSE //----- //': 'after CSE||||',
  '// -----// IR Dump After CSE (cse) //----- //': 'after CSE|cse|||',
  "// -----// IR Dump After CSE (cse) ('func.func' operation: @foo) //----- //":
    'after CSE|cse||func.func|foo',
  "// -----// IR Dump Before CSE (cse) ('builtin.module' operation) //----- //":
    'before CSE|cse||builtin.module|',
  '// -----// IR Dump After CSE (cse) (\'func.func\' operation: @"a (b)") //----- //':
    'after CSE|cse||func.func|a (b)',
  '// -----// IR Dump After OneShotBufferizePass Failed (one-shot-bufferize) //----- //':
    'failed OneShotBufferizePass|one-shot-bufferize|||',
  '// -----// IR Dump After (anonymous namespace)::P (arg) //----- //':
    'after (anonymous namespace)::P|arg|||',
  '// -----// IR Dump After {anonymous}::P () //----- //': 'after {anonymous}::P||||',
  '// -----// IR Dump After (anonymous namespace)::P () //----- //': 'after (anonymous namespace)::P||||',
  '// -----// IR Dump After mlir::iree_compiler::IREE::Flow::X (iree-flow-x) //----- //':
    'after mlir::iree_compiler::IREE::Flow::X|iree-flow-x|||',
  '// -----// IR Dump Before CanonicalizerPass: canonicalize{max-iterations=10 top-down=true} //----- //':
    'before CanonicalizerPass|canonicalize|max-iterations=10 top-down=true||',
  "// -----// IR Dump After mlir::a::P Failed: cse ('func.func' operation: @f) //----- //":
    'failed mlir::a::P|cse||func.func|f',
  "// -----// IR Dump After (anonymous namespace)::P: p{x=(1, 2)} ('gpu.module' operation: @g) //----- //":
    'after (anonymous namespace)::P|p|x=(1, 2)|gpu.module|g',
  '// -----// IR Dump [before tiling] //----- //': 'snapshot before tiling||||',
  '// -----// IR Dump here //----- //': 'snapshot here||||',
  '// -----// IR Dump //----- //': 'snapshot print-ir||||',
  '// -----// SoftwarePipeliner internal IR Dump After: LowerLoops':
    'snapshot SoftwarePipeliner: LowerLoops||||',
  '*** IR Dump After InstCombinePass on foo ***': 'after InstCombinePass|||define|foo',
  '; *** IR Dump Before SROAPass on [module] ***': 'before SROAPass|||module|',
  '; *** IR Dump After LICMPass on loop %for.body in function foo ***': 'after LICMPass|||loop|foo',
  '*** IR Dump After GVNPass on foo omitted because no change ***': 'after GVNPass|||define|foo',
  '# *** IR Dump After Finalize ISel (finalize-isel) ***:': 'after Finalize ISel|finalize-isel|||',
  '# *** IR Dump After X ***:': 'after X||||',
  '2024-05-01T12:34:56.7890123Z // -----// IR Dump After CSE (cse) //----- //': 'after CSE|cse|||',
  '\x1b[32m// -----// IR Dump After CSE (cse) //----- //\x1b[0m': 'after CSE|cse|||',
};

test('a marker of every age says its pass, argument, options, op and symbol', () => {
  for (const [line, expected] of Object.entries(markers)) {
    const m = parseMarker(line);
    assert.ok(m, line);
    const found = `${m.when} ${m.pass}|${m.argument ?? ''}|${m.options ?? ''}|${m.op ?? ''}|${m.symbol ?? ''}`;
    assert.equal(found, expected, line);
    assert.equal(m.omitted === true, line.includes('omitted'));
  }
});

test('what only speaks of a marker is none', () => {
  for (const line of ['the IR Dump After CSE', '// IR Dump After CSE', '*** IR Dump After CSE', ''])
    assert.equal(parseMarker(line), undefined, line);
});

test('a marker ends where the IR on its line begins', () => {
  const line = '// -----// IR Dump After CSE (cse) //----- // !s32i = !cir.int<s, 32>';
  assert.equal(line.slice(parseMarker(line)!.to), ' !s32i = !cir.int<s, 32>');
});

const firstOps: Readonly<Record<string, string>> = {
  'func.func @f(%arg0: i32) {': 'func.func f',
  'func @f()': 'func.func f',
  'util.func private @x(%arg0: i1)': 'util.func x',
  'hal.executable private @main$async_dispatch_0 {': 'hal.executable main$async_dispatch_0',
  'func.func private @"a b"(i32)': 'func.func a b',
  '#map = affine_map<(d0) -> (d0)>\n!t = i32\n\n  module @m attributes {x = @y} {': 'builtin.module m',
  'module attributes {a = @b} {': 'builtin.module ',
  'module {\n func.func @f() {': 'builtin.module ',
  '"builtin.module"() ({\n"func.func"() <{sym_name = "f"}> ({': 'builtin.module ',
  '"func.func"() <{function_type = () -> (), sym_name = "f"}> ({': 'func.func f',
  'a.mlir:1:2: warning: x\n tt.func public @k(%arg0: !tt.ptr<f32>) {': 'tt.func k',
  'define i32 @foo(i32 %x) {': 'define foo',
  '; Function Attrs: nounwind\ndefine dso_local void @"f g"() {': 'define f g',
  '# Machine code for function foo: NoPHIs': 'machine function foo',
};

test('the first op of a body says what the pass ran on', () => {
  for (const [text, expected] of Object.entries(firstOps)) {
    const found = firstOp(text);
    assert.equal(`${found?.op ?? '?'} ${found?.symbol ?? ''}`, expected, text);
  }
  assert.equal(firstOp('#map = affine_map<() -> ()>\n'), undefined);
});
