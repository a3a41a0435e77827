/** One unit per column: picks it from the values of the column, and formats with three significant digits. */
import { threeDigits } from '../../base/units';

export interface ColumnUnit {
  readonly unit: string;
  readonly format: (value: number | undefined) => string;
}

type Steps = readonly (readonly [scale: number, unit: string])[];

const TIME: Steps = [
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'µs'],
  [1, 'ns'],
];
const rate = (what: string): Steps => [
  [1e12, `T${what}`],
  [1e9, `G${what}`],
  [1e6, `M${what}`],
  [1e3, `k${what}`],
  [1, what],
];
const STEPS = { time: TIME, flops: rate('FLOP/s'), bytes: rate('B/s') } as const;

/** The unit that most of the larger half of `values` fill; values that are missing or NaN format as an empty cell. */
export function columnUnit(kind: keyof typeof STEPS, values: readonly (number | undefined)[]): ColumnUnit {
  const known = values.filter((v): v is number => v !== undefined && v > 0).sort((a, b) => a - b);
  const typical = known[Math.floor(known.length * 0.6)] ?? 0;
  const steps = STEPS[kind];
  const [scale, unit] = steps.find(([s]) => typical >= s) ?? steps[steps.length - 1]!;
  return { unit, format: (v) => (v === undefined || Number.isNaN(v) ? '' : threeDigits(v / scale)) };
}
