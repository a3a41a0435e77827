/** `dce`: removes pure ops that nothing uses, and private functions and globals that nothing names. */
import type { Attribute, Operation } from '../../ir';
import { definePass, isDead } from '../../ir';

export const dce = definePass({
  name: 'dce',
  summary: 'remove what nothing uses',
  anchor: 'any',
  run: (root, { rewriter }) => {
    for (let removed = true; removed;) {
      removed = false;
      // Users come after producers, so one backward walk removes most chains.
      for (const op of root.find((o) => o !== root).reverse()) {
        if (op.block === undefined || !isDead(op)) continue;
        removed = rewriter.apply({ rule: 'erase-dead', root: op, build: () => erase(op) }) || removed;
      }
    }
    if (root.definition?.traits.has('symbolTable') !== true) return;
    const named = new Set<string>();
    const visit = (a: Attribute): void => {
      if (a.kind === 'symbol') named.add(a.root);
      else if (a.kind === 'array') a.elements.forEach(visit);
      else if (a.kind === 'dictionary') a.entries.forEach(visit);
    };
    root.walk((op) => {
      op.attributes.forEach(visit);
    });
    for (const op of root.body().ops) {
      const name = op.attr('sym_name');
      const visibility = op.attr('sym_visibility');
      if (
        name?.kind !== 'string' ||
        visibility?.kind !== 'string' ||
        visibility.value !== 'private' ||
        named.has(name.value)
      )
        continue;
      rewriter.apply({ rule: 'erase-unused-symbol', root: op, build: () => erase(op) });
    }
  },
});

function erase(op: Operation): undefined {
  op.erase();
  return undefined;
}
