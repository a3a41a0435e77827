/** `generalize-named-ops`: named linalg ops become `linalg.generic`, which all later passes read. */
import type { Rule } from '../../ir';
import { Region, definePass } from '../../ir';
import {
  batchMatmul,
  broadcast,
  conv2dNhwcHwcf,
  depthwiseConv2dNhwcHwc,
  generic,
  matmul,
  transpose,
} from '../../ir/dialects/linalg';
import { structuredOf } from '../../ir/dialects/linalgStructure';

const named = [transpose, broadcast, matmul, batchMatmul, conv2dNhwcHwcf, depthwiseConv2dNhwcHwc];

const namedToGeneric: Rule = {
  name: 'named-to-generic',
  doc: 'linalg.matmul and the like → linalg.generic with the maps and the body that the name means',
  roots: named,
  match: (op) => {
    const loops = structuredOf(op);
    return {
      build: (b) => {
        const body = new Region();
        op.region().cloneInto(body, new Map());
        return b.op(
          generic,
          {
            inputs: loops.inputs,
            outputs: loops.outputs,
            indexing_maps: loops.maps,
            iterator_types: loops.reductions.map((r) => (r ? 'reduction' : 'parallel')),
          },
          { resultTypes: op.results.map((r) => r.type), regions: [body] },
        ).results;
      },
    };
  },
};

export const generalizeNamedOps = definePass({
  name: 'generalize-named-ops',
  summary: 'turn named linalg ops into linalg.generic',
  doc: 'Imported models have none; IR written by hand or by other tools does. Upstream has a pass of this purpose.',
  anchor: 'any',
  rules: [namedToGeneric],
  run: (op, { rewriter }) => {
    rewriter.applyRules(op, [namedToGeneric]);
  },
});
