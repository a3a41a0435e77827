import assert from 'node:assert/strict';
import { test } from 'node:test';
import { completionsAt } from '../../src/language/completion';
import { formatIr } from '../../src/language/formatting';
import { hoverAt, hoverMarkdown, timeText } from '../../src/language/hover';
import { typeHints } from '../../src/language/inlayHints';
import { IrSource } from '../../src/language/irSource';
import { KnownIr } from '../../src/language/knownIr';
import { nameAt, referencesOf, renameTo, selectionRanges } from '../../src/language/navigation';
import { semanticTokens } from '../../src/language/semanticTokens';

/** A text with `|` where the cursor is. */
function at(marked: string): { source: IrSource; known: KnownIr; offset: number } {
  const offset = marked.indexOf('|');
  const source = new IrSource(offset < 0 ? marked : marked.slice(0, offset) + marked.slice(offset + 1));
  return { source, known: new KnownIr(source).finish(), offset };
}
/** The text with its references in `[ ]`. */
function marked(
  source: IrSource,
  ranges: readonly { readonly start: number; readonly end: number }[],
): string {
  let out = '';
  let end = 0;
  for (const r of ranges) {
    out += `${source.text.slice(end, r.start)}[${source.text.slice(r.start, r.end)}]`;
    end = r.end;
  }
  return out + source.text.slice(end);
}
function references(text: string): string {
  const { source, offset } = at(text);
  const found = nameAt(source, offset);
  return found === undefined ? 'none' : marked(source, referencesOf(found.binding));
}
function applied(text: string, edits: readonly { start: number; end: number; newText: string }[]): string {
  let out = '';
  let end = 0;
  for (const e of edits) {
    out += text.slice(end, e.start) + e.newText;
    end = e.end;
  }
  return out + text.slice(end);
}
function rename(text: string, name: string): string {
  const { source, offset } = at(text);
  const edits = renameTo(source, nameAt(source, offset)!.binding, name);
  return typeof edits === 'string' ? edits : applied(source.text, edits);
}

test('references follow regions, results with numbers, blocks, symbols in symbols and aliases', () => {
  const cases: readonly (readonly [string, string])[] = [
    // The same name in two functions is two values.
    [
      'func.func @a(%x: i32) {\n  t.a %|x : i32\n  return\n}\nfunc.func @b(%x: i32) {\n  return\n}\n',
      'func.func @a([%x]: i32) {\n  t.a [%x] : i32\n  return\n}\nfunc.func @b(%x: i32) {\n  return\n}\n',
    ],
    ['%0|:2 = t.a\nt.b %0#1, %0#0\n', '[%0]:2 = t.a\nt.b [%0#1], [%0#0]\n'],
    // In a graph region and before a block, a use may come before the definition.
    [
      'func.func @a() {\n  cf.br ^|bb1\n^bb1:\n  return\n}\n',
      'func.func @a() {\n  cf.br [^bb1]\n[^bb1]:\n  return\n}\n',
    ],
    [
      'module @m {\n  func.func @f() {\n    call @f() : () -> ()\n    t.x @m::@|f\n    return\n  }\n}\n',
      'module @m {\n  func.func [@f]() {\n    call [@f]() : () -> ()\n    t.x @m::[@f]\n    return\n  }\n}\n',
    ],
    [
      '"func.func"() <{sym_name = "f"}> ({\n}) : () -> ()\n"t.call"() {callee = @|f} : () -> ()\n',
      '"func.func"() <{sym_name = ["f"]}> ({\n}) : () -> ()\n"t.call"() {callee = [@f]} : () -> ()\n',
    ],
    [
      '#|m = affine_map<(d0) -> (d0)>\nt.a {x = #m}\nt.b {x = #m.n}\n',
      '[#m] = affine_map<(d0) -> (d0)>\nt.a {x = [#m]}\nt.b {x = #m.n}\n',
    ],
    // Files in one text do not see one another.
    [
      '#m = 1 : i32\nt.a {x = #|m}\n// -----\n#m = 2 : i32\nt.a {x = #m}\n',
      '[#m] = 1 : i32\nt.a {x = [#m]}\n// -----\n#m = 2 : i32\nt.a {x = #m}\n',
    ],
    [
      '%r = t.while(%|i = %a) cond {\n  t.c %i\n} do {\n  t.d %i\n}\n',
      '%r = t.while([%i] = %a) cond {\n  t.c [%i]\n} do {\n  t.d [%i]\n}\n',
    ],
  ];
  for (const [text, wanted] of cases) assert.equal(references(text), wanted);
  assert.equal(references('t.a "%|x"\n'), 'none');
});

