/** Folders of IREE's `--dump-compilation-phases-to`: `name.1.input.mlir` to `name.12.vm.mlir`. */
import { readSequence } from './fileSequence';
import type { FolderFile, FolderReader } from './reader';
import { share } from './reader';

const phases =
  'start|input|abi|preprocessing|global-optimization|dispatch-creation|flow|stream|executable-sources|executable-configurations|executable-targets|hal|vm|end';
const name = new RegExp(String.raw`^([^/]+)\.(\d+)\.(${phases})\.mlir$`);

export const ireePhases: FolderReader = {
  kind: 'folder',
  format: 'iree-phases',
  title: 'compilation phases of IREE',
  score: (files) => 0.95 * share(files, (file) => name.test(file)),
  read: (files, open, context) => {
    const stages = files
      .flatMap((file: FolderFile) => {
        const m = name.exec(file.name);
        return m === null ? [] : [{ file, model: m[1]!, number: Number(m[2]), pass: m[3]! }];
      })
      .sort((a, b) => (a.model < b.model ? -1 : a.model > b.model ? 1 : a.number - b.number));
    return readSequence(files, stages, true, open, context);
  },
};
