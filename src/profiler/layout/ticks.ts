/** Ticks of a time axis in nanoseconds. Every label carries its unit; deep in a trace, labels count from a base. */
import { tickStep } from 'd3';
import type { Viewport } from './viewport';
import { spanOf } from './viewport';

export interface Tick {
  /** Nanoseconds after the origin. */
  readonly at: number;
  readonly label: string;
}

export interface TimeAxis {
  readonly ticks: readonly Tick[];
  readonly step: number;
  /** When set, labels are relative to this instant, which the axis shows once at its left. */
  readonly base?: Tick;
}

const UNITS: readonly (readonly [scale: number, unit: string])[] = [
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'µs'],
  [1, 'ns'],
];

const unitFor = (magnitude: number): readonly [number, string] =>
  UNITS.find(([scale]) => magnitude >= scale) ?? UNITS[UNITS.length - 1]!;

/** `t` in the largest unit it fills, with the digits that tell apart instants `step` away. */
export function formatInstant(t: number, step: number, magnitude = Math.abs(t)): string {
  const [scale, unit] = unitFor(Math.max(magnitude, step));
  const digits = Math.max(0, Math.min(9, Math.ceil(Math.log10(scale / Math.max(step, 1)) - 1e-9)));
  return `${(t / scale).toFixed(digits)} ${unit}`;
}

/** Labels longer than this many digits below the unit are shown relative to a base. */
const MAX_DIGITS = 1e4;

/** About one tick per `spacing` pixels, at multiples of 1, 2 or 5. */
export function timeAxis(viewport: Viewport, width: number, spacing = 110): TimeAxis {
  const { from, to } = viewport;
  const count = Math.max(1, Math.floor(width / spacing));
  const step = Math.max(1, tickStep(from, to, count));
  const first = Math.ceil(from / step);
  const last = Math.floor(to / step);
  const magnitude = Math.max(Math.abs(from), Math.abs(to));
  const relative = magnitude / step > MAX_DIGITS;
  const baseStep = 10 ** Math.ceil(Math.log10(spanOf(viewport)));
  const base = relative ? Math.floor(from / baseStep) * baseStep : 0;
  const ticks: Tick[] = [];
  for (let i = first; i <= last; i++) {
    const at = i * step;
    const label = relative
      ? `+${formatInstant(at - base, step, to - base)}`
      : formatInstant(at, step, magnitude);
    ticks.push({ at, label: at === 0 ? '0 ns' : label });
  }
  return relative
    ? { ticks, step, base: { at: base, label: formatInstant(base, baseStep) } }
    : { ticks, step };
}
