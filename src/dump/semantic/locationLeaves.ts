/** What a location is made of: the files, lines and names that are left when fused and inlined locations are taken apart. */

/** More of one op say nothing. */
const MOST = 64;
const DEEPEST = 100;

/** A file with line and column, which is most of them. */
const isLeaf = /^"[^"\\]*":\d+:\d+$/;

export class LocationLeaves {
  readonly #known = new Map<string, readonly string[]>();

  /** `aliases` are those of the text, `#loc3` → `loc(…)`. */
  constructor(readonly aliases: ReadonlyMap<string, string>) {}

  /** The leaves of what stands between the brackets of `loc(…)`, sorted, without repeats; none of `unknown`. */
  of(text: string): readonly string[] {
    if (isLeaf.test(text)) return [text];
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const found = new Set<string>();
    this.#collect(text, found, 0);
    const leaves = [...found].sort();
    this.#known.set(text, leaves);
    return leaves;
  }

  #collect(text: string, found: Set<string>, depth: number): void {
    const t = text.trim();
    if (t === '' || t === 'unknown' || depth > DEEPEST || found.size >= MOST) return;
    if (/^#[\w$]+$/.test(t)) {
      const body = this.aliases.get(t);
      if (body !== undefined) this.#collect(unwrapped(body), found, depth + 1);
      return;
    }
    if (t.startsWith('fused')) {
      const open = t.indexOf('[', afterMetadata(t));
      if (open < 0) return;
      for (const part of split(t.slice(open + 1, t.lastIndexOf(']')), ','))
        this.#collect(part, found, depth + 1);
      return;
    }
    if (t.startsWith('callsite(')) {
      // What was inlined; the place of the call is that of the caller.
      const [callee] = split(t.slice('callsite('.length, -1), ' at ');
      this.#collect(callee ?? '', found, depth + 1);
      return;
    }
    const name = /^"(?:[^"\\]|\\.)*"(?=\()/.exec(t);
    if (name !== null) {
      const inner = new Set<string>();
      this.#collect(t.slice(name[0].length + 1, -1), inner, depth + 1);
      found.add(inner.size === 0 ? name[0] : `${name[0]}(${[...inner].sort().join(', ')})`);
      return;
    }
    found.add(t);
  }
}

const unwrapped = (body: string): string => (body.startsWith('loc(') ? body.trim().slice(4, -1) : body);

/** Offset after `fused<…>`. */
function afterMetadata(text: string): number {
  if (text[5] !== '<') return 5;
  let depth = 0;
  for (let i = 5; i < text.length; i++) {
    if (text[i] === '"') i = endOfString(text, i);
    else if (text[i] === '<') depth++;
    else if (text[i] === '>' && text[i - 1] !== '-' && --depth === 0) return i + 1;
  }
  return text.length;
}

function endOfString(text: string, quote: number): number {
  let i = quote + 1;
  while (i < text.length && text[i] !== '"') i += text[i] === '\\' ? 2 : 1;
  return i;
}

/** Splits at a separator that is in no bracket and no string. */
function split(text: string, separator: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === '"') i = endOfString(text, i);
    else if (c === '(' || c === '[' || c === '<') depth++;
    else if (c === ')' || c === ']' || (c === '>' && text[i - 1] !== '-')) depth--;
    else if (depth === 0 && text.startsWith(separator, i)) {
      parts.push(text.slice(from, i));
      from = i + separator.length;
      i = from - 1;
    }
  }
  parts.push(text.slice(from));
  return parts;
}
