/**
 * IR text with its structure, of any dialect: what every language feature reads. Made once per version of a text; a version
 * that follows another parses only the function that was edited.
 */
import type { Bindings } from '../dump/structure/bindings';
import { bindingsOf } from '../dump/structure/bindings';
import { parseStructure } from '../dump/structure/parseStructure';
import { reparse } from '../dump/structure/reparse';
import type { Structure, StructureOp } from '../dump/structure/structure';
import { opsAt, walkStructure } from '../dump/structure/structure';
import { lineStarts } from '../base/lines';

export class IrSource {
  #structure: Structure | undefined;
  #bindings: Bindings | undefined;
  #lines: readonly number[] | undefined;
  #ops: readonly StructureOp[] | undefined;

  #older: IrSource | undefined;

  /** `older` is the version before, whose structure is used up; should it be asked again, it is read anew. */
  constructor(
    readonly text: string,
    older?: IrSource,
  ) {
    this.#older = older;
  }

  get structure(): Structure {
    return (this.#structure ??= this.#reparsed() ?? parseStructure(this.text));
  }
  #reparsed(): Structure | undefined {
    const older = this.#older;
    this.#older = undefined;
    const known = older?.structure;
    if (older === undefined || known === undefined) return undefined;
    const made = reparse(known, older.text, this.text);
    if (made !== undefined) older.#forget();
    return made;
  }
  #forget(): void {
    this.#structure = undefined;
    this.#bindings = undefined;
    this.#ops = undefined;
  }
  get bindings(): Bindings {
    return (this.#bindings ??= bindingsOf(this.structure, this.text));
  }
  /** Offset of the start of each line. */
  get lines(): readonly number[] {
    return (this.#lines ??= lineStarts(this.text));
  }
  /** All ops by start: parents before their children. */
  get ops(): readonly StructureOp[] {
    return (this.#ops ??= [...walkStructure(this.structure.ops)]);
  }

  /** Ops that hold `offset`, the outermost first. */
  opsAt(offset: number): readonly StructureOp[] {
    return opsAt(this.structure, offset);
  }

  /** The first line of an op, without the region that it opens. */
  header(op: StructureOp): string {
    const end = Math.min(op.regions[0]?.start ?? op.end, op.end);
    return this.text.slice(op.start, end).split('\n', 1)[0]!.trimEnd();
  }
}
