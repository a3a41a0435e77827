import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { compileModel } from '../../src/compiler/compileModel';
import { buildReferenceModel } from '../../src/frontend/zoo/referenceModels';
import type { IrSnapshot } from '../../src/ir';
import { printOp, snapshotOf } from '../../src/ir';

/** All that a snapshot says, but the hash, which tells texts apart by their parts. */
const facts = ({ hash: _, ...rest }: IrSnapshot): Omit<IrSnapshot, 'hash'> => rest;

describe('IR of passes that is kept in parts', () => {
  for (const name of ['ds-cnn', 'resnet8'] as const)
    it(`is after each pass of ${name} what all of the module prints`, async () => {
      const model = path.join(mkdtempSync(path.join(tmpdir(), 'strata-snapshots-')), 'model.onnx');
      writeFileSync(model, buildReferenceModel(name));
      const whole: { readonly text: string; readonly snapshot: IrSnapshot }[] = [];
      const { compilation } = await compileModel(
        { model, stopAfter: 'loops' },
        { onRecord: (_, module) => whole.push({ text: printOp(module), snapshot: snapshotOf(module) }) },
      );
      const { passes, snapshots } = compilation.passes;
      assert.equal(whole.length, passes.length);
      for (const [i, record] of passes.entries()) {
        const kept = snapshots.get(record.snapshot)!;
        assert.equal(kept.text, whole[i]!.text, record.pass);
        assert.equal(snapshots.text(record.snapshot), kept.text);
        assert.deepEqual(facts(kept), facts(whole[i]!.snapshot), record.pass);
        assert.equal(record.opCountAfter, kept.opCount);
      }
    });
});
