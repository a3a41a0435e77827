/**
 * Writes the IR after each pass as files, in the layout of `mlir-opt --mlir-print-ir-tree-dir`, and the parameters
 * beside it, so that each stage can be started again with `strata compile FILE --resources D/parameters.safetensors`.
 */
import { mkdirSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Attribute, Operation, PassRecord } from '../ir';
import { ResourceStore, printOp } from '../ir';
import { writeSafetensors } from '../frontend/safetensors';
import { compilerMessages } from './messages';
import { reasonOf } from './readText';

const fileName = (text: string): string => text.replace(/[^\w.=-]+/g, '_').slice(0, 100);

export class DumpDirectory {
  /** In the order of writing. */
  readonly files: string[] = [];
  readonly #folder: string;
  /** The outermost folder that was not there before. */
  readonly #made: string | undefined;
  /** Blobs that the files name. */
  readonly #blobs = new Set<string>();

  /** Makes the folders; throws STR0591. */
  constructor(
    readonly root: string,
    module: Operation,
  ) {
    const name = module.attr('sym_name');
    this.#folder = path.join(
      root,
      `builtin_module_${name?.kind === 'string' ? fileName(name.value) : 'no-symbol-name'}`,
    );
    this.#made = this.#attempt(this.#folder, () => mkdirSync(this.#folder, { recursive: true }));
  }

  /** Writes the module as it is now. Unchanged passes write nothing, as their IR is in the file before. */
  write(record: PassRecord, module: Operation): void {
    if (!record.changed && record.index > 0) return;
    // As in mlir-opt's trees, the name of the pass without its options.
    const pass = record.pass.replace(/\{.*$/s, '');
    this.#write(path.join(this.#folder, `${record.index}_${fileName(pass)}.mlir`), (file) => {
      writeFileSync(file, printOp(module, { locations: 'alias' }));
    });
    const visit = (a: Attribute): void => {
      if (a.kind === 'dense_resource') this.#blobs.add(a.key);
      else if (a.kind === 'array') a.elements.forEach(visit);
      else if (a.kind === 'dictionary') a.entries.forEach(visit);
    };
    module.walk((op) => {
      op.attributes.forEach(visit);
    });
  }

  /** Writes the blobs that the files name, of those that the store has. */
  writeParameters(resources: ResourceStore): void {
    const used = new ResourceStore();
    for (const key of this.#blobs) if (resources.has(key)) used.set(key, resources.blob(key));
    this.#write(path.join(this.root, 'parameters.safetensors'), (file) => {
      writeSafetensors(file, used);
    });
  }

  /** Removes what was written, and the folders that were made for it. */
  discard(): void {
    for (const file of this.files) rmSync(file, { force: true });
    const outermost = this.#made;
    if (outermost === undefined) return;
    for (let folder = this.#folder; folder.length >= outermost.length; folder = path.dirname(folder)) {
      try {
        rmdirSync(folder);
      } catch {
        return; // Someone else put something there.
      }
    }
  }

  #write(file: string, work: (file: string) => void): void {
    this.files.push(file);
    this.#attempt(file, () => {
      work(file);
    });
  }
  #attempt<T>(file: string, work: () => T): T {
    try {
      return work();
    } catch (cause) {
      this.discard();
      throw compilerMessages.error('STR0591', { file, problem: reasonOf(cause) }, { cause });
    }
  }
}
