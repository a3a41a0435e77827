/** Order statistics without sorting: the quantiles of millions of durations in time proportional to their number. */

/** Below this a sort is faster. */
const SMALL = 600;

/**
 * Reorders `a[low … high]` (inclusive) so that `a[k]` is what sorting would put there, nothing before it is greater and nothing
 * after it smaller. Floyd and Rivest, "Algorithm 489: The algorithm SELECT", CACM 18 (1975).
 */
export function select(a: Float64Array, k: number, low = 0, high = a.length - 1): void {
  while (high > low) {
    if (high - low < SMALL) {
      a.subarray(low, high + 1).sort();
      return;
    }
    // A sample around k narrows the part to search before all of it is touched.
    const n = high - low + 1;
    const i = k - low + 1;
    const z = Math.log(n);
    const s = 0.5 * Math.exp((2 * z) / 3);
    const spread = 0.5 * Math.sqrt((z * s * (n - s)) / n) * Math.sign(i - n / 2);
    select(
      a,
      k,
      Math.max(low, Math.floor(k - (i * s) / n + spread)),
      Math.min(high, Math.floor(k + ((n - i) * s) / n + spread)),
    );
    const pivot = a[k]!;
    let left = low;
    let right = high;
    swap(a, low, k);
    if (a[high]! > pivot) swap(a, low, high);
    while (left < right) {
      swap(a, left++, right--);
      while (a[left]! < pivot) left++;
      while (a[right]! > pivot) right--;
    }
    if (a[low] === pivot) swap(a, low, right);
    else swap(a, ++right, high);
    if (right <= k) low = right + 1;
    if (k <= right) high = right - 1;
  }
}

function swap(a: Float64Array, i: number, j: number): void {
  const v = a[i]!;
  a[i] = a[j]!;
  a[j] = v;
}
