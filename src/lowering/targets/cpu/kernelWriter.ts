/** Writes the C of one kernel: names of values, statements with indentation, buffers as pointers with strides. */
import type { AffineExpr, Attribute, Block, DenseElementsAttr, Operation, Value, types } from '../../../ir';
import { decodeElements, modelNodesOf, types as t } from '../../../ir';
import type { ScalarC, VectorC } from './cTypes';
import { literalC, NoCType, scalarC, storedC, vectorC } from './cTypes';
import { cpuMessages } from './messages';
import type { Prelude } from './prelude';

type Type = types.Type;

/** A size, stride or offset: a number, or the name of a C variable. */
export type CSize = number | string;

/** A buffer in C: element (i, j, …) is `pointer[i * strides[0] + j * strides[1] + …]`. */
export interface CBuffer {
  /** An expression of pointer type to `element`. */
  readonly pointer: string;
  readonly element: ScalarC;
  readonly strides: readonly CSize[];
  readonly shape: readonly CSize[];
  /** Whether the pointer is to const. */
  readonly readOnly: boolean;
}

export type Emitter = (op: Operation, w: KernelWriter) => void;

/** Bytes of local arrays above which a buffer goes to the thread's scratch memory. */
const largestLocal = 4096;

export class KernelWriter {
  readonly #lines: string[] = [];
  #indent = 1;
  readonly #names = new Map<Value, string>();
  readonly #buffers = new Map<Value, CBuffer>();
  readonly #counts = new Map<string, number>();
  #origin = '';
  scratchBytes = 0;

  constructor(
    readonly kernel: string,
    readonly prelude: Prelude,
    readonly emit: (op: Operation, w: KernelWriter) => void,
  ) {}

  get text(): string {
    return this.#lines.join('\n');
  }
  line(text: string): void {
    this.#lines.push(text === '' ? '' : `${'  '.repeat(this.#indent)}${text}`);
  }
  /** `head {`, what `body` writes, `}`. */
  braces(head: string, body: () => void, tail = '}'): void {
    this.line(`${head} {`);
    this.indented(body);
    this.line(tail);
  }
  indented(body: () => void): void {
    this.#indent++;
    body();
    this.#indent--;
  }
  /** All ops of a block but its terminator. */
  block(block: Block): void {
    for (let op = block.first; op !== undefined; op = op.next) {
      if (op === block.last && op.definition?.traits.has('terminator') === true) break;
      this.op(op);
    }
  }
  op(op: Operation): void {
    this.#comment(op);
    this.emit(op, this);
  }
  /** Says which model nodes the next statements come from, where that changes. */
  #comment(op: Operation): void {
    if (
      op.definition?.traits.has('noProvenance') === true ||
      op.definition?.traits.has('constantLike') === true
    )
      return;
    const nodes = modelNodesOf(op.location).map((n) => n.name);
    const origin =
      nodes.length > 3 ? `${nodes.slice(0, 3).join(', ')} and ${nodes.length - 3} more` : nodes.join(', ');
    if (origin === '' || origin === this.#origin) return;
    this.#origin = origin;
    this.line(`// ${commentText(origin)}`);
  }
  /** What the first comment inside need not repeat. */
  startAt(origin: string): void {
    this.#origin = origin;
  }

  fail(op: Operation, reason: string): never {
    const nodes = modelNodesOf(op.location);
    throw cpuMessages.error('STR0560', {
      kernel: this.kernel,
      op: op.name,
      from:
        nodes.length === 0
          ? ''
          : ` (from ${nodes
              .slice(0, 3)
              .map((n) => n.name)
              .join(', ')})`,
      reason,
    });
  }

  // Names and types.

