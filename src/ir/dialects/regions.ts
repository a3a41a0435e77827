/** Regions of structured ops in custom form: implicit terminators, put back by parsers and left out by printers. */
import { Block, Operation } from '../operation';
import type { Region, Value } from '../operation';
import type { OpParser } from '../parser/opParser';
import type { OpPrinter } from '../printer/opPrinter';

/** The region, with a last op `terminator` in each block that has none. */
export function withTerminator(p: OpParser, region: Region, terminator: string): Region {
  if (region.blocks.length === 0) region.append(new Block());
  for (const block of region.blocks) {
    if (block.last?.definition?.traits.has('terminator') === true) continue;
    const definition = p.find(terminator);
    const regions = definition?.regions
      .filter((r) => !r.endsWith('*'))
      .map(() => {
        const inner = p.emptyRegion();
        inner.append(new Block());
        return inner;
      });
    block.append(
      new Operation({ name: terminator, definition, ...(regions === undefined ? {} : { regions }) }),
    );
  }
  return region;
}

/** Whether the terminator says nothing and so is left out of the text. */
export function isImplicit(op: Operation | undefined): boolean {
  return (
    op !== undefined &&
    op.operands.length === 0 &&
    op.attributes.size === 0 &&
    op.regions.every((r) => r.blocks.every((b) => b.first === undefined))
  );
}

/** `{ … }` without the block's label, and without a terminator that says nothing. */
export function printBody(p: OpPrinter, region: Region, keepTerminator = false): void {
  p.region(region, {
    hideEntryArguments: true,
    hideTerminator: !keepTerminator && region.blocks.length === 1 && isImplicit(region.blocks[0]?.last),
  });
}

/** `(%a = %x, %b = %y)`: block arguments with their initial values. */
export function printBindings(p: OpPrinter, args: readonly Value[], inits: readonly Value[]): void {
  p.raw('(');
  args.forEach((arg, i) => {
    if (i > 0) p.raw(', ');
    else p.glue();
    p.operand(arg);
    p.word('=');
    p.operand(inits[i]!);
  });
  p.raw(')');
}
