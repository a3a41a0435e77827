/** Model nodes in one line of a table: `/features/features.1/conv/Conv + BatchNormalization + Clip`. */

/**
 * The first node in full, of each further one the last part of its path. At most `width` characters: nodes that do not
 * fit are counted (`+ 3 more`), and a first node that is too long alone loses its middle.
 */
export function originLabel(origins: readonly string[], width: number): string {
  const [first = '', ...others] = origins;
  const tails = others.map((name) => ` + ${name.slice(name.lastIndexOf('/') + 1)}`);
  const rest = (n: number): string => (n > 0 ? ` + ${n} more` : '');
  for (let shown = tails.length; shown >= 0; shown--) {
    const text = `${first}${tails.slice(0, shown).join('')}${rest(tails.length - shown)}`;
    if (text.length <= width) return text;
  }
  const end = rest(tails.length);
  const room = Math.max(1, width - end.length - 1);
  const head = Math.ceil(room / 2);
  return `${first.slice(0, head)}…${first.slice(first.length - (room - head))}${end}`;
}
