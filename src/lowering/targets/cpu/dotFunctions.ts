/**
 * Functions of the prelude that add the products of four neighbouring bytes to each lane of 32 bits: by `vpdpbusd`,
 * by `sdot`, by products of pairs of 16 bits, or lane by lane. All are exact.
 */
import type { VectorC } from './cTypes';
import type { Prelude } from './prelude';
import { inline } from './prelude';

/** `acc + Σ a·b` with the signs of the bytes as said; where they differ, a is the unsigned one. */
export function dotFunction(p: Prelude, v: VectorC, aSigned: boolean, bSigned: boolean): string {
  const T = v.lanes === 1 ? 'int32_t' : p.type(v);
  const mixed = mixedDot(p, v, T);
  if (!aSigned && bSigned) return mixed;
  const name = `dot_${aSigned ? 'ss' : 'uu'}_${v.lanes}`;
  const args = `${T} acc, ${T} a, ${T} b`;
  const word = (byte: string): string =>
    v.lanes === 1 ? `(int32_t)0x${byte.repeat(4)}` : `${p.splat(v)}((int32_t)0x${byte.repeat(4)})`;
  // a + 128 is unsigned and has the bits of a ^ 0x80; what is too much is 128 · Σ b. And the other way round.
  return p.fn(name, () =>
    aSigned
      ? inline(
          T,
          name,
          args,
          `return ${mixed}(acc, a ^ ${word('80')}, b) - ${mixed}((${T}){0}, ${word('80')}, b);`,
        )
      : inline(
          T,
          name,
          args,
          `return ${mixed}(acc, a, b ^ ${word('80')}) + 2 * ${mixed}((${T}){0}, a, ${word('40')});`,
        ),
  );
}

/** Unsigned bytes of `a` times signed bytes of `b`. */
function mixedDot(p: Prelude, v: VectorC, T: string): string {
  const name = `dot_us_${v.lanes}`;
  const lane = (a: string, b: string): string =>
    [0, 8, 16, 24]
      .map((s) => `(int32_t)(((uint32_t)${a} >> ${s}) & 255) * (int8_t)(${b} >> ${s})`)
      .join(' + ');
  const byLane =
    v.lanes === 1
      ? `return acc + ${lane('a', 'b')};`
      : `for (int i = 0; i < ${v.lanes}; ++i) acc[i] += ${lane('a[i]', 'b[i]')};\n  return acc;`;
  const branches = x86Dots[v.lanes] ?? [];
  const neon =
    v.lanes === 4
      ? [
          {
            guard: 'defined(__ARM_FEATURE_DOTPROD)',
            // a - 128 is signed and has the bits of a ^ 0x80; what is missing is 128 · Σ b.
            code: [
              `const ${T} s = a ^ (${T}){INT32_MIN | 0x808080, INT32_MIN | 0x808080, INT32_MIN | 0x808080, INT32_MIN | 0x808080};`,
              `const ${T} half = {0x40404040, 0x40404040, 0x40404040, 0x40404040};`,
              `${T} sum = {0, 0, 0, 0};`,
              '__asm__("sdot %0.4s, %1.16b, %2.16b" : "+w"(sum) : "w"(b), "w"(half));',
              '__asm__("sdot %0.4s, %1.16b, %2.16b" : "+w"(acc) : "w"(b), "w"(s));',
              'return acc + 2 * sum;',
            ].join('\n  '),
          },
        ]
      : [];
  return p.fn(name, () => {
    const text = [...branches.map((x) => ({ guard: x.guard, code: x.code(T) })), ...neon];
    const chain = text.map(({ guard, code }, i) => `#${i === 0 ? 'if' : 'elif'} ${guard}\n  ${code}\n`);
    const body = chain.length === 0 ? byLane : `${chain.join('')}#else\n  ${byLane}\n#endif`;
    return inline(T, name, `${T} acc, ${T} a, ${T} b`, body);
  });
}

interface Branch {
  readonly guard: string;
  readonly code: (T: string) => string;
}
/** `vpdpbusd`, told to the assembler since compilers name it differently. */
const vnni = (guard: string): Branch => ({
  guard,
  code: () => '__asm__("vpdpbusd %2, %1, %0" : "+v"(acc) : "v"(a), "v"(b));\n  return acc;',
});
/** Bytes spread to 16 bits, even and odd ones apart; neighbouring products are added by `pmaddwd`. */
const pairs = (guard: string, bytes: number, madd: (x: string, y: string) => string): Branch => ({
  guard,
  code: (T) =>
    [
      `typedef short h __attribute__((vector_size(${bytes})));`,
      `typedef unsigned short u __attribute__((vector_size(${bytes})));`,
      'const h ae = (h)((u)a & 255), ao = (h)((u)a >> 8);',
      'const h be = (h)((u)b << 8) >> 8, bo = (h)b >> 8;',
      `return acc + (${T})${madd('ae', 'be')} + (${T})${madd('ao', 'bo')};`,
    ].join('\n  '),
});

const x86Dots: Readonly<Record<number, readonly Branch[]>> = {
  4: [
    vnni('defined(__AVX512VNNI__) && defined(__AVX512VL__)'),
    pairs('defined(__SSE2__)', 16, (x, y) => `__builtin_ia32_pmaddwd128(${x}, ${y})`),
  ],
  8: [
    vnni('defined(__AVX512VNNI__) && defined(__AVX512VL__)'),
    pairs('defined(__AVX2__)', 32, (x, y) => `__builtin_ia32_pmaddwd256(${x}, ${y})`),
  ],
  16: [
    vnni('defined(__AVX512VNNI__)'),
    pairs(
      'defined(__AVX512BW__) && defined(__clang__)',
      64,
      (x, y) => `__builtin_ia32_pmaddwd512(${x}, ${y})`,
    ),
    pairs(
      'defined(__AVX512BW__)',
      64,
      (x, y) =>
        `__builtin_ia32_pmaddwd512_mask(${x}, ${y}, (${'int __attribute__((vector_size(64)))'}){}, -1)`,
    ),
  ],
};
