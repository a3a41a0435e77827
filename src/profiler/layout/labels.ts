/** Names that do not fit are cut from the middle: both ends of a dispatch name tell it apart. */

const ELLIPSIS = '…';

/**
 * `text` cut from its middle to at most `width`, as `measure` sees it; empty where not even three characters fit.
 * Three letters are the least that is shown.
 */
export function cutMiddle(text: string, width: number, measure: (text: string) => number): string {
  if (measure(text) <= width) return text;
  const letters = [...text];
  const cut = (kept: number): string => {
    const head = Math.ceil(kept * 0.6);
    return (
      letters.slice(0, head).join('') + ELLIPSIS + letters.slice(letters.length - (kept - head)).join('')
    );
  };
  let low = 0;
  let high = letters.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (measure(cut(middle)) <= width) low = middle;
    else high = middle - 1;
  }
  return low < 3 ? '' : cut(low);
}

/**
 * The beginning that all of `names` share, up to its last separator: `main_dispatch_` of generated names. Labels leave it
 * out where the whole name does not fit. Empty for fewer than three names, and where only a number would be left.
 */
export function sharedPrefix(names: readonly string[]): string {
  const [first = '', ...others] = names;
  if (others.length < 2) return '';
  let length = first.length;
  for (const name of others) {
    length = Math.min(length, name.length);
    for (let i = 0; i < length; i++) if (name[i] !== first[i]) length = i;
  }
  const prefix = first.slice(0, first.slice(0, length).search(/[^_.$/:]*$/));
  return names.some((name) => /^\d*$/.test(name.slice(prefix.length))) ? '' : prefix;
}
