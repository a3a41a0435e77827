/** Branded numbers: a nanosecond is not a microsecond, and a byte is not an element. */

declare const unit: unique symbol;
type Branded<U extends string> = number & { readonly [unit]: U };

/** Time span or instant in integer nanoseconds (exact below 2^53 ns, 104 days). */
export type Nanoseconds = Branded<'ns'>;
export type Bytes = Branded<'bytes'>;

export const ns = (value: number): Nanoseconds => value as Nanoseconds;
export const bytes = (value: number): Bytes => value as Bytes;

const pick = (value: number, steps: readonly (readonly [number, string])[]): string => {
  const abs = Math.abs(value);
  const [scale, suffix] = steps.find(([s]) => abs >= s) ?? steps[steps.length - 1]!;
  return `${threeDigits(value / scale)} ${suffix}`;
};

/** Three significant digits without an exponent: 1234.5 → `1235`, 0.012345 → `0.0123`. */
export function threeDigits(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 12));
}

export const formatDuration = (t: Nanoseconds): string =>
  pick(t, [
    [1e9, 's'],
    [1e6, 'ms'],
    [1e3, 'µs'],
    [1, 'ns'],
  ]);
export const formatBytes = (b: number): string =>
  pick(b, [
    [2 ** 30, 'GiB'],
    [2 ** 20, 'MiB'],
    [2 ** 10, 'KiB'],
    [1, 'B'],
  ]);
/** A rate or count with a decimal prefix: `formatRate(3.2e9, 'FLOP/s')` → `3.20 GFLOP/s`. */
export const formatRate = (value: number, what: string): string =>
  pick(value, [
    [1e12, `T${what}`],
    [1e9, `G${what}`],
    [1e6, `M${what}`],
    [1e3, `k${what}`],
    [1, what],
  ]);
