/** Inlay hints: the types of results and arguments where the line does not say them. */
import type { IrSource } from './irSource';
import type { KnownIr } from './knownIr';

export interface InlayHint {
  /** UTF-16 offset that it stands at. */
  readonly offset: number;
  readonly label: string;
}

/** Types that the text of their op leaves out: `%c = arith.cmpi …`, `scf.for %i = …`. Only of ops that Strata knows. */
export function typeHints(
  source: IrSource,
  known: KnownIr,
  range: { readonly start: number; readonly end: number },
): readonly InlayHint[] {
  const hints: InlayHint[] = [];
  for (const op of source.ops) {
    if (op.start > range.end) break;
    if (op.nameRange.end < range.start || op.start < range.start) continue;
    const real = known.opAt(op.start);
    if (real === undefined) continue;
    const header = source.text.slice(op.start, op.regions[0]?.start ?? op.end);
    const says = (type: string): boolean => header.includes(type);
    if (op.results.length === 1 && op.results[0]!.count === 1) {
      const type = real.results[0]?.type.text;
      if (type !== undefined && !says(type)) hints.push({ offset: op.results[0]!.end, label: `: ${type}` });
    }
    op.regions.forEach((region, r) => {
      const args = region.blocks[0]?.arguments ?? [];
      // A label or a parameter list has the type beside the name.
      args.forEach((argument, i) => {
        const type = real.regions[r]?.blocks[0]?.args[i]?.type.text;
        const written = /^\s*:/.test(source.text.slice(argument.end, argument.end + 8));
        if (type !== undefined && !written && argument.end <= region.start)
          hints.push({ offset: argument.end, label: `: ${type}` });
      });
    });
  }
  return hints.sort((a, b) => a.offset - b.offset);
}
