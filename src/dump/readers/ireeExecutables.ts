/**
 * Folders of IREE's `--iree-hal-dump-executable-files-to`: per executable its source, its configured form, and what LLVM got,
 * linked and optimised: `X.mlir`, `configured_X.mlir`, `X_target.codegen.ll`, `X_target.linked.ll`, `X_target.optimized.ll`.
 */
import { readSequence } from './fileSequence';
import type { FolderReader } from './reader';
import { share } from './reader';

const forms: readonly { readonly pass: string; readonly form: RegExp }[] = [
  { pass: 'executable-sources', form: /^(?!configured_)(.+?)\.mlir$/ },
  { pass: 'executable-configurations', form: /^configured_(.+)\.mlir$/ },
  { pass: 'executable-targets', form: /^(.+)\.codegen\.ll$/ },
  { pass: 'link', form: /^(.+)\.linked\.ll$/ },
  { pass: 'optimize', form: /^(.+)\.optimized\.ll$/ },
];
const telling = /^configured_.+\.mlir$|\.(?:codegen|linked|optimized)\.(?:ll|bc)$|_benchmark\.mlir$/;

export const ireeExecutables: FolderReader = {
  kind: 'folder',
  format: 'iree-executables',
  title: 'executables of IREE',
  score: (files) =>
    files.some((f) => telling.test(f.name))
      ? 0.5 + 0.4 * share(files, (file) => telling.test(file) || /_dispatch_\d+/.test(file))
      : 0,
  read: (files, open, context) => {
    const names = files
      .filter((f) => !f.name.endsWith('_benchmark.mlir'))
      .flatMap((file) =>
        forms.flatMap(({ pass, form }, rank) => {
          const m = form.exec(file.name);
          return m === null ? [] : [{ file, pass, rank, name: m[1]! }];
        }),
      );
    const sources = names.filter((n) => n.rank <= 1).map((n) => n.name);
    /** Files of LLVM have the target behind the name of the executable. */
    const executableOf = (name: string): string =>
      sources.filter((s) => name.startsWith(s)).sort((a, b) => b.length - a.length)[0] ?? name;
    const stages = names
      .map((n) => ({ ...n, executable: executableOf(n.name) }))
      .sort((a, b) => (a.executable < b.executable ? -1 : a.executable > b.executable ? 1 : a.rank - b.rank))
      .map(({ file, pass, executable }) => ({ file, pass, op: 'hal.executable', symbol: executable }));
    return readSequence(files, stages, false, open, context);
  },
};
