/**
 * Affine expressions, maps and sets: the index algebra of `affine_map<…>` attributes, used by indexing maps,
 * memref layouts and schedules. Expressions are immutable and simplified as they are built, so that equal
 * maps print the same text. Semantics and syntax: MLIR language reference, "Affine Dialect".
 */

export type AffineExpr =
  | { readonly kind: 'dim'; readonly index: number }
  | { readonly kind: 'symbol'; readonly index: number }
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: AffineBinaryKind; readonly lhs: AffineExpr; readonly rhs: AffineExpr };

export type AffineBinaryKind = 'add' | 'mul' | 'mod' | 'floordiv' | 'ceildiv';

export const affineDim = (index: number): AffineExpr => ({ kind: 'dim', index });
export const affineSymbol = (index: number): AffineExpr => ({ kind: 'symbol', index });
export const affineConstant = (value: number): AffineExpr => ({ kind: 'constant', value });

const isConstant = (e: AffineExpr): e is { kind: 'constant'; value: number } => e.kind === 'constant';
const isPure = (e: AffineExpr): boolean =>
  e.kind === 'dim'
    ? false
    : e.kind === 'symbol' || e.kind === 'constant'
      ? true
      : isPure(e.lhs) && isPure(e.rhs);

/** `a + b`; constants fold and move right. */
export function affineAdd(a: AffineExpr, b: AffineExpr): AffineExpr {
  if (isConstant(a) && isConstant(b)) return affineConstant(a.value + b.value);
  if (isConstant(a)) return affineAdd(b, a);
  if (isConstant(b)) {
    if (b.value === 0) return a;
    if (a.kind === 'add' && isConstant(a.rhs)) return affineAdd(a.lhs, affineConstant(a.rhs.value + b.value));
  }
  return { kind: 'add', lhs: a, rhs: b };
}

/** `a * b`; at least one side must be free of dims (affine). */
export function affineMul(a: AffineExpr, b: AffineExpr): AffineExpr {
  if (!isPure(a) && !isPure(b)) throw new RangeError('affine product of two expressions that both have dims');
  if (isConstant(a) && isConstant(b)) return affineConstant(a.value * b.value);
  if (isConstant(a) || (!isPure(b) && isPure(a))) return affineMul(b, a);
  if (isConstant(b)) {
    if (b.value === 1) return a;
    if (b.value === 0) return affineConstant(0);
    if (a.kind === 'mul' && isConstant(a.rhs)) return affineMul(a.lhs, affineConstant(a.rhs.value * b.value));
  }
  return { kind: 'mul', lhs: a, rhs: b };
}

const floorDivide = (a: number, b: number): number => Math.floor(a / b);
const modulo = (a: number, b: number): number => ((a % b) + b) % b;

function divisionLike(kind: 'mod' | 'floordiv' | 'ceildiv', a: AffineExpr, b: AffineExpr): AffineExpr {
  if (isConstant(b)) {
    if (b.value <= 0) throw new RangeError(`affine ${kind} by ${b.value}: the divisor must be positive`);
    if (isConstant(a)) {
      return affineConstant(
        kind === 'mod'
          ? modulo(a.value, b.value)
          : kind === 'floordiv'
            ? floorDivide(a.value, b.value)
            : -floorDivide(-a.value, b.value),
      );
    }
    if (b.value === 1) return kind === 'mod' ? affineConstant(0) : a;
  }
  return { kind, lhs: a, rhs: b };
}
export const affineMod = (a: AffineExpr, b: AffineExpr): AffineExpr => divisionLike('mod', a, b);
export const affineFloorDiv = (a: AffineExpr, b: AffineExpr): AffineExpr => divisionLike('floordiv', a, b);
export const affineCeilDiv = (a: AffineExpr, b: AffineExpr): AffineExpr => divisionLike('ceildiv', a, b);

/** Rebuilds `kind` with simplification. */
export function affineBinary(kind: AffineBinaryKind, lhs: AffineExpr, rhs: AffineExpr): AffineExpr {
  if (kind === 'add') return affineAdd(lhs, rhs);
  if (kind === 'mul') return affineMul(lhs, rhs);
  return divisionLike(kind, lhs, rhs);
}

