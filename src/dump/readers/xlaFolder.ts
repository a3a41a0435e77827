/** Folders of XLA's `--xla_dump_to`: `module_0001.name.stage.txt`. */
import { compareNatural, readSequence } from './fileSequence';
import type { FolderReader } from './reader';
import { share } from './reader';

const name = /^(?:.*\/)?module_(\d{4,})\.(.+?)\.([^/]+)\.txt$/;
/** Reports beside the IR: what is where in memory, and for how long. */
const report = /-(?:buffer-assignment(?:-values)?|live-range|memory-usage-report)$/;
const rank = (stage: string): number =>
  stage.endsWith('before_optimizations') ? 0 : stage.includes('after_optimizations') ? 2 : 1;

/** `0004.pipeline.after_pass.before_next`: the pass after which it was written, in its pipeline. */
function passOf(stage: string): { readonly pass: string; readonly argument?: string } {
  const m = /^\d{4,}\.(.+?)\.after_(.+?)(?:\.before_[^.]*)?$/.exec(stage);
  if (m === null) return { pass: stage };
  const pass = `${m[1]!}: ${m[2]!}`;
  // Every pipeline has a start and an end, which say nothing without its name.
  return /^pipeline-(?:start|end)$/.test(m[2]!) ? { pass } : { pass, argument: m[2]! };
}

export const xlaFolder: FolderReader = {
  kind: 'folder',
  format: 'xla-dump',
  title: 'dump folder of XLA',
  score: (files) => 0.9 * share(files, (file) => name.test(file)),
  read: (files, open, context) => {
    const stages = files
      .flatMap((file) => {
        const m = name.exec(file.name);
        if (m === null || report.test(m[3]!)) return [];
        return [
          { file, number: Number(m[1]), symbol: m[2]!, stage: m[3]!, ...passOf(m[3]!), op: 'HloModule' },
        ];
      })
      .sort(
        (a, b) => a.number - b.number || rank(a.stage) - rank(b.stage) || compareNatural(a.stage, b.stage),
      );
    // Programs of one name (each `jit` of JAX is one) are told apart by their numbers.
    const numbers = new Map<string, Set<number>>();
    for (const { symbol, number } of stages)
      numbers.set(symbol, (numbers.get(symbol) ?? new Set()).add(number));
    const named = stages.map((stage) =>
      numbers.get(stage.symbol)!.size > 1 ? { ...stage, symbol: `${stage.symbol}#${stage.number}` } : stage,
    );
    return readSequence(files, named, false, open, context);
  },
};
