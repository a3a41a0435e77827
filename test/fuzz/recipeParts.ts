/** What recipes are written with. */
import type { GraphDraft, Result, Value } from './randomGraph';

/** False when the operator does not take `x`. */
export type Recipe = (draft: GraphDraft, x: Value) => boolean;

export const magnitude = (v: Value): number => Math.max(Math.abs(v.low), Math.abs(v.high));
export const like = (x: Value, low = x.low, high = x.high): Result => ({ shape: x.shape, low, high });
export const axisOf = (g: GraphDraft, x: Value): number => g.below(x.shape.length);
export const moved = (
  x: Value,
  shape: readonly number[],
  extra: { low?: number; high?: number } = {},
): Result => ({
  ...like(x),
  shape,
  ...extra,
  inherited: x.noise,
  moved: true,
});
