/** Names that do not fit are cut from the middle: both ends of a dispatch name tell it apart. */

const ELLIPSIS = '…';

/**
 * `text` cut from its middle to at most `width`, as `measure` sees it; empty where not even three characters fit.
 * The end keeps the larger part, because generated names share their beginnings.
 */
export function cutMiddle(text: string, width: number, measure: (text: string) => number): string {
  if (measure(text) <= width) return text;
  const letters = [...text];
  const cut = (kept: number): string => {
    const head = Math.floor(kept * 0.4);
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
  return low < 2 ? '' : cut(low);
}
