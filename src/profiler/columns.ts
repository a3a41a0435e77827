/** Typed arrays that grow, for importers that do not know how many events come. */

type Numeric = Float64Array | Uint32Array | Int32Array | Uint16Array | Uint8Array;

/** `make(n)` allocates `n` zeroed elements. */
export class Growing<A extends Numeric> {
  private array: A;
  length = 0;
  constructor(
    private readonly make: (n: number) => A,
    capacity = 1024,
  ) {
    this.array = make(capacity);
  }
  push(value: number): void {
    if (this.length === this.array.length) {
      const grown = this.make(this.length * 2);
      grown.set(this.array);
      this.array = grown;
    }
    this.array[this.length++] = value;
  }
  /** The value at `i`, which must be below `length`. */
  at(i: number): number {
    return this.array[i]!;
  }
  set(i: number, value: number): void {
    this.array[i] = value;
  }
  /** The filled part, without a copy; valid until the next `push`. */
  view(): A {
    return this.array.subarray(0, this.length) as A;
  }
}

export const growingF64 = (capacity?: number): Growing<Float64Array> =>
  new Growing((n) => new Float64Array(n), capacity);
export const growingU32 = (capacity?: number): Growing<Uint32Array> =>
  new Growing((n) => new Uint32Array(n), capacity);
export const growingI32 = (capacity?: number): Growing<Int32Array> =>
  new Growing((n) => new Int32Array(n), capacity);
export const growingU8 = (): Growing<Uint8Array> => new Growing((n) => new Uint8Array(n));
