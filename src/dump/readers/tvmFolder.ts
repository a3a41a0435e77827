/** Folders of TVM's `DumpIR` instrument: `000_PassName.py`. */
import { readSequence } from './fileSequence';
import type { FolderReader } from './reader';
import { share } from './reader';

const name = /^(\d{3,})_([^/]+)\.py$/;

export const tvmFolder: FolderReader = {
  kind: 'folder',
  format: 'tvm-dump',
  title: 'dump folder of TVM',
  score: (files) => 0.9 * share(files, (file) => name.test(file)),
  read: (files, open, context) => {
    const stages = files
      .flatMap((file) => {
        const m = name.exec(file.name);
        return m === null ? [] : [{ file, number: Number(m[1]), pass: m[2]!, op: 'IRModule' }];
      })
      .sort((a, b) => a.number - b.number);
    return readSequence(files, stages, false, open, context);
  },
};