test('renaming changes every use and refuses names that are taken or wrong', () => {
  assert.equal(rename('%0|:2 = t.a\nt.b %0#1\n', 'pair'), '%pair:2 = t.a\nt.b %pair#1\n');
  assert.equal(
    rename('func.func @f() {\n  return\n}\nt.a @|f\n', 'my kernel'),
    'func.func @"my kernel"() {\n  return\n}\nt.a @"my kernel"\n',
  );
  assert.equal(
    rename('"func.func"() <{sym_name = "f"}> ({\n}) : () -> ()\nt.a @|f\n', '@g'),
    '"func.func"() <{sym_name = "g"}> ({\n}) : () -> ()\nt.a @g\n',
  );
  assert.match(rename('%|a = t.a\n%b = t.b %a\n', 'b'), /taken/);
  assert.match(rename('%|a = t.a\n', 'a b'), /named/);
  assert.match(rename('#|a = 1 : i32\n', '!a'), /begins with #/);
  // A rename that was done is found again under its new name.
  const twice = rename('%|a = t.a\nt.b %a\n', 'x').replace('%x', '%|x');
  assert.equal(rename(twice, 'a'), '%a = t.a\nt.b %a\n');
});

const sample = `#map = affine_map<(d0) -> (d0)>
#loc1 = loc("a":1:2)
module {
  func.func @f(%a: tensor<4xf32>, %i: index) -> tensor<4xf32> {
    %0 = arith.addf %a, %a : tensor<4xf32> loc(#loc1)
    %c = arith.cmpi eq, %i, %i : index
    %1 = scf.for %k = %i to %i step %i iter_args(%x = %0) -> (tensor<4xf32>) {
      scf.yield %x : tensor<4xf32>
    }
    return %1 : tensor<4xf32>
  }
  func.func @g(%a: f32) -> f32 {
    %0 = foo.bar %a {m = #map} : f32 -> f32
    return %0 : f32
  }
}
`;
function hover(word: string, within = 1): string {
  const source = new IrSource(sample);
  const found = hoverAt(source, new KnownIr(source).finish(), sample.indexOf(word) + within);
  return found === undefined ? 'none' : hoverMarkdown(found);
}

test('hovers say what an op, value, symbol or alias is', () => {
  assert.match(hover('arith.addf'), /arith\.addf.*sum.*%|lhs: tensor<4xf32>/s);
  assert.match(hover('arith.addf'), /Cost/);
  assert.match(hover('arith.addf'), /1 use in `scf.for`.*at `"a":1:2`/);
  assert.match(hover('foo.bar'), /does not know.*%a: f32.*→ %0: f32/s);
  assert.match(hover('%x : tensor'), /argument of `scf\.for`, 1 use.*%x: tensor<4xf32>/s);
  assert.match(hover('#map}'), /alias, 1 use in `foo\.bar`.*affine_map/s);
  assert.match(hover('@g'), /func\.func.*`@g`: not used/s);
  assert.equal(hover('\n  func.func @g', 1), 'none');
});

test('types that a line does not say are hints', () => {
  const source = new IrSource(sample);
  const known = new KnownIr(source).finish();
  const hints = typeHints(source, known, { start: 0, end: sample.length });
  assert.deepEqual(
    hints.map((h) => `${/[%\w]+$/.exec(sample.slice(0, h.offset))![0]}${h.label}`),
    ['%c: i1', '%k: index', '%x: tensor<4xf32>'],
  );
});

test('the verifier speaks of ops that it knows, and unknown dialects are no error', () => {
  const problems = (text: string): string[] =>
    at(text).known.problems.map((p) => `${p.code} ${text.slice(p.start, p.end)}: ${p.text}`);
  assert.deepEqual(problems(sample), []);
  assert.deepEqual(
    problems('func.func @f(%a: f32) -> i32 {\n  %0 = foo.bar %a\n  return %zz : i32\n}\n'),
    [],
  );
  assert.deepEqual(problems('func.func @f(%t: !foo.bar) {\n  return\n}\n'), []);
  const wrong = problems(
    'func.func @f(%a: f32) -> f32 {\n  %0 = arith.addi %a, %a : f32\n  return %0 : f32\n}\n',
  );
  assert.equal(wrong.length, 3);
  assert.match(wrong[0]!, /^STR0110 arith\.addi: arith\.addi operand 'lhs' must be/);
  assert.match(
    problems('func.func @f() -> f32 {\n  return %zz : f32\n}\n').join(),
    /STR0103 %zz: Strata cannot read this: .*not defined/,
  );
  // What Strata has no values for, and regions of ops that it does not know, are no errors.
  assert.deepEqual(
    problems('func.func @f() {\n  %0 = arith.constant dense<1> : tensor<2xi48>\n  return\n}\n'),
    [],
  );
  assert.deepEqual(
    problems('"t.graph"() ({\n  %0 = arith.addi %1, %1 : i32\n  %1 = "t.a"() : () -> i32\n}) : () -> ()\n'),
    [],
  );
  // The other function is still looked at.
  const both = at(
    'func.func @f() {\n  foo.bar\n  return\n}\nfunc.func @g(%a: f32) {\n  %0 = arith.addi %a, %a : f32\n  return\n}\n',
  );
  assert.equal(both.known.unknownParts, 1);
  assert.ok(both.known.problems.length > 0);
});

test('an edit parses one function again, and the others keep what was known', () => {
  const source = new IrSource(sample);
  const known = new KnownIr(source).finish();
  const edited = new IrSource(sample.replace('foo.bar', 'foo.baz'));
  const again = new KnownIr(edited, known).finish();
  const start = sample.indexOf('%0 = arith.addf');
  assert.ok(known.opAt(start) !== undefined);
  assert.equal(again.opAt(start), known.opAt(start));
});

test('formatting changes blanks only, and text that is formatted not at all', () => {
  const ragged = `func.func @f(%a: f32) -> f32 {
      // a comment
  %0=arith.addf %a,%a   : f32
        foo.bar   %0 ,
          %0 {
      foo.end
   }
     return %0:f32   
    }
func.func @g(%a: f32) -> f32 {
     %0=arith.addf %a,%a   : f32 // stays
  ^bb1:
     return   %0:f32
}
`;
  const format = (text: string): string => {
    const { source, known } = at(text);
    return applied(text, formatIr(source, known));
  };
  const formatted = format(ragged);
  assert.equal(
    formatted,
    `func.func @f(%a: f32) -> f32 {
  // a comment
  %0=arith.addf %a,%a   : f32
  foo.bar   %0 ,
    %0 {
    foo.end
  }
  return %0:f32
}
func.func @g(%a: f32) -> f32 {
  %0 = arith.addf %a, %a : f32 // stays
^bb1:
  return %0 : f32
}
`,
  );
  assert.equal(format(formatted), formatted);
  assert.equal(format(sample), sample);
  assert.equal(formatted.replace(/\s/g, ''), ragged.replace(/\s/g, ''));
});

test('completion offers ops, values in scope with their types, symbols, aliases and attributes', () => {
  const labels = (text: string): string[] => {
    const { source, known, offset } = at(text);
    return completionsAt(source, known, offset).map((c) =>
      c.detail === undefined ? c.label : `${c.label} ${c.detail}`,
    );
  };
  assert.ok(labels('func.func @f() {\n  ari|\n}\n').some((l) => l.startsWith('arith.addf ')));
  assert.ok(labels('func.func @f() {\n  foo.bar\n  fo|\n}\n').some((l) => l.startsWith('foo.bar')));
  assert.deepEqual(
    labels(
      'func.func @f(%a: f32) {\n  %b = t.a : i8\n  t.c %|\n  %later = t.d : i8\n}\nfunc.func @g(%z: f32) {\n}\n',
    ).slice(0, 2),
    ['%b i8', '%a f32'],
  );
  assert.deepEqual(labels('func.func @f() {\n  return\n}\nt.a @|\n'), ['@f func.func']);
  assert.deepEqual(labels('#a = 1 : i8\n!b = i8\nt.a #|\n'), ['#a 1 : i8']);
  assert.deepEqual(labels('// foo.|\n'), []);
});

test('selection grows from the name to the op, its block, the op around and the file', () => {
  const { source, offset } = at('func.func @f() {\n  %0 = foo.b|ar : i8\n  return\n}\n');
  const ranges = selectionRanges(source, offset).map((r) => source.text.slice(r.start, r.end));
  assert.equal(ranges[0], 'foo.bar');
  assert.equal(ranges[1], 'foo.bar : i8');
  assert.equal(ranges[2], '%0 = foo.bar : i8');
  assert.equal(ranges.at(-1), source.text);
  for (let i = 1; i < ranges.length; i++) assert.ok(ranges[i]!.includes(ranges[i - 1]!));
});

test('semantic tokens are in order, do not overlap, and tell arguments from values', () => {
  const source = new IrSource(sample);
  const tokens = semanticTokens(source);
  for (let i = 1; i < tokens.length; i++) assert.ok(tokens[i]!.start >= tokens[i - 1]!.end);
  const of = (text: string): string | undefined => tokens.find((t) => t.start === sample.indexOf(text))?.type;
  assert.equal(of('%a: tensor'), 'parameter');
  assert.equal(of('%0 = arith'), 'variable');
  assert.equal(of('@f'), 'function');
  assert.equal(of('arith.addf'), 'method');
});

test('the time of a dispatch comes with its rates, what binds it, how much of that it reaches, and what was predicted', () => {
  const peak = { flopsPerSecond: 100e9, bytesPerSecond: 10e9 };
  const work = { flops: 4e6, bytes: 1e6, medianNs: 200_000, runs: 20, share: 0.125 };
  assert.equal(
    timeText({ ...work, predictedNs: 150_000, peak }),
    '200 µs (median of 20), 12.5 % of the run, 20.0 GFLOP/s, 5.00 GB/s, 50 % of what memory allows, predicted 150 µs on one thread',
  );
  assert.match(timeText({ ...work, bytes: 1e5, peak })!, /20 % of what arithmetic allows$/);
  assert.match(timeText({ ...work, flops: 0, peak })!, /the run, 5\.00 GB\/s, 50 % of what memory allows$/);
  assert.match(timeText(work)!, /5\.00 GB\/s$/);
  assert.equal(timeText({ flops: 1, bytes: 1 }), undefined);
});
