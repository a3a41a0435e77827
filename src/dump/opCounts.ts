/**
 * How many ops of each dialect a text has, and of LLVM IR and HLO of each opcode, by its lines: cheap enough for every pass of
 * a dump.
 */
import type { Dump, DumpEntry } from './dump';
import { isMlir } from './entryText';

const opLine =
  /^\s*(?:%[^=]*=\s*)?(?:"([A-Za-z_][\w$]*)\.[\w$.-]+"\s*[(<]|([A-Za-z_][\w$]*)\.[A-Za-z_][\w$.]*(?![\w$.]*\s*=)|(module|func|return|call|br|cond_br)\b)/;

export type DialectCounts = ReadonlyMap<string, number>;

/** Instructions are indented; lists of `switch`, records and machine IR look otherwise. */
const llvmLine = /^\s+(?:%[^=]*= )?(?:(?:must|no)?tail )?([a-z]+)(?= |$)/;
/** `ROOT %add.1 = f32[4]{0} add(…)`: the shape may be a tuple. */
const hloLine = /^\s+(?:ROOT )?%?[\w.-]+ = .*? ([a-z][a-z0-9-]*)\(/;

/** The line form of an entry; undefined where nothing is counted: scripts, statements of Halide, machine IR. */
function opOfLine(dump: Dump, entry: DumpEntry): ((line: string) => string | undefined) | undefined {
  if (isMlir(entry, dump.format)) return dialectOfLine;
  if (dump.format === 'xla-dump') return (line) => hloLine.exec(line)?.[1];
  const llvm = ['define', 'loop', 'module'].includes(entry.op ?? '');
  return llvm && dump.format !== 'tvm-dump' ? (line) => llvmLine.exec(line)?.[1] : undefined;
}

function dialectOfLine(line: string): string | undefined {
  const m = opLine.exec(line);
  if (m === null) return undefined;
  return (
    m[1] ?? m[2] ?? (m[3] === 'module' ? 'builtin' : m[3] === 'br' || m[3] === 'cond_br' ? 'cf' : 'func')
  );
}

/** Of the text of an entry, or of a function of it. */
export function countOps(text: string, dump: Dump, entry: DumpEntry): DialectCounts {
  const counts = new Map<string, number>();
  const opOf = opOfLine(dump, entry);
  if (opOf === undefined) return counts;
  for (const line of text.split('\n')) {
    const op = opOf(line);
    if (op !== undefined) counts.set(op, (counts.get(op) ?? 0) + 1);
  }
  return counts;
}

/** Dialects or opcodes whose count differs, by how much; sorted by name. */
export function countChanges(before: DialectCounts, after: DialectCounts): DialectCounts {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  const changes = names.map((name) => [name, (after.get(name) ?? 0) - (before.get(name) ?? 0)] as const);
  return new Map(changes.filter(([, n]) => n !== 0));
}
