/** `cse`: merges pure ops that compute the same thing from the same values. */
import type { Block, Operation, Region } from '../../ir';
import { definePass, fuseLocations } from '../../ir';

export const cse = definePass({
  name: 'cse',
  summary: 'merge equal pure ops',
  doc: 'An op replaces a later one with the same name, operands, attributes and types in the same or a nested block. The survivor gets both locations.',
  anchor: 'any',
  run: (root, { rewriter }) => {
    const visitRegion = (region: Region, known: ReadonlyMap<string, Operation>): void => {
      for (const block of region.blocks) visitBlock(block, new Map(known));
    };
    const visitBlock = (block: Block, known: Map<string, Operation>): void => {
      for (const op of block.ops) {
        const isolated = op.definition?.traits.has('isolated') === true;
        for (const region of op.regions) visitRegion(region, isolated ? new Map() : known);
        const key = keyOf(op);
        if (key === undefined) continue;
        const earlier = known.get(key);
        // An earlier op that nothing used has gone when a later one was merged into it.
        if (earlier?.block === undefined) {
          known.set(key, op);
          continue;
        }
        rewriter.apply({
          rule: 'merge-equal',
          root: op,
          sources: [earlier],
          build: () => {
            earlier.location = fuseLocations([earlier.location, op.location]);
            return earlier.results;
          },
        });
      }
    };
    // Blocks of one region do not dominate each other in general, so each starts from what encloses the region.
    for (const region of root.regions) visitRegion(region, new Map());
  },
});

/** Equal keys mean equal values; undefined for ops that must stay apart. */
function keyOf(op: Operation): string | undefined {
  if (
    op.definition?.traits.has('pure') !== true ||
    op.definition.traits.has('terminator') ||
    op.regions.length > 0
  )
    return undefined;
  const operands = op.operands.map((v) =>
    v.kind === 'result' ? `${v.op.id}.${v.index}` : `${blockId(v.block)}a${v.index}`,
  );
  const attributes = [...op.attributes].map(([k, v]) => `${k}=${v.text}`).sort();
  return [
    op.name,
    operands.join(','),
    attributes.join(';'),
    op.results.map((r) => r.type.text).join(','),
  ].join('|');
}

const blockIds = new WeakMap<Block, number>();
let nextBlockId = 1;
function blockId(block: Block): number {
  let id = blockIds.get(block);
  if (id === undefined) {
    id = nextBlockId++;
    blockIds.set(block, id);
  }
  return id;
}
