/** Part of `bench:bisect`: defects planted in the fuzzer's graphs. */
import { formatTable } from '../../src/base/table';
import type { GraphRow } from '../bisect/bank/graphBank';
import { bisectGraph } from '../bisect/bank/graphBank';

const yes = (b: boolean): string => (b ? 'yes' : 'NO');

/** Graphs of `count` seeds from `first` on. Whether every rule is found, and 95 % of the exact applications. */
export async function graphTable(
  folder: string,
  first: number,
  count: number,
  print: (text: string) => void,
): Promise<boolean> {
  const rows: GraphRow[] = [];
  for (let seed = first; seed < first + count; seed++) {
    const row = await bisectGraph(seed, folder);
    if (row === undefined) continue;
    rows.push(row);
    process.stderr.write(`${row.exact ? 'exact' : row.rule ? 'rule ' : 'MISS '} graph ${seed}\n`);
  }
  const share = (what: (r: GraphRow) => boolean): number =>
    rows.filter(what).length / Math.max(1, rows.length);
  const sum = (of: (r: GraphRow) => number): number => rows.reduce((n, r) => n + of(r), 0);
  const percent = (x: number): string => `${(100 * x).toFixed(1)} %`;
  const table = formatTable(rows, [
    { title: 'graph', cell: (r) => String(r.seed), align: 'right' },
    {
      title: 'planted',
      cell: (r) => `${r.planted.pass}/${r.planted.rule} ${r.planted.inPass}`,
      maxWidth: 48,
    },
    { title: 'found', cell: (r) => r.found, maxWidth: 48 },
    { title: 'rule', cell: (r) => yes(r.rule) },
    { title: 'exact', cell: (r) => yes(r.exact) },
    { title: 'runs', cell: (r) => String(r.runs), align: 'right' },
    { title: 'bound', cell: (r) => String(r.bound), align: 'right' },
  ]);
  print(
    `${table}\n\n${rows.length} of ${count} random graphs took a defect: rule found for ${percent(share((r) => r.rule))}, exact application for ${percent(share((r) => r.exact))}\nruns / bound of a binary search: ${(
      sum((r) => r.runs) /
      Math.max(
        1,
        sum((r) => r.bound),
      )
    ).toFixed(2)} overall`,
  );
  return share((r) => r.rule) === 1 && share((r) => r.exact) >= 0.95;
}
