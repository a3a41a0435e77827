/** Folders of XLA's `--xla_dump_to`: `module_0001.name.stage.txt`. */
import { compareNatural, readSequence } from './fileSequence';
import type { FolderReader } from './reader';
import { share } from './reader';

const name = /^(?:.*\/)?module_(\d{4,})\.(.+?)\.([^/]+)\.txt$/;
const rank = (stage: string): number =>
  stage.endsWith('before_optimizations') ? 0 : stage.includes('after_optimizations') ? 2 : 1;

export const xlaFolder: FolderReader = {
  kind: 'folder',
  format: 'xla-dump',
  title: 'dump folder of XLA',
  score: (files) => 0.9 * share(files, (file) => name.test(file)),
  read: (files, open, context) => {
    const stages = files
      .flatMap((file) => {
        const m = name.exec(file.name);
        return m === null
          ? []
          : [{ file, number: Number(m[1]), symbol: m[2]!, pass: m[3]!, op: 'HloModule' }];
      })
      .sort((a, b) => a.number - b.number || rank(a.pass) - rank(b.pass) || compareNatural(a.pass, b.pass));
    return readSequence(files, stages, false, open, context);
  },
};
