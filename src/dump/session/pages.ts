/** Texts in pages that an editor holds and colours: cut between functions, or where a function is longer, between lines. */

/** VS Code stops colouring at 20 MiB and 300,000 lines, and gives extensions no document above 50 MiB. */
const LONGEST = 8 << 20;
const MOST_LINES = 200_000;

export interface TextPage {
  readonly text: string;
  readonly page: number;
  readonly pages: number;
}

const beginsFunction = /^ {0,2}(?:[a-z_][\w.]*func|define|"[\w.]*func")\b/;

/** Where pages begin. A text that fits is one page. */
export function pageStarts(text: string, longest = LONGEST, mostLines = MOST_LINES): number[] {
  const starts = [0];
  let lines = 0;
  /** The latest place where a page could end: before a line that begins a function. */
  let cut = 0;
  let cutLines = 0;
  for (let at = 0; at < text.length;) {
    const newline = text.indexOf('\n', at);
    const end = newline < 0 ? text.length : newline + 1;
    const start = starts[starts.length - 1]!;
    const head = text.slice(at, Math.min(end, at + 200));
    if (beginsFunction.test(head) && at > start) {
      cut = at;
      cutLines = lines;
    }
    if (end - start > longest || lines >= mostLines) {
      const next = cut > start ? cut : at > start ? at : end;
      if (next >= text.length) break;
      starts.push(next);
      lines = next === cut ? lines - cutLines : 0;
    }
    lines++;
    at = Math.max(end, starts[starts.length - 1]!);
  }
  return starts;
}

/**
 * Where pages of `after` begin so that each shows what the same page of `before` shows: at the functions that its pages
 * begin with, and within a function as many lines after its beginning.
 */
export function alignedStarts(before: string, starts: readonly number[], after: string): number[] {
  if (starts.length === 1) return [0];
  const [mine, theirs] = [functionStarts(before), functionStarts(after)];
  const order = [...mine];
  const aligned = [0];
  for (const start of starts.slice(1)) {
    const last = aligned[aligned.length - 1]!;
    const at = order.findLastIndex(([, offset]) => offset <= start);
    const [symbol, offset] = order[at] ?? ['', 0];
    const found = theirs.get(symbol);
    let next: number | undefined;
    if (found !== undefined) next = linesAfter(after, found, countLines(before, offset, start));
    // The function is gone: the next one that both have.
    else for (let i = at + 1; i < order.length && next === undefined; i++) next = theirs.get(order[i]![0]);
    aligned.push(Math.max(last, next ?? after.length));
  }
  return aligned;
}

/** Offsets of the lines that begin functions, by symbol. */
function functionStarts(text: string): Map<string, number> {
  const found = new Map<string, number>();
  const line =
    /^ {0,2}(?:[a-z_][\w.]*func|define|"[\w.]*func")\b[^\n]{0,400}?@("(?:[^"\\\n]|\\.)*"|[\w$.-]+)/gm;
  for (const m of text.matchAll(line)) if (!found.has(m[1]!)) found.set(m[1]!, m.index);
  return found;
}
function countLines(text: string, from: number, to: number): number {
  let lines = 0;
  for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1)) lines++;
  return lines;
}
function linesAfter(text: string, from: number, lines: number): number {
  let at = from;
  for (let i = 0; i < lines; i++) {
    const newline = text.indexOf('\n', at);
    if (newline < 0) return text.length;
    at = newline + 1;
  }
  return at;
}

/** What stands above a page; the words are links in the editor. */
export function pageHead(page: number, pages: number): string {
  if (pages === 1) return '';
  const ways = [...(page > 0 ? ['previous page'] : []), ...(page + 1 < pages ? ['next page'] : [])];
  return `// page ${page + 1} of ${pages}: ${ways.join(', ')}\n`;
}

export function pageOf(text: string, page: number, starts: readonly number[] = pageStarts(text)): TextPage {
  const pages = starts.length;
  const index = Math.max(0, Math.min(page, pages - 1));
  if (pages === 1) return { text, page: 0, pages };
  return { text: pageHead(index, pages) + text.slice(starts[index], starts[index + 1]), page: index, pages };
}

/** A place on a page as it is shown, below its head. */
export interface PagePlace {
  readonly page: number;
  readonly offset: number;
}

export function placeOnPage(starts: readonly number[], offset: number): PagePlace {
  const page = Math.max(
    0,
    starts.findLastIndex((start) => start <= offset),
  );
  return { page, offset: offset - starts[page]! + pageHead(page, starts.length).length };
}
/** The offset in the whole text. */
export function offsetOnPage(starts: readonly number[], { page, offset }: PagePlace): number {
  const index = Math.max(0, Math.min(page, starts.length - 1));
  return starts[index]! + Math.max(0, offset - pageHead(index, starts.length).length);
}
