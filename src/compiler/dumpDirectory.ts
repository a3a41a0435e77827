/**
 * Writes the IR after each pass as files, in the layout of `mlir-opt --mlir-print-ir-tree-dir`, and the parameters
 * beside it, so that each stage can be started again with `strata compile FILE --resources D/parameters.safetensors`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Attribute, Operation, PassRecord } from '../ir';
import { ResourceStore, printOp } from '../ir';
import { writeSafetensors } from '../frontend/safetensors';

const fileName = (text: string): string => text.replace(/[^\w.=-]+/g, '_').slice(0, 100);

export class DumpDirectory {
  readonly files: string[] = [];
  readonly #folder: string;

  constructor(
    readonly root: string,
    module: Operation,
  ) {
    const name = module.attr('sym_name');
    this.#folder = path.join(
      root,
      `builtin_module_${name?.kind === 'string' ? fileName(name.value) : 'no-symbol-name'}`,
    );
    mkdirSync(this.#folder, { recursive: true });
  }

  /** Writes the module as it is now. Unchanged passes write nothing, as their IR is in the file before. */
  write(record: PassRecord, module: Operation): void {
    if (!record.changed && record.index > 0) return;
    const file = path.join(this.#folder, `${record.index}_${fileName(record.pass)}.mlir`);
    writeFileSync(file, printOp(module, { locations: 'alias' }));
    this.files.push(file);
  }

  /** Writes the blobs that the module names, of those that the store has. */
  writeParameters(module: Operation, resources: ResourceStore): void {
    const used = new ResourceStore();
    const visit = (a: Attribute): void => {
      if (a.kind === 'dense_resource' && resources.has(a.key)) used.set(a.key, resources.blob(a.key));
      else if (a.kind === 'array') a.elements.forEach(visit);
      else if (a.kind === 'dictionary') a.entries.forEach(visit);
    };
    module.walk((op) => {
      op.attributes.forEach(visit);
    });
    writeSafetensors(path.join(this.root, 'parameters.safetensors'), used);
  }
}
