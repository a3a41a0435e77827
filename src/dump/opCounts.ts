/** How many ops of each dialect a text has, by its lines: cheap enough for every pass of a dump. */

const opLine =
  /^\s*(?:%[^=]*=\s*)?(?:"([A-Za-z_][\w$]*)\.[\w$.-]+"\s*[(<]|([A-Za-z_][\w$]*)\.[A-Za-z_][\w$.]*(?![\w$.]*\s*=)|(module|func|return|call|br|cond_br)\b)/;

export type DialectCounts = ReadonlyMap<string, number>;

export function countOps(text: string): DialectCounts {
  const counts = new Map<string, number>();
  for (const line of text.split('\n')) {
    const m = opLine.exec(line);
    if (m === null) continue;
    const dialect =
      m[1] ?? m[2] ?? (m[3] === 'module' ? 'builtin' : m[3] === 'br' || m[3] === 'cond_br' ? 'cf' : 'func');
    counts.set(dialect, (counts.get(dialect) ?? 0) + 1);
  }
  return counts;
}

/** Dialects whose count differs, by how much; sorted by name. */
export function countChanges(before: DialectCounts, after: DialectCounts): DialectCounts {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  const changes = names.map((name) => [name, (after.get(name) ?? 0) - (before.get(name) ?? 0)] as const);
  return new Map(changes.filter(([, n]) => n !== 0));
}
