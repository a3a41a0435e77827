/**
 * The part of the generated C before the kernels: vector types and the small functions that kernels ask for, each
 * written once, in a fixed order.
 */
import type { ScalarC, VectorC } from './cTypes';
import { signedC, signedOf, vectorOf } from './cTypes';
import type { CombiningKind } from '../../../ir/dialects/vector';
import { vectorMath } from './vectorMath';

/** Lanes written out: `a, b, c`. */
const list = (n: number, item: (i: number) => string | number): string =>
  Array.from({ length: n }, (_, i) => item(i)).join(', ');

export class Prelude {
  readonly #types = new Map<string, string>();
  readonly #functions = new Map<string, string>();

  /** Declares the vector type and gives its name. */
  type(v: VectorC): string {
    if (!this.#types.has(v.name)) {
      const bytes = v.lanes * v.lane.bytes;
      // `_u` is how such a vector lies in memory: aligned as its element only.
      const c = v.lane.c === 'bool' ? 'int32_t' : v.lane.c;
      this.#types.set(
        v.name,
        `typedef ${c} ${v.name} __attribute__((vector_size(${bytes})));\n` +
          `typedef ${c} ${v.name}_u __attribute__((vector_size(${bytes}), aligned(${v.lane.bytes}), may_alias));`,
      );
    }
    return v.name;
  }
  /** The integer vector that compares of `v` give. */
  compareType(v: VectorC): VectorC {
    const mask = { ...vectorOf(signedC(v.lane), v.lanes), used: v.used };
    this.type(mask);
    return mask;
  }

  /** Adds a function and gives its name; `body` is asked for once. */
  fn(name: string, body: () => string): string {
    if (!this.#functions.has(name)) {
      // What the body asks for is added first, so it stands before.
      const text = body();
      this.#functions.set(name, text);
    }
    return name;
  }

  splat(v: VectorC): string {
    const T = this.type(v);
    // x - 0 is x for all floats, NaN and -0 included. Arithmetic on f16 may be wider than its vectors.
    const body =
      v.lane.tag === 'f16' ? `return (${T}){${list(v.lanes, () => 'x')}};` : `return x - (${T}){};`;
    return this.fn(`splat_${T}`, () => inline(T, `splat_${T}`, `${laneC(v)} x`, body));
  }
  /** The lanes of `a` where the mask (of the width of `v`) is set, of `b` elsewhere. */
  blend(v: VectorC): string {
    const T = this.type(v);
    const M = this.compareType(v).name;
    return this.fn(`blend_${T}`, () =>
      inline(T, `blend_${T}`, `${M} m, ${T} a, ${T} b`, `return (${T})((m & (${M})a) | (~m & (${M})b));`),
    );
  }
  /**
   * Integers converted to wider lanes. GCC would read the elements of a vector that comes from memory one by one, unless
   * it must not know where it comes from.
   */
  widen(from: VectorC, to: VectorC): string {
    const [F, T] = [this.type(from), this.type(to)];
    const name = `widen_${F}_${T}`;
    const bytes = from.lanes * from.lane.bytes;
    const feature =
      bytes <= 16 ? '__SSE2__' : bytes === 32 ? '__AVX__' : bytes === 64 ? '__AVX512F__' : undefined;
    const hidden =
      feature === undefined
        ? ''
        : `#if defined(${feature}) && !defined(__clang__)\n  __asm__("" : "+x"(x));\n#endif\n  `;
    // To floats there is one instruction from 32 bits only.
    const middle =
      to.lane.tag.startsWith('f') && from.lane.bytes < 4 ? vectorOf(signedOf(4), to.lanes) : undefined;
    const converted =
      middle === undefined
        ? `__builtin_convertvector(x, ${T})`
        : `__builtin_convertvector(__builtin_convertvector(x, ${this.type(middle)}), ${T})`;
    return this.fn(name, () => inline(T, name, `${F} x`, `${hidden}return ${converted};`));
  }
  /** `a > b ? a : b` or `a < b ? a : b` by lanes: b where one is NaN. One instruction where the machine has it. */
  pick(v: VectorC, what: 'max' | 'min'): string {
    const T = this.type(v);
    const name = `pick_${what}_${T}`;
    return this.fn(name, () => {
      const operator = what === 'max' ? '>' : '<';
      const loop = `${T} r;\n  for (int i = 0; i < ${v.lanes}; ++i) r[i] = a[i] ${operator} b[i] ? a[i] : b[i];\n  return r;`;
      const x86 = x86Vector(v);
      if (x86 === undefined) return inline(T, name, `${T} a, ${T} b`, loop);
      const branches = x86(what).map(
        ({ guard, call }, i) => `#${i === 0 ? 'if' : 'elif'} ${guard}\n  return ${call};\n`,
      );
      return inline(T, name, `${T} a, ${T} b`, `${branches.join('')}#else\n  ${loop}\n#endif`);
    });
  }

  /** arith.maximumf and minimumf: NaN where either is NaN. */
  maximum(v: VectorC | ScalarC, what: 'max' | 'min'): string {
    return this.#extreme(v, what, `${what}imum`, 'a');
  }
  /** arith.maxnumf and minnumf: the other one where one is NaN. */
  number(v: VectorC | ScalarC, what: 'max' | 'min'): string {
    return this.#extreme(v, what, `${what}num`, 'b');
  }
  /** The greater or smaller of a and b, and a where `tested` is NaN. */
  #extreme(v: VectorC | ScalarC, what: 'max' | 'min', prefix: string, tested: 'a' | 'b'): string {
    const isNaN = `${tested} != ${tested}`;
    if (!('lanes' in v)) {
      const name = `${prefix}_${v.tag}`;
      const operator = what === 'max' ? '>' : '<';
      return this.fn(name, () =>
        inline(v.c, name, `${v.c} a, ${v.c} b`, `return ${isNaN} || a ${operator} b ? a : b;`),
      );
    }
    const T = this.type(v);
    const name = `${prefix}_${T}`;
    const pick = this.pick(v, what);
    const blend = this.blend(v);
    return this.fn(name, () =>
      inline(T, name, `${T} a, ${T} b`, `return ${blend}(${isNaN}, a, ${pick}(a, b));`),
    );
  }

  /** `call(a[i], b[i], …)` for each lane. */
  byLane(
    label: string,
    v: VectorC,
    operands: readonly VectorC[],
    call: (...lanes: readonly string[]) => string,
  ): string {
    const T = this.type(v);
    const name = `${label}_${[...new Set([T, ...operands.map((o) => this.type(o))])].join('_')}`;
    const args = operands.map((o, i) => `${o.name} ${'abc'[i]!}`).join(', ');
    return this.fn(name, () =>
      inline(
        T,
        name,
        args,
        `${T} r;\n  for (int i = 0; i < ${v.lanes}; ++i) r[i] = ${call(...operands.map((_, i) => `${'abc'[i]!}[i]`))};\n  return r;`,
      ),
    );
  }

  /** Joins the used lanes: as a tree, or in order. */
  reduce(v: VectorC, kind: CombiningKind, ordered: boolean): string {
    const T = this.type(v);
    const c = laneC(v);
    const name = `reduce_${kind}${ordered ? '_ordered' : ''}_${v.used === v.lanes ? '' : `${v.used}of`}${T}`;
    const scalarJoin = (a: string, b: string): string => this.joinScalar(v.lane, kind, a, b);
    return this.fn(name, () => {
      if (ordered || v.used !== v.lanes) {
        return inline(
          c,
          name,
          `${T} v`,
          `${c} r = v[0];\n  for (int i = 1; i < ${v.used}; ++i) r = ${scalarJoin('r', 'v[i]')};\n  return r;`,
        );
      }
      const lines: string[] = [];
      let lanes = v.lanes;
      let current = 'v';
      while (lanes > 1) {
        const half = vectorOf(v.lane, lanes / 2);
        const H = this.type(half);
        const split = (from: number): string =>
          `__builtin_shufflevector(${current}, ${current}, ${list(half.lanes, (i) => from + i)})`;
        if (half.lanes === 1) {
          lines.push(`return ${scalarJoin(`${current}[0]`, `${current}[1]`)};`);
        } else {
          const next = `h${half.lanes}`;
          lines.push(
            `const ${H} ${next}a = ${split(0)};`,
            `const ${H} ${next}b = ${split(half.lanes)};`,
            `const ${H} ${next} = ${this.joinVector(half, kind, `${next}a`, `${next}b`)};`,
          );
          current = next;
        }
        lanes = half.lanes;
      }
      if (v.lanes === 1) lines.push('return v[0];');
      return inline(c, name, `${T} v`, lines.join('\n  '));
    });
  }
  joinScalar(s: ScalarC, kind: CombiningKind, a: string, b: string): string {
    const u = `uint${8 * s.bytes}_t`;
    const float = s.tag.startsWith('f');
    switch (kind) {
      case 'add':
        return float ? `${a} + ${b}` : `(${s.c})((${u})${a} + (${u})${b})`;
      case 'mul':
        return float
          ? `${a} * ${b}`
          : `(${s.c})((${s.bytes < 4 ? 'uint32_t' : u})${a} * (${s.bytes < 4 ? 'uint32_t' : u})${b})`;
      case 'and':
        return `${a} & ${b}`;
      case 'or':
        return `${a} | ${b}`;
      case 'xor':
        return `${a} ^ ${b}`;
      case 'minsi':
        return `(${a} < ${b} ? ${a} : ${b})`;
      case 'maxsi':
        return `(${a} > ${b} ? ${a} : ${b})`;
      case 'minui':
        return `((${u})${a} < (${u})${b} ? ${a} : ${b})`;
      case 'maxui':
        return `((${u})${a} > (${u})${b} ? ${a} : ${b})`;
      case 'maximumf':
        return `${this.maximum(s, 'max')}(${a}, ${b})`;
      case 'minimumf':
        return `${this.maximum(s, 'min')}(${a}, ${b})`;
      case 'maxnumf':
        return `${this.number(s, 'max')}(${a}, ${b})`;
      case 'minnumf':
        return `${this.number(s, 'min')}(${a}, ${b})`;
    }
  }
  joinVector(v: VectorC, kind: CombiningKind, a: string, b: string): string {
    const float = v.lane.tag.startsWith('f');
    const U = (): string =>
      this.type(
        vectorOf(
          { c: `uint${8 * v.lane.bytes}_t`, tag: `u${8 * v.lane.bytes}`, bytes: v.lane.bytes },
          v.lanes,
        ),
      );
    switch (kind) {
      case 'add':
        return float ? `${a} + ${b}` : `(${v.name})((${U()})${a} + (${U()})${b})`;
      case 'mul':
        return float ? `${a} * ${b}` : `(${v.name})((${U()})${a} * (${U()})${b})`;
      case 'and':
        return `${a} & ${b}`;
      case 'or':
        return `${a} | ${b}`;
      case 'xor':
        return `${a} ^ ${b}`;
      case 'minsi':
        return `${this.blend(v)}(${a} < ${b}, ${a}, ${b})`;
      case 'maxsi':
        return `${this.blend(v)}(${a} > ${b}, ${a}, ${b})`;
      case 'minui':
        return `${this.blend(v)}((${U()})${a} < (${U()})${b}, ${a}, ${b})`;
      case 'maxui':
        return `${this.blend(v)}((${U()})${a} > (${U()})${b}, ${a}, ${b})`;
      case 'maximumf':
        return `${this.maximum(v, 'max')}(${a}, ${b})`;
      case 'minimumf':
        return `${this.maximum(v, 'min')}(${a}, ${b})`;
      case 'maxnumf':
        return `${this.number(v, 'max')}(${a}, ${b})`;
      case 'minnumf':
        return `${this.number(v, 'min')}(${a}, ${b})`;
    }
  }

  /** Rounded towards minus infinity, and the remainder that goes with it; divisors are positive. */
  floorDivide(): string {
    return this.fn('floor_divide', () =>
      inline(
        'int64_t',
        'floor_divide',
        'int64_t a, int64_t b',
        'const int64_t q = a / b;\n  return a % b < 0 ? q - 1 : q;',
      ),
    );
  }
  modulo(): string {
    return this.fn('modulo', () =>
      inline(
        'int64_t',
        'modulo',
        'int64_t a, int64_t b',
        'const int64_t r = a % b;\n  return r < 0 ? r + b : r;',
      ),
    );
  }
  ceilDivide(): string {
    return this.fn('ceil_divide', () =>
      inline(
        'int64_t',
        'ceil_divide',
        'int64_t a, int64_t b',
        'const int64_t q = a / b;\n  return a % b > 0 ? q + 1 : q;',
      ),
    );
  }
  /** A vector function of this file's own, when there is one for the type. */
  vectorFunction(name: string, v: VectorC): string | undefined {
    const make = v.lane.tag === 'f32' ? vectorMath[name] : undefined;
    return make === undefined ? undefined : make(this, v);
  }

  /** Adds what `other` has; the order is as if its code had asked here. */
  merge(other: Prelude): void {
    for (const [name, text] of other.#types) if (!this.#types.has(name)) this.#types.set(name, text);
    for (const [name, text] of other.#functions)
      if (!this.#functions.has(name)) this.#functions.set(name, text);
  }

  text(): string {
    const types = [...this.#types].sort(([a], [b]) => compareNames(a, b)).map(([, text]) => text);
    return [types.join('\n'), [...this.#functions.values()].join('\n\n')]
      .filter((s) => s !== '')
      .join('\n\n');
  }
}

/** By lane count, then by name. */
function compareNames(a: string, b: string): number {
  const lanes = (s: string): number => Number(/^v(\d+)/.exec(s)?.[1] ?? 0);
  return lanes(a) - lanes(b) || (a < b ? -1 : a > b ? 1 : 0);
}

export const laneC = (v: VectorC): string => (v.lane.c === 'bool' ? 'int32_t' : v.lane.c);
export const inline = (result: string, name: string, args: string, body: string): string =>
  `static inline ${result} ${name}(${args})\n{\n  ${body}\n}`;

/**
 * Maximum and minimum of x86 on a vector of f32 or f64 of one register, by conditions. The functions that are built into
 * GCC and clang, since the header that wraps them takes longer to read than most kernels take to compile.
 */
function x86Vector(
  v: VectorC,
): ((what: 'max' | 'min') => readonly { readonly guard: string; readonly call: string }[]) | undefined {
  const suffix = v.lane.tag === 'f32' ? 'ps' : v.lane.tag === 'f64' ? 'pd' : undefined;
  if (suffix === undefined) return undefined;
  switch (v.lanes * v.lane.bytes) {
    case 16:
      return (what) => [{ guard: 'defined(__SSE2__)', call: `__builtin_ia32_${what}${suffix}(a, b)` }];
    case 32:
      return (what) => [{ guard: 'defined(__AVX__)', call: `__builtin_ia32_${what}${suffix}256(a, b)` }];
    case 64:
      // The last argument is the current direction of rounding.
      return (what) => [
        {
          guard: 'defined(__AVX512F__) && defined(__clang__)',
          call: `__builtin_ia32_${what}${suffix}512(a, b, 4)`,
        },
        {
          guard: 'defined(__AVX512F__)',
          call: `__builtin_ia32_${what}${suffix}512_mask(a, b, a, -1, 4)`,
        },
      ];
    default:
      return undefined;
  }
}
