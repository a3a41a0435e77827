/** The passes of a dump as steps of the lives of its ops. */
import type { Dump } from '../dump';
import { IrStates } from '../irState';
import type { PassList, PassRun } from '../passList';
import { passListOf } from '../passList';
import { GraphCache } from './graphCache';
import type { HistoryStep } from './lifeOfOp';
import type { OpGraph } from './opGraph';
import { diffGraphs } from './semanticDiff';
import type { SemanticDiff } from './semanticDiff';

export class DumpHistory {
  /** In the order of the dump. */
  readonly runs: readonly { readonly pass: string; readonly run: PassRun }[];
  readonly #graphs = new GraphCache();

  constructor(
    readonly dump: Dump,
    readonly states: IrStates = new IrStates(dump),
    list: PassList = passListOf(dump),
  ) {
    this.runs = list.pipelines
      .flatMap((p) => p.passes.flatMap((n) => n.runs.map((run) => ({ pass: n.argument ?? n.pass, run }))))
      .sort((a, b) => lastEntry(a.run) - lastEntry(b.run));
  }

  /** Runs that may have changed something. */
  steps(): HistoryStep[] {
    return this.runs
      .filter(({ run }) => !run.omitted && run.before !== undefined && run.after !== undefined)
      .map(({ pass, run }) => {
        let diff: Promise<SemanticDiff | undefined> | undefined;
        const scope = /module$/i.test(run.op ?? 'module') ? undefined : run.symbol;
        return { index: lastEntry(run), pass, scope, diff: () => (diff ??= this.diffOf(run)) };
      });
  }

  /** What a pass did; undefined at the first sight of an op, and where the dump ends before its result. */
  async diffOf(run: PassRun): Promise<SemanticDiff | undefined> {
    if (run.before === undefined || run.after === undefined) return undefined;
    const [before, after] = [await this.states.text(run.before), await this.states.text(run.after)];
    if (before === undefined || after === undefined) return undefined;
    return diffGraphs(this.graph(before), this.graph(after));
  }

  graph(text: string): OpGraph {
    return this.#graphs.graph(text);
  }
}

const lastEntry = (run: PassRun): number => run.entries[run.entries.length - 1]!;
