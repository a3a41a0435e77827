/** Delta debugging (Zeller and Hildebrandt 2002): takes away as many of `items` as the test allows, in large pieces first. */
export async function takeAway<T>(
  items: readonly T[],
  /** Whether it still holds without these. */
  holdsWithout: (taken: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  let taken: readonly T[] = [];
  let rest = [...items];
  for (let size = rest.length; size >= 1; size = Math.floor(size / 2)) {
    const kept: T[] = [];
    for (let at = 0; at < rest.length; at += size) {
      const piece = rest.slice(at, at + size);
      if (await holdsWithout([...taken, ...piece])) taken = [...taken, ...piece];
      else kept.push(...piece);
    }
    rest = kept;
  }
  return taken;
}