  /** A new name: `i0`, `i1`, … */
  fresh(stem: string): string {
    const n = this.#counts.get(stem) ?? 0;
    this.#counts.set(stem, n + 1);
    return `${stem}${n}`;
  }
  /** The C expression that reads `value`: a name or a literal. */
  value(value: Value): string {
    const name = this.#names.get(value);
    if (name === undefined)
      throw new Error(
        `kernel ${this.kernel}: a value of ${value.definingOp?.name ?? 'a block argument'} is read before it is written`,
      );
    return name;
  }
  bind(value: Value, name: string): void {
    this.#names.set(value, name);
  }
  /** `const T name = expression;` */
  define(value: Value, expression: string, stem = 'v'): void {
    const name = this.fresh(stem);
    this.line(`const ${this.typeName(value.type)} ${name} = ${expression};`);
    this.bind(value, name);
  }
  typeName(type: Type): string {
    return type.kind === 'vector' ? this.prelude.type(this.vector(type)) : this.scalar(type).c;
  }
  vector(type: Type): VectorC {
    return this.#typed(() => {
      const v = vectorC(type as types.VectorType);
      this.prelude.type(v);
      return v;
    });
  }
  scalar(type: Type): ScalarC {
    return this.#typed(() => scalarC(t.elementOf(type)));
  }
  stored(type: Type): ScalarC {
    return this.#typed(() => storedC(t.elementOf(type)));
  }
  #typed<T>(get: () => T): T {
    try {
      return get();
    } catch (e) {
      if (e instanceof NoCType)
        throw cpuMessages.error('STR0561', { kernel: this.kernel, type: e.type.text, reason: e.reason });
      throw e;
    }
  }
  /** An attribute as an expression of `type`. */
  constant(op: Operation, attribute: Attribute, type: Type): string {
    if (attribute.kind === 'integer' || attribute.kind === 'float' || attribute.kind === 'bool') {
      this.scalar(type);
      return literalC(attribute.value, type);
    }
    if (attribute.kind !== 'dense' || type.kind !== 'vector')
      return this.fail(op, `constants of type ${type.text} must be buffers of the module`);
    const v = this.vector(type);
    const values =
      type.element === t.i1
        ? decodeElements(type.element, attribute.bytes).map((x) => (Number(x) === 0 ? '0' : '-1'))
        : this.elements(attribute, type.element);
    if (attribute.splat) return `${this.prelude.splat(v)}(${values[0]!})`;
    return `(${v.name}){${values.join(', ')}}`;
  }
  /** Elements as literals; one of a splat. */
  elements(attribute: DenseElementsAttr, element: Type): readonly string[] {
    this.stored(element);
    return decodeElements(element, attribute.bytes).map((x) => literalC(x, element));
  }

  // Buffers.

  buffer(value: Value): CBuffer {
    const b = this.#buffers.get(value);
    if (b === undefined)
      throw new Error(
        `kernel ${this.kernel}: a buffer of ${value.definingOp?.name ?? 'a block argument'} is unknown`,
      );
    return b;
  }
  bindBuffer(value: Value, buffer: CBuffer): void {
    this.#buffers.set(value, buffer);
  }
  /** A pointer variable, unless the expression is a name already. */
  pointer(element: ScalarC, expression: string, writable: boolean): string {
    if (/^\w+$/.test(expression)) return expression;
    const name = this.fresh('p');
    this.line(`${writable ? '' : 'const '}${element.c} *const ${name} = ${expression};`);
    return name;
  }
  /** Storage for a new buffer of the kernel: a local array, or a part of the thread's scratch memory. */
  local(op: Operation, type: types.MemRefType): CBuffer {
    const count = t.elementCount(type.shape) ?? this.fail(op, 'its size is known only at run time');
    const element = this.stored(type);
    const bytes = count * element.bytes;
    const name = this.fresh('local');
    if (bytes <= largestLocal)
      this.line(`${element.c} ${name}[${Math.max(1, count)}] __attribute__((aligned(64)));`);
    else {
      this.line(
        `${element.c} *const ${name} = (${element.c} *)((char *)state->scratch + ${this.scratchBytes});`,
      );
      this.scratchBytes += Math.ceil(bytes / 64) * 64;
    }
    return { pointer: name, element, shape: type.shape, strides: denseStrides(type.shape), readOnly: false };
  }
  /** Σ index · stride, constants folded. */
  offset(indices: readonly CSize[], strides: readonly CSize[]): CSize {
    return sumOf(indices.map((i, d) => productOf(i, strides[d]!)));
  }
  /** The position of an element as a C expression. */
  position(b: CBuffer, indices: readonly Value[]): CSize {
    return this.offset(
      indices.map((v) => this.size(v)),
      b.strides,
    );
  }
  /** An index value as a number where it is a literal. */
  size(v: Value): CSize {
    const text = this.value(v);
    const m = /^\(?(-?\d+)\)?$/.exec(text);
    return m === null ? text : Number(m[1]);
  }

  // Index arithmetic.

  /** A number, a name, or a new variable with the expression. */
  atom(x: CSize): string {
    if (typeof x === 'number') return x < 0 ? `(${x})` : String(x);
    if (/^\w+$/.test(x)) return x;
    const name = this.fresh('n');
    this.line(`const int64_t ${name} = ${x};`);
    return name;
  }

  affine(e: AffineExpr, operands: readonly Value[], numDims: number): CSize {
    const go = (x: AffineExpr): CSize => {
      switch (x.kind) {
        case 'dim':
          return this.size(operands[x.index]!);
        case 'symbol':
          return this.size(operands[numDims + x.index]!);
        case 'constant':
          return x.value;
        case 'add':
          return sumOf([go(x.lhs), go(x.rhs)]);
        case 'mul':
          return productOf(go(x.lhs), go(x.rhs));
        default:
          return this.#divide(
            x.kind,
            go(x.lhs),
            go(x.rhs),
            isNonNegativeExpression(x.lhs, operands, numDims),
          );
      }
    };
    return go(e);
  }
  #divide(kind: 'mod' | 'floordiv' | 'ceildiv', a: CSize, b: CSize, nonNegative: boolean): CSize {
    if (typeof a === 'number' && typeof b === 'number')
      return kind === 'mod' ? ((a % b) + b) % b : kind === 'floordiv' ? Math.floor(a / b) : Math.ceil(a / b);
    const x = factor(a);
    const y = factor(b);
    if (kind === 'ceildiv')
      return nonNegative
        ? `(${a} + ${typeof b === 'number' ? b - 1 : `${y} - 1`}) / ${y}`
        : `${this.prelude.ceilDivide()}(${a}, ${b})`;
    if (nonNegative) return kind === 'mod' ? `(${x} % ${y})` : `(${x} / ${y})`;
    return `${kind === 'mod' ? this.prelude.modulo() : this.prelude.floorDivide()}(${a}, ${b})`;
  }
}

