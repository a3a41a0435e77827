/** Pairs of IR with the links that a person sees in them; `kept` ops are left out. */

export interface Case {
  readonly name: string;
  readonly before: string;
  readonly after: string;
  /** `kind before → after (parts) [evidence]`. */
  readonly links: readonly string[];
}

const fn = (body: string, name = 'f'): string =>
  `func.func @${name}(%x: f32, %y: f32) -> f32 {\n${body}\n}\n`;

export const cases: readonly Case[] = [
  {
    name: 'names of values, aliases and locations are no change',
    before: `#map = affine_map<(d0) -> (d0)>\n#loc1 = loc("a.py":1:1)\n${fn('%0 = a.f %x {m = #map} : f32 loc(#loc1)\nreturn %0 : f32')}`,
    after: `#map3 = affine_map<(d0) -> (d0)>\n#loc7 = loc("a.py":1:1)\n${fn('%sum = a.f %x {m = #map3} : f32 loc(#loc7)\nreturn %sum : f32')}`,
    links: [],
  },
  {
    name: 'an attribute, a type, swapped operands',
    before: fn('%0 = a.f %x {k = 1} : f32\n%1 = a.g %0, %y : f32\n%2 = a.h %1 : f32\nreturn %2 : f32'),
    after: fn('%0 = a.f %x {k = 2} : f32\n%1 = a.g %y, %0 : f32\n%2 = a.h %1 : f16\nreturn %2 : f32'),
    links: [
      'changed %0 = a.f → %0 = a.f (attributes) [structure, name]',
      'changed %1 = a.g → %1 = a.g (operands) [structure, name]',
      'changed %2 = a.h → %2 = a.h (types) [structure, name]',
    ],
  },
  {
    name: 'a chain fused into an op that reads what it read',
    before: fn('%0 = a.mul %x, %x : f32\n%1 = a.add %0, %y : f32\nreturn %1 : f32'),
    after: fn('%0 = a.fma %x, %x, %y : f32\nreturn %0 : f32'),
    links: ['fused %0 = a.mul + %1 = a.add → %0 = a.fma () [structure]'],
  },
  {
    name: 'fused by location, where the op that stays only says more',
    before: fn('%0 = a.conv %x : f32 loc("c":1:1)\n%1 = a.relu %0 : f32 loc("r":2:1)\nreturn %1 : f32'),
    after: fn('%0 = a.conv %x {relu} : f32 loc(fused["c":1:1, "r":2:1])\nreturn %0 : f32'),
    links: ['fused %0 = a.conv + %1 = a.relu → %0 = a.conv () [location, structure]'],
  },
  {
    name: 'a common expression merged',
    before: fn('%0 = a.f %x : f32\n%1 = a.f %x : f32\n%2 = a.add %0, %1 : f32\nreturn %2 : f32'),
    after: fn('%0 = a.f %x : f32\n%1 = a.add %0, %0 : f32\nreturn %1 : f32'),
    links: ['fused %0 = a.f + %1 = a.f → %0 = a.f () [structure]'],
  },
  {
    name: 'folded away: its uses read its operand',
    before: fn('%0 = a.f %x : f32\n%1 = a.cast %0 : f32\nreturn %1 : f32'),
    after: fn('%0 = a.f %x : f32\nreturn %0 : f32'),
    links: ['gone %1 = a.cast →  () []', 'changed func.return → func.return (operands) [name]'],
  },
  {
    name: 'split in two, and one replaced by another',
    before: fn('%0 = a.softmax %x, %y : f32\n%1 = a.exp %0 : f32\nreturn %1 : f32'),
    after: fn('%0 = a.max %x : f32\n%1 = a.div %0, %y : f32\n%2 = m.exp %1 : f32\nreturn %2 : f32'),
    links: [
      'split %0 = a.softmax → %0 = a.max + %1 = a.div () [structure]',
      'replaced %1 = a.exp → %2 = m.exp () [structure]',
    ],
  },
  {
    name: 'constants folded',
    before: fn(
      '%c1 = arith.constant 1.0 : f32\n%c2 = arith.constant 2.0 : f32\n%0 = arith.addf %c1, %c2 : f32\n%1 = a.f %0 : f32\nreturn %1 : f32',
    ),
    after: fn('%c3 = arith.constant 3.0 : f32\n%0 = a.f %c3 : f32\nreturn %0 : f32'),
    links: [
      'fused %0 = arith.addf + %c1 = arith.constant + %c2 = arith.constant → %c3 = arith.constant () [structure]',
    ],
  },
  {
    name: 'a renamed function and the calls of it',
    before: `${fn('%0 = a.f %x : f32\nreturn %0 : f32', 'g')}${fn('%0 = call @g(%x, %y) : (f32, f32) -> f32\nreturn %0 : f32')}`,
    after: `${fn('%0 = a.f %x : f32\nreturn %0 : f32', 'g_0')}${fn('%0 = call @g_0(%x, %y) : (f32, f32) -> f32\nreturn %0 : f32')}`,
    links: ['renamed func.func @g → func.func @g_0 (symbol) [identical]'],
  },
  {
    name: 'hoisted out of a loop',
    before: fn('scf.for %i = %a to %b step %c {\n%0 = a.f %x : f32\na.use %0, %i : f32\n}\nreturn %x : f32'),
    after: fn('%0 = a.f %x : f32\nscf.for %i = %a to %b step %c {\na.use %0, %i : f32\n}\nreturn %x : f32'),
    links: ['moved %0 = a.f → %0 = a.f (place) [identical, structure, name]'],
  },
  {
    name: 'a loop replaced by another with the same body',
    before: fn('scf.for %i = %a to %b step %c {\n%0 = a.f %i : f32\na.use %0 : f32\n}\nreturn %x : f32'),
    after: fn(
      'scf.parallel (%i) = (%a) to (%b) step (%c) {\n%0 = a.f %i : f32\na.use %0 : f32\n}\nreturn %x : f32',
    ),
    links: ['replaced scf.for → scf.parallel (attributes) [structure]'],
  },
  {
    name: 'a block in front of others',
    before: fn('cf.br ^bb1\n^bb1:\n%0 = a.f %x : f32\ncf.br ^bb2\n^bb2:\n%1 = a.g %0 : f32\nreturn %1 : f32'),
    after: fn(
      'a.check %y : f32\ncf.br ^bb1\n^bb1:\na.mark\ncf.br ^bb2\n^bb2:\n%0 = a.f %x : f32\ncf.br ^bb3\n^bb3:\n%1 = a.g %0 : f32\nreturn %1 : f32',
    ),
    links: ['new  → a.check () []', 'new  → a.mark () []', 'new  → cf.br () []'],
  },
  {
    name: 'nothing in common',
    before: fn('a.one %x : f32\nreturn %x : f32'),
    after: 'module {\n  b.other\n}\n',
    links: [
      'gone func.func @f →  () []',
      'gone a.one →  () []',
      'gone func.return →  () []',
      'new  → builtin.module () []',
      'new  → b.other () []',
    ],
  },
];
