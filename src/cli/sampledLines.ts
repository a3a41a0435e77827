/** What `strata profile --sample` prints: of the dispatches with most samples the lines of C with most of them. */
import type { DispatchSamples, KernelSamples } from '../compiler/kernelSamples';
import { loopSamples } from '../compiler/kernelSamples';
import type { SummaryRow } from '../profiler/summary';
import { formatDuration, ns } from '../base/units';

/** Dispatches and lines of each that are printed unless the person says otherwise. */
const shownDispatches = 5;
const shownLines = 8;
/** Lines with a smaller part of their dispatch say little. */
const leastPart = 0.01;
/** Loops with a smaller part are not printed. */
const leastLoop = 0.05;

type Row = Pick<SummaryRow, 'dispatch' | 'entry' | 'name' | 'median'>;

export function formatSamples(
  samples: KernelSamples & { readonly source: string },
  rows: readonly Row[],
  limit: number,
): string {
  const { dispatches, event, taken } = samples;
  const inDispatches = dispatches.reduce((n, d) => n + d.samples, 0);
  const source = samples.source.split('\n');
  const shown = dispatches.slice(0, Math.min(limit, shownDispatches));
  return [
    `${inDispatches} samples of ${event} in dispatches, of ${taken} in all`,
    ...shown.flatMap((d) => {
      const row = rows.find((r) => r.dispatch === d.index && (r.entry ?? d.entryPoint) === d.entryPoint);
      return ['', ...dispatchText(d, row, inDispatches, source)];
    }),
  ].join('\n');
}

function dispatchText(
  { index, samples, lines, elsewhere }: DispatchSamples,
  row: Row | undefined,
  all: number,
  source: readonly string[],
): string[] {
  const percent = (n: number, of: number): string => `${((100 * n) / of).toFixed(1)} %`.padStart(7);
  const time = (n: number): string =>
    row === undefined ? '' : formatDuration(ns((row.median * n) / samples)).padStart(9);
  const head = `${row?.name ?? `dispatch ${index}`}, ${percent(samples, all).trim()} of all samples`;
  const parts = [
    ...lines.map(({ line, samples: n }) => ({
      n,
      text: `${String(line + 1).padStart(6)}  ${source[line]?.trim() ?? ''}`,
    })),
    ...elsewhere.map(({ name, samples: n }) => ({ n, text: `        ${name}` })),
  ].sort((a, b) => b.n - a.n);
  const shown = parts.filter((p) => p.n >= leastPart * samples).slice(0, shownLines);
  const rest = samples - shown.reduce((sum, p) => sum + p.n, 0);
  const loops = loopSamples(source, lines).filter((l) => l.samples >= leastLoop * samples);
  const outer = Math.min(...loops.map((l) => indentOf(source[l.line]!)));
  return [
    head,
    ...loops.map(({ line, samples: n }) => {
      const text = source[line]!;
      const indent = ' '.repeat(indentOf(text) - outer);
      return `${percent(n, samples)}${time(n)}  ${String(line + 1).padStart(6)}  ${indent}${text.trim()}`.slice(
        0,
        160,
      );
    }),
    ...(loops.length > 0 ? ['of which'] : []),
    ...shown.map((p) => `${percent(p.n, samples)}${time(p.n)}  ${p.text}`.slice(0, 160)),
    ...(rest > 0 ? [`${percent(rest, samples)}${time(rest)}          on other lines`] : []),
  ];
}

const indentOf = (text: string): number => text.length - text.trimStart().length;