/** Value of the expression for integer dims and symbols. */
export function evaluateAffine(
  e: AffineExpr,
  dims: readonly number[],
  symbols: readonly number[] = [],
): number {
  switch (e.kind) {
    case 'dim':
      return dims[e.index] ?? missing('dim', e.index);
    case 'symbol':
      return symbols[e.index] ?? missing('symbol', e.index);
    case 'constant':
      return e.value;
    case 'add':
      return evaluateAffine(e.lhs, dims, symbols) + evaluateAffine(e.rhs, dims, symbols);
    case 'mul':
      return evaluateAffine(e.lhs, dims, symbols) * evaluateAffine(e.rhs, dims, symbols);
    case 'mod':
      return modulo(evaluateAffine(e.lhs, dims, symbols), evaluateAffine(e.rhs, dims, symbols));
    case 'floordiv':
      return floorDivide(evaluateAffine(e.lhs, dims, symbols), evaluateAffine(e.rhs, dims, symbols));
    case 'ceildiv':
      return -floorDivide(-evaluateAffine(e.lhs, dims, symbols), evaluateAffine(e.rhs, dims, symbols));
  }
}

function missing(what: string, index: number): never {
  throw new RangeError(`affine ${what} ${index} has no value`);
}

/** Replaces dims and symbols; an absent replacement keeps the original. */
export function substituteAffine(
  e: AffineExpr,
  dims: readonly (AffineExpr | undefined)[],
  symbols: readonly (AffineExpr | undefined)[] = [],
): AffineExpr {
  switch (e.kind) {
    case 'dim':
      return dims[e.index] ?? e;
    case 'symbol':
      return symbols[e.index] ?? e;
    case 'constant':
      return e;
    default:
      return affineBinary(
        e.kind,
        substituteAffine(e.lhs, dims, symbols),
        substituteAffine(e.rhs, dims, symbols),
      );
  }
}

/** The dims that an expression reads, ascending. */
export function dimsOf(e: AffineExpr): readonly number[] {
  const found = new Set<number>();
  const visit = (x: AffineExpr): void => {
    if (x.kind === 'dim') found.add(x.index);
    else if (x.kind !== 'symbol' && x.kind !== 'constant') {
      visit(x.lhs);
      visit(x.rhs);
    }
  };
  visit(e);
  return [...found].sort((a, b) => a - b);
}

/**
 * The expression as `constant + Σ coefficient·dim`, or undefined when it has symbols, mod or division.
 * `coefficients[i]` belongs to dim i; length `numDims`.
 */
export function linearForm(
  e: AffineExpr,
  numDims: number,
): { readonly coefficients: readonly number[]; readonly constant: number } | undefined {
  const coefficients = new Array<number>(numDims).fill(0);
  let constant = 0;
  const visit = (x: AffineExpr, scale: number): boolean => {
    switch (x.kind) {
      case 'dim':
        coefficients[x.index] = (coefficients[x.index] ?? 0) + scale;
        return true;
      case 'constant':
        constant += scale * x.value;
        return true;
      case 'add':
        return visit(x.lhs, scale) && visit(x.rhs, scale);
      case 'mul':
        return isConstant(x.rhs) && visit(x.lhs, scale * x.rhs.value);
      default:
        return false;
    }
  };
  return visit(e, 1) ? { coefficients, constant } : undefined;
}

const operatorText: Record<AffineBinaryKind, string> = {
  add: '+',
  mul: '*',
  mod: 'mod',
  floordiv: 'floordiv',
  ceildiv: 'ceildiv',
};

