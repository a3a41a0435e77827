/**
 * Names that compilers choose anew in each dump made comparable. `canonicalText` renames by first use, so that equal
 * texts differ in more than names. `renameLike` gives a text the names of another where their lines agree, so that a
 * diff shows only what changed. Names are SSA values, blocks and aliases (of locations too).
 */
import { createHash } from 'node:crypto';
import { matchLines } from './lineDiff';

const names = /"(?:[^"\\\n]|\\.)*"?|([%^](?:\d+|[\w$.-]+))|([#!][A-Za-z_][\w$]*)(?![\w$]*\.[A-Za-z_])/g;
const aliasDefinition = /^\s*([#!][A-Za-z_][\w$]*)\s*=/;
/** A line that begins an op with a symbol of its own: value names start over. */
const symbolLine = /^\s*(?:"[\w$.-]+"\s*[(<].*\bsym_name\b|[A-Za-z_][\w$.]*(?:\s+[a-z_]\w*)*\s+@)/;

/** A block of LLVM IR, which branches name with a `%` before it. */
const llvmLabel = /^([\w$.-]+):\s*(?:;|$)/;

/** The aliases that a text defines, with their bodies. */
export function aliasesOf(lines: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of lines) {
    const m = aliasDefinition.exec(line);
    if (m !== null) found.set(m[1]!, line.slice(m[0].length).trim());
  }
  return found;
}

/** Whether the name at `at` in `line` is defined there: left of `=`, or before the `:` of its type. */
function definesAt(line: string, at: number, name: string): boolean {
  if (name.startsWith('^')) return /^\s*$/.test(line.slice(0, at));
  const after = line.slice(at + name.length, at + name.length + 200);
  return /^(?::\d+)?(?:\s*,\s*%[\w$.-]+(?::\d+)?)*\s*=(?!=)/.test(after) || after.startsWith(':');
}

/** Replaces each name of a line by what `rename` returns. */
function mapNames(
  line: string,
  aliases: ReadonlyMap<string, string>,
  rename: (name: string, defines: boolean) => string,
): string {
  const label = llvmLabel.exec(line)?.[1];
  if (label !== undefined)
    return rename(`%${label}`, true).slice(1) + mapNames(line.slice(label.length), aliases, rename);
  if (!/[%^#!]/.test(line)) return line;
  return line.replace(
    names,
    (whole: string, value: string | undefined, alias: string | undefined, at: number) => {
      if (value !== undefined) return rename(value, definesAt(line, at, value));
      if (alias !== undefined && aliases.has(alias)) return rename(alias, false);
      return whole;
    },
  );
}

export interface NormaliseOptions {
  /** `expand` puts the bodies of aliases in their places, for texts of which one has aliases and the other not. */
  readonly aliases?: 'rename' | 'expand';
  readonly locations?: 'keep' | 'drop';
}

/** Lines without alias definitions, with the bodies of aliases in their places. */
function expandAliases(lines: readonly string[]): string[] {
  const aliases = aliasesOf(lines);
  const expand = (text: string, depth: number): string =>
    text.replace(names, (whole: string, _value: string | undefined, alias: string | undefined) => {
      const body = alias === undefined ? undefined : aliases.get(alias);
      return body === undefined || depth > 50 ? whole : expand(body, depth + 1);
    });
  return lines
    .filter((line) => !aliasDefinition.test(line))
    .map((line) => expand(line, 0).replace(/\bloc\(loc\((.*)\)\)$/, 'loc($1)'));
}

/** Takes `loc(…)` off, with its brackets balanced and its strings whole. */
export function dropLocations(line: string): string {
  let text = line;
  for (let at = text.indexOf(' loc('); at >= 0; at = text.indexOf(' loc(', at)) {
    let depth = 0;
    let i = at + 4;
    for (; i < text.length; i++) {
      const c = text[i];
      if (c === '"') for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === '\\') i++;
      if (c === '(') depth++;
      else if (c === ')' && --depth === 0) break;
    }
    text = text.slice(0, at) + text.slice(i + 1);
  }
  return text;
}

/** What the printer notes beside the label of a block. */
const predecessors =
  /\s*(?:\/\/ (?:(?:\d+ )?preds?: \^.*|no predecessors)|; preds = %.*|; No predecessors!)$/;

/** Lines as `options` want them, names as written, without the printer's notes on predecessors. */
export function prepareLines(text: string, options: NormaliseOptions = {}): string[] {
  let lines = text.split('\n').map((line) => line.replace(predecessors, '').trimEnd());
  while (lines.length > 0 && lines[lines.length - 1] === '') lines.pop();
  if (options.locations === 'drop')
    lines = lines.filter((line) => !/^#loc\d*\s*=/.test(line)).map(dropLocations);
  return options.aliases === 'expand' ? expandAliases(lines) : lines;
}

/** Names in the order of their first use: texts that differ in names only become equal. Alias definitions come last, sorted. */
export function canonicalText(text: string, options: NormaliseOptions = {}): string {
  const lines = prepareLines(text, options);
  const aliases = aliasesOf(lines);
  const known = new Map<string, string>();
  let values = new Map<string, string>();
  let count = 0;
  const fresh = (): void => {
    values = new Map();
    count = 0;
  };
  const rename = (name: string, defines: boolean): string => {
    const sigil = name[0]!;
    const isAlias = sigil === '#' || sigil === '!';
    const map = isAlias ? known : values;
    const old = map.get(name);
    // A block may be named before it begins; a value that is defined again is another one.
    if (old !== undefined && !(defines && sigil === '%')) return old;
    const next = `${sigil}${isAlias ? `a${known.size}` : count++}`;
    map.set(name, next);
    return next;
  };
  const body: string[] = [];
  const definitions: string[] = [];
  for (const line of lines) {
    if (aliasDefinition.test(line)) continue;
    if (symbolLine.test(line)) fresh();
    body.push(mapNames(line, aliases, rename));
  }
  // Aliases are numbered by use; those used by others follow them.
  const written = new Set<string>();
  for (let more = true; more;) {
    more = false;
    for (const [alias, definition] of aliases) {
      if (written.has(alias) || !known.has(alias)) continue;
      written.add(alias);
      more = true;
      definitions.push(`${known.get(alias)!} = ${mapNames(definition, aliases, rename)}`);
    }
  }
  return [...body, ...definitions.sort()].join('\n');
}

export const canonicalHash = (text: string, options: NormaliseOptions = {}): string =>
  createHash('sha1').update(canonicalText(text, options)).digest('hex');

/** A line with its names masked, for matching. */
const masked = (line: string, aliases: ReadonlyMap<string, string>): string =>
  mapNames(line.replace(/\s*\/\/.*$/, ''), aliases, (name) => name[0]!);

/** Of each line, the last one up to it that begins an op with a symbol; -1 before the first. */
function scopesOf(lines: readonly string[]): Int32Array {
  let scope = -1;
  return Int32Array.from(lines, (line, i) => (symbolLine.test(line) ? (scope = i) : scope));
}

/**
 * The lines of `after` with the names of `before` wherever the lines around agree. A value that only `after` has keeps its
 * name, or gets one with `new` where `before` uses that name for another value.
 */
export function renameLike(before: readonly string[], after: readonly string[]): string[] {
  const [oldAliases, newAliases] = [aliasesOf(before), aliasesOf(after)];
  const pairs = matchLines(
    before.map((line) => masked(line, oldAliases)),
    after.map((line) => masked(line, newAliases)),
  );
  const partner = new Map<number, number>(pairs.map(([a, b]) => [b, a]));
  // A value that is gone leaves its name to one in its place. Functions have names of their own.
  const everywhere = new Set<string>(oldAliases.keys());
  const scopeOf = scopesOf(before);
  const takenIn = new Map<number, Set<string>>();
  for (const [a] of pairs) {
    let own = takenIn.get(scopeOf[a]!);
    if (own === undefined) takenIn.set(scopeOf[a]!, (own = new Set(oldAliases.keys())));
    const taken = own;
    mapNames(before[a]!, oldAliases, (name, defines) => {
      if (defines) {
        taken.add(name);
        everywhere.add(name);
      }
      return name;
    });
  }
  let taken: ReadonlySet<string> = takenIn.get(-1) ?? everywhere;
  const aliasNames = new Map<string, string>();
  let valueNames = new Map<string, string>();
  const unmatched = (name: string): string => {
    if (!taken.has(name)) return name;
    let candidate = `${name[0]!}new${name.slice(1)}`;
    while (taken.has(candidate)) candidate += '_';
    return candidate;
  };
  // Aliases first: their definitions may come after their uses.
  const learn = (b: number, kind: 'alias' | 'value'): string[] => {
    const a = partner.get(b);
    if (a === undefined) return [];
    const list: string[] = [];
    mapNames(before[a]!.replace(/\s*\/\/.*$/, ''), oldAliases, (name) => {
      if (/^[#!]/.test(name) === (kind === 'alias')) list.push(name);
      return name;
    });
    return list;
  };
  after.forEach((line, b) => {
    const theirs = learn(b, 'alias');
    let k = 0;
    mapNames(line.replace(/\s*\/\/.*$/, ''), newAliases, (name) => {
      if (/^[#!]/.test(name)) {
        const old = theirs[k++];
        if (old !== undefined && !aliasNames.has(name)) aliasNames.set(name, old);
      }
      return name;
    });
  });
  return after.map((line, b) => {
    if (symbolLine.test(line)) {
      valueNames = new Map();
      const a = partner.get(b);
      taken = (a === undefined ? undefined : takenIn.get(scopeOf[a]!)) ?? everywhere;
    }
    const theirs = learn(b, 'value');
    let k = 0;
    return mapNames(line, newAliases, (name, defines) => {
      if (/^[#!]/.test(name)) return aliasNames.get(name) ?? unmatched(name);
      const old = theirs[k++];
      const known = valueNames.get(name);
      if (known !== undefined && !(defines && name.startsWith('%'))) return known;
      const next = old ?? unmatched(name);
      valueNames.set(name, next);
      return next;
    });
  });
}
