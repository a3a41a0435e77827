/**
 * Timing reports of MLIR and LLVM (`--mlir-timing`, `-time-passes`), as text or JSON. They hold durations only: passes are
 * drawn one after the other, children from the start of their parent on, each with the wall time that was reported.
 */
import { traceMessages } from '../messages';
import { TraceBuilder } from '../traceBuilder';
import type { Trace } from '../trace';
import { Damage } from './damage';
import type { Importer } from './importer';
import { field, items, looseJson, numberOf, textOf } from './looseJson';
import { TextLines, headText } from './textLines';

const FORMAT = 'MLIR timing report';
const BANNER = /(?:^|\s)\.\.\. (.{1,80}?) \.\.\.\s*$/;
const COLUMNS = /^\s*(?:-{2,}[\w+ ]{1,40}-{2,}\s*){1,6}$/;
const ROW = /^((?:\s*\d+\.\d+ \(\s*\d+\.\d+%\)){1,5})  (\s*)(\S.*)$/;

interface Pass {
  readonly name: string;
  /** Nanoseconds. */
  readonly wall: number;
  readonly user?: number;
  readonly children: Pass[];
}

const nanos = (seconds: number): number => Math.round(seconds * 1e9);

/** Draws `passes` from `from` on, within `end` where their reported times allow it. */
function draw(
  builder: TraceBuilder,
  track: number,
  passes: readonly Pass[],
  from: number,
  end: number,
): number {
  let at = from;
  for (const pass of passes) {
    if (pass.user !== undefined) builder.arg('user_ns', pass.user);
    // Rounded or parallel times of children can exceed their parent's.
    const start = Math.max(from, Math.min(at, end - pass.wall));
    builder.zone(track, start, pass.wall, builder.intern(pass.name), builder.endArgs());
    draw(builder, track, pass.children, start, start + pass.wall);
    at = start + pass.wall;
  }
  return at;
}

class Report {
  readonly passes: Pass[] = [];
  private readonly open: { readonly indent: number; readonly pass: Pass }[] = [];
  constructor(readonly title: string) {}

  add(indent: number, pass: Pass): void {
    const { open } = this;
    while (open.length > 0 && open[open.length - 1]!.indent >= indent) open.pop();
    const parent = open[open.length - 1]?.pass;
    (parent === undefined ? this.passes : parent.children).push(pass);
    open.push({ indent, pass });
  }
}

function readText(bytes: Uint8Array, file: string, damage: Damage): readonly Report[] {
  const lines = new TextLines(bytes);
  const reports: Report[] = [];
  let title = 'Execution time report';
  let columns: readonly string[] = [];
  let closed = true;
  while (lines.next()) {
    if (lines.to - lines.from > 4096) continue;
    const text = lines.text();
    const banner = BANNER.exec(text);
    if (banner !== null) title = banner[1]!;
    else if (COLUMNS.test(text)) {
      columns = [...text.matchAll(/-{2,}\s*([\w+ ]+?)\s*-{2,}/g)].map((m) => m[1]!);
      reports.push(new Report(title));
      closed = false;
    } else if (!closed) {
      const row = ROW.exec(text);
      if (row === null) continue;
      const times = [...row[1]!.matchAll(/(\d+\.\d+) \(/g)].map((m) => nanos(Number(m[1])));
      const time = (column: string): number | undefined => times[columns.indexOf(column)];
      const name = row[3]!.trimEnd();
      if (name === 'Total') {
        closed = true;
        continue;
      }
      // Reports end with a total: a row before it that has no end was cut.
      if (!lines.complete) break;
      const wall = time('Wall Time') ?? times[times.length - 1] ?? 0;
      const user = time('User Time');
      reports[reports.length - 1]!.add(row[2]!.length, {
        name,
        wall,
        children: [],
        ...(user === undefined ? {} : { user }),
      });
    }
  }
  if (!closed && reports.length > 0) damage.cut(bytes.length);
  if (reports.some(isList)) damage.warn(traceMessages.diagnostic('STR0813', { file }));
  return reports;
}

/** The list display adds up the passes of all levels and puts a root on top. */
const isList = (r: Report): boolean =>
  r.passes[0]?.name === 'root' && r.passes.every((p) => p.children.length === 0);

function readJson(bytes: Uint8Array, file: string, damage: Damage): readonly Report[] {
  const { value, brokenAt } = looseJson(bytes);
  if (brokenAt !== undefined) damage.cut(brokenAt);
  const passOf = (raw: unknown, depth: number): Pass | undefined => {
    const name = textOf(field(raw, 'name'));
    const wall = numberOf(field(field(raw, 'wall'), 'duration'));
    if (name === undefined || wall === undefined || name === 'Total' || depth > 500) return undefined;
    const user = numberOf(field(field(raw, 'user'), 'duration'));
    const children = items(field(raw, 'passes')).flatMap((p) => passOf(p, depth + 1) ?? []);
    return { name, wall: nanos(wall), children, ...(user === undefined ? {} : { user: nanos(user) }) };
  };
  const report = new Report('Execution time report');
  report.passes.push(...items(value).flatMap((p) => passOf(p, 0) ?? []));
  if (isList(report)) damage.warn(traceMessages.diagnostic('STR0813', { file }));
  return [report];
}

function read(bytes: Uint8Array, file: string): Trace {
  const damage = new Damage(file, FORMAT, bytes.length);
  const builder = new TraceBuilder(file);
  const json = headText(bytes.subarray(0, 256)).trimStart().startsWith('[');
  for (const report of (json ? readJson : readText)(bytes, file, damage)) {
    const passes = isList(report) ? report.passes.slice(1) : report.passes;
    const track = builder.addTrack({ kind: 'thread', name: report.title });
    draw(builder, track, passes, 0, Infinity);
  }
  return damage.finish(builder, 0n);
}

export const mlirTimingImporter: Importer = {
  format: FORMAT,
  score(head) {
    const text = headText(head);
    if (/^\s*\[/.test(text)) return /"wall"\s*:\s*\{\s*"duration"\s*:/.test(text) ? 0.98 : 0;
    return /\.\.\. .{1,80}? \.\.\.\s*\n===/.test(text) && /-{2,}\s*Wall Time\s*-{2,}/.test(text) ? 0.9 : 0;
  },
  read,
};
