/** Two texts side by side, from which of their lines are equal. Reports and views draw it. */

/** Rows of two texts: equal lines beside one another, between them what only one side has. */
export function pairedRows(
  left: readonly string[],
  right: readonly string[],
  equal: readonly (readonly [number, number])[],
): readonly (readonly [left: string | undefined, right: string | undefined, same: boolean])[] {
  const rows: [string | undefined, string | undefined, boolean][] = [];
  let [i, j] = [0, 0];
  for (const [a, b] of [...equal, [left.length, right.length] as const]) {
    while (i < a || j < b) rows.push([i < a ? left[i++] : undefined, j < b ? right[j++] : undefined, false]);
    if (a < left.length && b < right.length) rows.push([left[i++], right[j++], true]);
  }
  return rows;
}