/** Text as MLIR prints it: `d0 * 2 + d3 - 1`. */
export function affineText(e: AffineExpr): string {
  const term = (x: AffineExpr): string => (x.kind === 'add' ? `(${affineText(x)})` : affineText(x));
  switch (e.kind) {
    case 'dim':
      return `d${e.index}`;
    case 'symbol':
      return `s${e.index}`;
    case 'constant':
      return String(e.value);
    case 'add': {
      if (isConstant(e.rhs) && e.rhs.value < 0) return `${affineText(e.lhs)} - ${-e.rhs.value}`;
      if (e.rhs.kind === 'mul' && isConstant(e.rhs.rhs) && e.rhs.rhs.value < 0) {
        const { lhs, rhs } = e.rhs;
        return `${affineText(e.lhs)} - ${rhs.value === -1 ? term(lhs) : `${term(lhs)} * ${-rhs.value}`}`;
      }
      return `${affineText(e.lhs)} + ${e.rhs.kind === 'add' ? `(${affineText(e.rhs)})` : affineText(e.rhs)}`;
    }
    case 'mul':
      if (isConstant(e.rhs) && e.rhs.value === -1) return `-${wrap(e.lhs)}`;
      return `${wrap(e.lhs)} * ${wrap(e.rhs)}`;
    default:
      return `${wrap(e.lhs)} ${operatorText[e.kind]} ${wrap(e.rhs)}`;
  }
}
const wrap = (e: AffineExpr): string =>
  e.kind === 'dim' || e.kind === 'symbol' || e.kind === 'constant' ? affineText(e) : `(${affineText(e)})`;

/** `(d0, …)[s0, …] -> (results)`. Equal maps have equal `text`. */
export class AffineMap {
  readonly text: string;
  constructor(
    readonly numDims: number,
    readonly numSymbols: number,
    readonly results: readonly AffineExpr[],
  ) {
    this.text = `${spaceText(numDims, numSymbols)} -> (${results.map(affineText).join(', ')})`;
  }

  static identity(rank: number): AffineMap {
    return new AffineMap(
      rank,
      0,
      Array.from({ length: rank }, (_, i) => affineDim(i)),
    );
  }
  static permutation(order: readonly number[]): AffineMap {
    return new AffineMap(order.length, 0, order.map(affineDim));
  }
  /** `(d0 … d(numDims-1)) -> (d[dims[0]], …)`. */
  static projection(numDims: number, dims: readonly number[]): AffineMap {
    return new AffineMap(numDims, 0, dims.map(affineDim));
  }
  get isIdentity(): boolean {
    return (
      this.numDims === this.results.length && this.results.every((r, i) => r.kind === 'dim' && r.index === i)
    );
  }
  /** Each result is a distinct dim. */
  get isProjectedPermutation(): boolean {
    const seen = new Set(this.results.map((r) => (r.kind === 'dim' ? r.index : -1)));
    return !seen.has(-1) && seen.size === this.results.length;
  }
  get isPermutation(): boolean {
    return this.isProjectedPermutation && this.results.length === this.numDims;
  }
  evaluate(dims: readonly number[], symbols: readonly number[] = []): number[] {
    return this.results.map((r) => evaluateAffine(r, dims, symbols));
  }
  /** `this ∘ other`: first `other`, then this. */
  compose(other: AffineMap): AffineMap {
    return new AffineMap(
      other.numDims,
      other.numSymbols,
      this.results.map((r) => substituteAffine(r, other.results)),
    );
  }
}

/** A constraint of an integer set: `expr == 0` or `expr >= 0`. */
export interface AffineConstraint {
  readonly expr: AffineExpr;
  readonly equality: boolean;
}

export class IntegerSet {
  readonly text: string;
  constructor(
    readonly numDims: number,
    readonly numSymbols: number,
    readonly constraints: readonly AffineConstraint[],
  ) {
    const body = constraints.map((c) => `${affineText(c.expr)} ${c.equality ? '==' : '>='} 0`).join(', ');
    this.text = `${spaceText(numDims, numSymbols)} : (${body})`;
  }
}

const spaceText = (numDims: number, numSymbols: number): string => {
  const dims = Array.from({ length: numDims }, (_, i) => `d${i}`).join(', ');
  const symbols = Array.from({ length: numSymbols }, (_, i) => `s${i}`).join(', ');
  return `(${dims})${numSymbols > 0 ? `[${symbols}]` : ''}`;
};
