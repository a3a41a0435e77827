/** Folders of our own `strata compile --dump-dir`: the layout of MLIR's tree, with the parameters beside it. */
import type { FolderReader } from './reader';
import { share } from './reader';
import { readPassTree, treeFile } from './passTree';

export const strataDump: FolderReader = {
  kind: 'folder',
  format: 'strata-dump',
  title: 'dump folder of Strata',
  score: (files) =>
    files.some((f) => f.name === 'parameters.safetensors')
      ? 0.95 *
        share(files, (name) => treeFile({ name, size: 0 })?.folder.startsWith('builtin_module_') === true)
      : 0,
  read: readPassTree,
};
