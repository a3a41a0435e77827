/** Numbers for strings, and places among ascending numbers; for snapshots. */

/** Strings by number, in order of appearance. */
export class Interner {
  readonly items: string[] = [];
  readonly #index = new Map<string, number>();
  add(item: string): number {
    let i = this.#index.get(item);
    if (i === undefined) {
      i = this.items.length;
      this.#index.set(item, i);
      this.items.push(item);
    }
    return i;
  }
}

/** How many of ascending numbers, every `step`th of the list, are at most `limit`. */
export function countUpTo(numbers: Int32Array, step: number, limit: number): number {
  let low = 0;
  let high = numbers.length / step;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle * step]! <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
