/**
 * The line that a compiler prints before the IR of a pass, of every age of MLIR and LLVM. Facts: `IRPrinting.cpp` of
 * MLIR, `StandardInstrumentations.cpp` of LLVM.
 */
import type { When } from './dump';

export interface Marker {
  readonly when: When;
  readonly pass: string;
  readonly argument?: string;
  readonly options?: string;
  readonly op?: string;
  readonly symbol?: string;
  readonly omitted?: true;
  /** `mlir`: slashes, `stars`: `***`, of MLIR before 2022 and of LLVM. */
  readonly style: 'mlir' | 'stars';
  /** UTF-16 offset in the line where the marker begins; what is before is noise of a log. */
  readonly from: number;
  /** Where it ends; what follows on the line belongs to the IR. */
  readonly to: number;
}

/** Control sequences of terminals: colours, titles, hyperlinks, marks of CI systems. */
const controls = /\x1b(?:\[[0-9;:?]*[ -/]*[@-~]|[\]_P^][^\x07\x1b\n]*(?:\x07|\x1b\\)|[@-Z\\^_])/g;
export const stripControls = (text: string): string =>
  text.includes('\x1b') ? text.replace(controls, '') : text;

const scope = /\s*\('([\w.$-]+)' operation(?:: @("(?:[^"\\]|\\.)*"|.*?))?\)\s*$/;
const unquoted = (symbol: string): string =>
  symbol.startsWith('"') && symbol.endsWith('"') ? symbol.slice(1, -1) : symbol;

/** The marker in a line, or undefined. Control sequences may be in it. */
export function parseMarker(line: string): Marker | undefined {
  const dump = line.indexOf('IR Dump');
  if (dump < 0) return undefined;
  const before = line.slice(0, dump);
  const slashes = /\/\/ -{5}\/\/ ?(?:(\w[\w ]*) internal )?$/.exec(stripControls(before));
  if (slashes !== null) {
    const from = before.lastIndexOf('// -----//');
    // Steps within a pass of Triton: `// -----// SoftwarePipeliner internal IR Dump After: LowerLoops`.
    if (slashes[1] !== undefined) {
      const step = stripControls(line.slice(dump + 'IR Dump'.length)).trim();
      const pass = `${slashes[1]}: ${step.replace(/^After: /, '')}`;
      return { when: 'snapshot', pass, style: 'mlir', from: Math.max(0, from), to: line.length };
    }
    const close = line.indexOf('//----- //', dump);
    const to = close < 0 ? line.length : close + '//----- //'.length;
    const body = stripControls(line.slice(dump + 'IR Dump'.length, close < 0 ? line.length : close)).trim();
    return { ...describe(body, 'mlir'), style: 'mlir', from: Math.max(0, from), to };
  }
  const stars = /(?:\/\/ |[;#] )?\*\*\* $/.exec(before);
  if (stars === null) return undefined;
  const close = line.indexOf('***', dump);
  if (close < 0) return undefined;
  let to = close + 3;
  const after = scope.exec(stripControls(line.slice(to)).trimEnd());
  let body = stripControls(line.slice(dump + 'IR Dump'.length, close)).trim();
  if (after !== null && after.index === 0) {
    body += ` ${after[0].trim()}`;
    to = line.length;
  } else if (line[to] === ':') to++;
  return { ...describe(body, 'stars'), style: 'stars', from: stars.index, to };
}

type Described = Omit<Marker, 'style' | 'from' | 'to'>;

/** `body` is what stands between `IR Dump` and the end marker. */
function describe(body: string, style: 'mlir' | 'stars'): Described {
  const side = /^(Before|After)\s+/.exec(body);
  if (side === null)
    return { when: 'snapshot', pass: body === '' ? 'print-ir' : body.replace(/^\[(.*)\]$/, '$1') };
  let rest = body.slice(side[0].length).trim();
  let anchor: { readonly op?: string; readonly symbol?: string } = {};
  const scoped = scope.exec(rest);
  if (scoped !== null) {
    rest = rest.slice(0, scoped.index);
    anchor = {
      op: operationName(scoped[1]!),
      ...(scoped[2] === undefined ? {} : { symbol: unquoted(scoped[2]) }),
    };
  }
  let omitted = false;
  if (style === 'stars') {
    const without = rest.replace(/ (?:omitted because no change|filtered out)$/, '');
    omitted = without !== rest;
    rest = without;
    const on = / on (.+)$/.exec(rest);
    if (on !== null) {
      rest = rest.slice(0, on.index);
      anchor = unit(on[1]!);
    }
  }
  let when: When = side[1] === 'Before' ? 'before' : 'after';
  let argument: string | undefined;
  let options: string | undefined;
  const colon = /^(.*[^:])(?<!:): (?!:)(.+)$/s.exec(rest);
  const parenthesis = /^(.+?)\s\(([^()]*)\)$/s.exec(rest);
  if (colon !== null) {
    rest = colon[1]!;
    const brace = colon[2]!.indexOf('{');
    argument = brace < 0 ? colon[2]! : colon[2]!.slice(0, brace);
    if (brace >= 0) options = colon[2]!.slice(brace).replace(/^\{(.*)\}$/s, '$1');
  } else if (parenthesis !== null) {
    rest = parenthesis[1]!;
    argument = parenthesis[2]!;
  }
  if (/\sFailed$/.test(rest)) {
    when = 'failed';
    rest = rest.replace(/\sFailed$/, '');
  }
  argument = argument?.trim();
  return {
    when,
    pass: rest.trim(),
    ...(argument === undefined || argument === '' ? {} : { argument }),
    ...(options === undefined || options === '' ? {} : { options }),
    ...anchor,
    ...(omitted ? { omitted: true as const } : {}),
  };
}

/** What an LLVM pass ran on: `foo`, `[module]`, `(scc, of, functions)`, `loop %l in function foo`. */
function unit(text: string): { readonly op: string; readonly symbol?: string } {
  if (text === '[module]') return { op: 'module' };
  const loop = /^loop (.+) in function (\S+)$/.exec(text);
  if (loop !== null) return { op: 'loop', symbol: loop[2]! };
  return { op: 'define', symbol: text.replace(/^\((.*)\)$/, '$1') };
}

/** Names as MLIR prints them today: the first versions had `func` and `module` without their dialects. */
export function operationName(written: string): string {
  if (written === 'module') return 'builtin.module';
  if (written === 'func') return 'func.func';
  return written;
}

export interface FirstOp {
  readonly op: string;
  readonly symbol?: string;
}

const keywords = String.raw`(?:\s+(?!attributes\b)[A-Za-z_]\w*)*`;
const custom = new RegExp(
  String.raw`^([A-Za-z_][\w$]*(?:\.[\w$.-]+)?)(?=[\s({<@]|$)(?:${keywords}\s*@("(?:[^"\\]|\\.)*"|[\w$.-]+))?`,
);

/** The op and symbol of a line that begins one, else undefined. */
export function opOfLine(line: string): FirstOp | undefined {
  const text = line.trimStart().replace(/^%[^=]*=\s*/, '');
  const machine = /^# Machine code for function ([^:\s]+)/.exec(text);
  if (machine !== null) return { op: 'machine function', symbol: machine[1]! };
  if (text.startsWith('; ModuleID')) return { op: 'module' };
  const define = /^(define|declare)\b.*?@("(?:[^"\\]|\\.)*"|[\w$.-]+)/.exec(text);
  if (define !== null) return { op: 'define', symbol: unquoted(define[2]!) };
  const generic = /^"([\w$.-]+)"\s*(?:\(|<)/.exec(text);
  if (generic !== null) {
    const name = /\bsym_name\s*=\s*("(?:[^"\\]|\\.)*")/.exec(text);
    return { op: generic[1]!, ...(name === null ? {} : { symbol: unquoted(name[1]!) }) };
  }
  const m = custom.exec(text);
  if (m === null || !(m[1]!.includes('.') || /^(?:module|func)$/.test(m[1]!))) return undefined;
  return { op: operationName(m[1]!), ...(m[2] === undefined ? {} : { symbol: unquoted(m[2]) }) };
}

/** The first op of IR text; undefined where the text ends before it, or holds none. */
export function firstOp(
  text: string,
  cleanLine: (line: string) => string = stripControls,
): FirstOp | undefined {
  for (const line of text.split('\n', 4000)) {
    const found = opOfLine(cleanLine(line));
    if (found !== undefined) return found;
  }
  return undefined;
}
