/**
 * Results of ops by what they are computed from: the op's text and the bytes of its operands. Points of a search differ
 * in a few ops, so most of what a run computes was computed before.
 */
import { createHash } from 'node:crypto';
import type { Operation } from '../ir';
import { printOp } from '../ir';
import type { ResultMemo } from '../ir/interpreter/interpreter';
import type { RuntimeValue, TensorValue } from '../ir/interpreter/runtimeValue';

interface Entry {
  readonly results: readonly RuntimeValue[];
  readonly bytes: number;
}

const defaultLimit = 768 * 2 ** 20;
/** Results that take less than this to compute are not worth their key. */
const cheap = new Set(['arith.constant', 'tensor.empty', 'tensor.collapse_shape', 'tensor.expand_shape']);

export class ContentMemo implements ResultMemo {
  readonly #entries = new Map<string, Entry>();
  readonly #hashes = new WeakMap<object, string>();
  readonly #texts = new WeakMap<Operation, string>();
  #bytes = 0;
  /** Ops that were computed, and those that were not since they were known. */
  computed = 0;
  recalled = 0;

  constructor(
    /** Bytes of results to keep; the least recently used go. */
    readonly limit = defaultLimit,
  ) {}

  results(
    op: Operation,
    captured: readonly RuntimeValue[],
    compute: () => readonly RuntimeValue[],
  ): readonly RuntimeValue[] {
    if (cheap.has(op.name)) return compute();
    const key = [this.#textOf(op), ...captured.map((v) => this.#hashOf(v))].join('\0');
    const known = this.#entries.get(key);
    if (known !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, known);
      this.recalled++;
      return known.results;
    }
    const results = compute();
    this.computed++;
    const bytes = results.reduce<number>((n, r) => n + (typeof r === 'object' ? r.data.byteLength : 8), 0);
    this.#entries.set(key, { results, bytes });
    this.#bytes += bytes;
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= this.limit) break;
      this.#entries.delete(oldest);
      this.#bytes -= entry.bytes;
    }
    return results;
  }

  /** Of what the op computes. */
  #textOf(op: Operation): string {
    let text = this.#texts.get(op);
    if (text === undefined) {
      text = digest(meaningOf(op));
      this.#texts.set(op, text);
    }
    return text;
  }

  #hashOf(value: RuntimeValue): string {
    if (typeof value !== 'object') return String(value);
    let hash = this.#hashes.get(value);
    if (hash === undefined) {
      const { data } = value;
      hash = digest(
        new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
        shapeText(value as TensorValue),
      );
      this.#hashes.set(value, hash);
    }
    return hash;
  }
}

const shapeText = (value: TensorValue): string => `${value.shape.join('x')}x${value.element.text}`;
const digest = (bytes: string | Uint8Array, label = ''): string =>
  createHash('sha1').update(label).update(bytes).digest('base64');

/** Text that tells what an op computes of its operands: with its regions and the function that it calls, without names. */
export function meaningOf(op: Operation): string {
  const symbol = op.attr('callee');
  const callee = symbol?.kind === 'symbol' ? functionNamed(op, symbol.root) : undefined;
  if (callee !== undefined)
    return `${op.name} ${op.results.map((r) => r.type.text).join()} ${bodyText(callee)}`;
  // A name of its own does not change what an op computes.
  const text = printOp(op, { form: 'generic' });
  return op.attr('sym_name') === undefined ? text : text.replace(/sym_name = "[^"]*"/, '');
}
/** The function without its name, which says nothing about what it computes. */
const bodyText = (callee: Operation): string => printOp(callee).replace(/@[\w$."-]+/, '@');

/** A symbol right in the module that holds the op. */
export function functionNamed(op: Operation, symbol: string): Operation | undefined {
  let module = op;
  while (module.parentOp !== undefined) module = module.parentOp;
  return module.body().ops.find((o) => {
    const name = o.attr('sym_name');
    return name?.kind === 'string' && name.value === symbol;
  });
}
