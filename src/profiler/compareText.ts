/** A comparison as text for terminals and logs. */
import { formatTable } from '../base/table';
import { formatDuration, ns } from '../base/units';
import type { Change, CompareRow, Comparison, Hint } from './compare';

const signed = (t: number): string => `${t > 0 ? '+' : ''}${formatDuration(ns(t))}`;
const percent = (ratio: number): string => `${ratio > 1 ? '+' : ''}${((ratio - 1) * 100).toFixed(1)} %`;

const interval = ({ confidence }: Change): string =>
  confidence === undefined ? '' : `${percent(confidence.low)} … ${percent(confidence.high)}`;

const p = ({ confidence }: Change): string =>
  confidence === undefined ? '' : confidence.adjusted < 0.001 ? '< 0.001' : confidence.adjusted.toFixed(3);

const verdicts = { slower: 'slower', faster: 'faster', same: 'within noise', unknown: '' } as const;

/** What became of the work, in a few words. */
export function hintText(hint: Hint): string {
  switch (hint.kind) {
    case 'fused':
      return `now part of ${hint.into}`;
    case 'split':
      return `no longer fused: split into ${hint.into.join(', ')} (${signed(hint.net)} together)`;
    case 'unfused':
      return `was part of ${hint.from}`;
    case 'regrouped':
      return [
        ...(hint.lost.length > 0 ? [`no longer fused with ${hint.lost.join(', ')}`] : []),
        ...(hint.gained.length > 0 ? [`now fused with ${hint.gained.join(', ')}`] : []),
      ].join('; ');
  }
}

/** At most `limit` rows, greatest difference first, then the whole runs. */
export function formatComparison(c: Comparison, names: readonly [string, string], limit = Infinity): string {
  const entries = new Set(c.rows.map((r) => r.entry)).size > 1;
  const label = (r: { readonly entry?: string }, name: string): string =>
    r.entry === undefined || !entries ? name : `${r.entry}: ${name}`;
  const time = (r: CompareRow, t: number, missing: 'new' | 'gone'): string =>
    r.status === missing ? '–' : formatDuration(ns(t));
  const note = (r: CompareRow): string =>
    [verdicts[r.verdict], ...(r.hint === undefined ? [] : [hintText(r.hint)])]
      .filter((t) => t !== '')
      .join('; ');
  const pers = [...new Set(c.rows.map((r) => r.per))];
  const level = c.rows.find((r) => r.confidence !== undefined)?.confidence?.level;
  const header = [
    `${names[0]} → ${names[1]}`,
    `by ${c.by}`,
    ...pers.map((per) => (per === 'mean call' ? 'mean per call' : `median per ${per}`)),
    level === undefined
      ? 'too few repeats for a confidence'
      : `intervals at ${level * 100} %, p by Mann–Whitney, adjusted for the number of rows`,
  ].join(', ');
  const table = formatTable(c.rows.slice(0, limit), [
    { title: c.by === 'dispatch' ? 'dispatch' : 'zone', cell: (r) => label(r, r.name), maxWidth: 60 },
    { title: 'before', cell: (r) => time(r, r.before, 'new'), align: 'right' },
    { title: 'after', cell: (r) => time(r, r.after, 'gone'), align: 'right' },
    { title: 'difference', cell: (r) => signed(r.difference), align: 'right' },
    {
      title: 'change',
      cell: (r) => (r.status !== 'both' ? r.status : r.ratio === undefined ? '' : percent(r.ratio)),
      align: 'right',
    },
    { title: 'interval', cell: interval, align: 'right' },
    { title: 'p', cell: p, align: 'right' },
    { title: 'note', cell: note },
  ]);
  const rest = c.rows.length - limit;
  const totals = c.totals.map((t) => {
    const change = t.ratio === undefined ? '' : ` (${percent(t.ratio)})`;
    const sure = t.confidence === undefined ? '' : `, ${interval(t)}, p ${p(t)}, ${verdicts[t.verdict]}`;
    return `${label(t, 'total')} ${formatDuration(ns(t.before))} → ${formatDuration(ns(t.after))}, ${signed(t.difference)}${change}${sure}`;
  });
  return [header, table, ...(rest > 0 ? [`… and ${rest} more`] : []), ...totals].join('\n');
}