/** Names can stand in a line comment: no line breaks, no line splice at the end. */
export const commentText = (text: string): string =>
  text
    .replace(/[\r\n]+/g, ' ')
    .replace(/\\+$/, '')
    .replace(/\?\?\//g, '? ?/');

export function denseStrides(shape: readonly CSize[]): CSize[] {
  const strides = new Array<CSize>(shape.length).fill(1);
  for (let d = shape.length - 2; d >= 0; d--) strides[d] = productOf(shape[d + 1]!, strides[d + 1]!);
  return strides;
}

const isAtom = (text: string): boolean => /^\w+$/.test(text) || /^\([^()]*\)$/.test(text);
const factor = (x: CSize): string =>
  typeof x === 'number'
    ? x < 0
      ? `(${x})`
      : String(x)
    : isAtom(x) || /^\w+\([^()]*\)$/.test(x)
      ? x
      : `(${x})`;
export function productOf(a: CSize, b: CSize): CSize {
  if (typeof a === 'number' && typeof b === 'number') return a * b;
  if (a === 0 || b === 0) return 0;
  if (a === 1) return b;
  if (b === 1) return a;
  return typeof a === 'number' ? `${factor(b)} * ${factor(a)}` : `${factor(a)} * ${factor(b)}`;
}
export function sumOf(terms: readonly CSize[]): CSize {
  let constant = 0;
  const parts: string[] = [];
  for (const term of terms) {
    if (typeof term === 'number') constant += term;
    else parts.push(term);
  }
  if (parts.length === 0) return constant;
  return constant === 0
    ? parts.join(' + ')
    : `${parts.join(' + ')} ${constant < 0 ? '-' : '+'} ${Math.abs(constant)}`;
}

/** Whether an index value is known to be at least 0, so that C's division is the one that is meant. */
function isNonNegative(v: Value, depth = 0): boolean {
  if (depth > 8) return false;
  const op = v.definingOp;
  if (op === undefined) {
    const loop = v.block?.parentOp;
    if (loop?.name === 'scf.for')
      return v.kind === 'argument' && v.index === 0 && isNonNegative(loop.operand(0), depth + 1);
    if (loop?.name !== 'scf.forall' && loop?.name !== 'scf.parallel') return false;
    const lower = loop.attr('staticLowerBound');
    return (
      loop.name === 'scf.forall' && lower?.kind === 'dense_array' && lower.values.every((x) => Number(x) >= 0)
    );
  }
  switch (op.name) {
    case 'arith.constant': {
      const value = op.attr('value');
      return value?.kind === 'integer' && value.value >= 0n;
    }
    case 'affine.apply':
    case 'affine.min':
    case 'affine.max': {
      const map = op.attr('map');
      if (map?.kind !== 'affine_map') return false;
      const known = map.map.results.map((r) =>
        isNonNegativeExpression(r, op.operands, map.map.numDims, depth + 1),
      );
      return op.name === 'affine.max' ? known.includes(true) : !known.includes(false);
    }
    case 'memref.dim':
    case 'arith.index_castui':
      return true;
    case 'arith.addi':
    case 'arith.muli':
    case 'arith.minsi':
      return op.operands.every((o) => isNonNegative(o, depth + 1));
    case 'arith.maxsi':
      return op.operands.some((o) => isNonNegative(o, depth + 1));
    default:
      return false;
  }
}
export function isNonNegativeExpression(
  e: AffineExpr,
  operands: readonly Value[],
  numDims: number,
  depth = 0,
): boolean {
  switch (e.kind) {
    case 'dim':
      return isNonNegative(operands[e.index]!, depth);
    case 'symbol':
      return isNonNegative(operands[numDims + e.index]!, depth);
    case 'constant':
      return e.value >= 0;
    case 'mod':
      return true;
    default:
      return (
        isNonNegativeExpression(e.lhs, operands, numDims, depth) &&
        isNonNegativeExpression(e.rhs, operands, numDims, depth)
      );
  }
}
