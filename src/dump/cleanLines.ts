/** Takes out of the lines of a log what a terminal, CI or other output of the compiler put among the IR. */
import { opOfLine, stripControls } from './marker';

const time = /^\[?(?:\d{4}-\d\d-\d\d[T ])?\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?\]? ?/;

/** Whether what stands before a marker is something that CI puts before every line. */
export function linePrefixOf(before: string): string | undefined {
  const text = stripControls(before);
  return time.test(text) || /[|\]>] $/.test(text) ? text : undefined;
}

/** A line without control sequences, carriage return and the prefix of CI. */
export function cleanLine(line: string, linePrefix: string | undefined): string {
  let text = stripControls(line);
  if (text.endsWith('\r')) text = text.slice(0, -1);
  if (linePrefix === undefined) return text;
  if (text.startsWith(linePrefix)) return text.slice(linePrefix.length);
  const stamp = time.exec(text);
  return stamp === null ? text : text.slice(stamp[0].length);
}

/** Diagnostics of MLIR and clang-like tools, sanitizers, loggers. */
const diagnostic =
  /^(?:[^\s:"%][^:"%]*:\d+:\d+: |<unknown>:0: |loc\(.*\): |-:\d+:\d+: )(?:error|warning|note|remark): |^(?:error|warning|note|remark|fatal error): |^[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+|^\[(?:debug|info|warning|error|[a-z-]+(?::\d+)?)\] |^(?:DEBUG|INFO|WARNING|ERROR)\b[ :\]]|^PLEASE submit a bug report|^Stack dump:|^\s*#\d+ 0x[0-9a-f]{6,}/;

export interface CleanText {
  readonly text: string;
  /** Lines that were left out. */
  readonly skipped: readonly string[];
  /** The text ends within an op. */
  readonly cut: boolean;
}

/** Braces that a line opens less those it closes, outside of strings and comments. */
export function braceBalance(line: string): number {
  let depth = 0;
  for (let i = 0; i < line.length; i++) {
    const c = line.charCodeAt(i);
    if (c === 0x22) {
      for (i++; i < line.length && line.charCodeAt(i) !== 0x22; i++) if (line.charCodeAt(i) === 0x5c) i++;
    } else if (c === 0x7b) depth++;
    else if (c === 0x7d) depth--;
    else if (c === 0x2f && line.charCodeAt(i + 1) === 0x2f) break;
  }
  return depth;
}

const outside = /^\s*(?:$|[#!][\w$.]+\s*=|\/\/|\{-#|#-\}|\})/;

/** The IR of an entry: lines cleaned, others' output left out. `mlir` false keeps every line (LLVM, HLO, scripts). */
export function cleanText(raw: string, linePrefix: string | undefined, mlir: boolean): CleanText {
  const kept: string[] = [];
  const skipped: string[] = [];
  let depth = 0;
  let trailer = false;
  /** Set after a diagnostic: the source line and the caret that follow belong to it. */
  let excerpt = false;
  const lines = raw.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const line = cleanLine(lines[i]!, linePrefix);
    if (!mlir) {
      kept.push(line);
      continue;
    }
    if (diagnostic.test(line)) {
      skipped.push(line);
      excerpt = true;
      continue;
    }
    if (excerpt) {
      const next = lines[i + 1];
      if (next !== undefined && /^\s*\^[~\s]*$/.test(cleanLine(next, linePrefix))) {
        skipped.push(line, cleanLine(next, linePrefix));
        i++;
        continue;
      }
      excerpt = false;
    }
    if (line.startsWith('{-#')) trailer = true;
    if (
      depth <= 0 &&
      !trailer &&
      !outside.test(line) &&
      opOfLine(line) === undefined &&
      !line.trimStart().startsWith('%')
    ) {
      skipped.push(line);
      continue;
    }
    depth = Math.max(0, depth + braceBalance(line));
    if (trailer && line.endsWith('#-}')) {
      trailer = false;
      depth = 0;
    }
    kept.push(line);
  }
  while (kept.length > 0 && kept[0]!.trim() === '') kept.shift();
  while (kept.length > 0 && kept[kept.length - 1]!.trim() === '') kept.pop();
  return { text: kept.length === 0 ? '' : `${kept.join('\n')}\n`, skipped, cut: mlir && depth > 0 };
}
