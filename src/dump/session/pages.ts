/** Texts in pages that an editor holds and colours: cut between functions, or where a function is longer, between lines. */
import type { TextPage } from './dumpSession';

/** VS Code stops colouring at 20 MiB and 300,000 lines, and gives extensions no document above 50 MiB. */
const LONGEST = 8 << 20;
const MOST_LINES = 200_000;

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
    if (/^ {0,2}(?:[a-z_][\w.]*func|define|"[\w.]*func")\b/.test(head) && at > start) {
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

export function pageOf(text: string, page: number): TextPage {
  const starts = pageStarts(text);
  const index = Math.max(0, Math.min(page, starts.length - 1));
  if (starts.length === 1) return { text, page: 0, pages: 1 };
  const body = text.slice(starts[index], starts[index + 1] ?? text.length);
  // The words are links in the editor.
  const ways = [...(index > 0 ? ['previous page'] : []), ...(index + 1 < starts.length ? ['next page'] : [])];
  const head = `// page ${index + 1} of ${starts.length}: ${ways.join(', ')}`;
  return { text: `${head}\n${body}`, page: index, pages: starts.length };
}
